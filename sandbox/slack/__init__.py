"""Stands in for Slack, below /slack/api; knows Slack's descriptions and nothing of ours."""

from sandbox.settings import Settings
from sandbox.slack.chat import Slack


def system(settings: Settings) -> Slack:
    """Return Slack's Web API as one system."""
    return Slack(settings)
