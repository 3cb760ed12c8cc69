"""Stands in for Slack, below /slack/api; knows Slack's descriptions and nothing of ours."""

import httpx

from sandbox.settings import Settings
from sandbox.slack.chat import Slack


def system(settings: Settings, client: httpx.AsyncClient | None = None) -> Slack:
    """Return Slack's Web API as one system; what people do there is told through `client`, if one is given."""
    return Slack(settings, client)
