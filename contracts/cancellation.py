"""`deal.cancelled`: the client or we have given the deal up."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from contracts.deal import OfDeal


class DealCancelledV1(OfDeal):
    """A deal is given up, version 1. Identity: the event's source and id."""

    reason: Annotated[str, Field(max_length=500)] = ""
