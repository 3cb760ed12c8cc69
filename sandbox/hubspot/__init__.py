"""HubSpot's CRM, shaped from HubSpot's OpenAPI documents and its public reference; knows no client of ours."""

import httpx

from sandbox.hubspot.crm import HubSpot
from sandbox.settings import Settings

__all__ = ["HubSpot", "system"]


def system(settings: Settings, client: httpx.AsyncClient | None = None) -> HubSpot:
    """Return the stand-in; webhooks go through `client` if one is given."""
    return HubSpot(settings, client)
