"""Stands in for Gmail, below /google beside Drive and Docs; knows Google's description and nothing of ours."""

from sandbox.gmail.system import Gmail
from sandbox.settings import Settings


def system(settings: Settings) -> Gmail:
    """Return the mailbox as one system."""
    return Gmail(settings)
