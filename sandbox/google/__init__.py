"""Stands in for Google: Drive and Docs, below /google; knows Google's descriptions and nothing of ours."""

from sandbox.google.workspace import Workspace
from sandbox.settings import Settings


def system(settings: Settings) -> Workspace:
    """Return Drive and Docs as one system."""
    return Workspace(settings)
