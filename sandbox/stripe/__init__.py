"""Stripe's billing, shaped from Stripe's OpenAPI document and its public reference; knows no client of ours."""

import httpx

from sandbox.settings import Settings
from sandbox.stripe.api import Stripe

__all__ = ["Stripe", "system"]


def system(settings: Settings, client: httpx.AsyncClient | None = None) -> Stripe:
    """Return the stand-in; webhooks go through `client` if one is given."""
    return Stripe(settings, client)
