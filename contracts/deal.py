"""What every event of a deal that is under way has in common: it names its deal, and may leave the rest to be read."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from contracts.values import Contract, Slug

Record = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9_][A-Za-z0-9._:-]*$")]
"""An id that an outside system has given."""


class OfDeal(Contract):
    """An event of a deal that the CRM holds."""

    deal_id: Slug = Field(description="The deal's id in the CRM")
