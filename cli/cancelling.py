"""Enters the event that gives a deal up, and tells what that will take back; the path itself takes it back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cli.books import open_ledger
from cli.importing import somebody_works
from cli.trip import find_case
from contracts.catalog import catalog
from contracts.errors import RefusedError
from contracts.event import Envelope
from ledger.database import Books
from ledger.intake import receive
from lifecycle.cancellation import STAYS
from lifecycle.stages import MOVES, Stage
from runtime.settings import Settings

SOURCE = "towline/cli"
EVENT = "deal.cancelled"
LONGEST_REASON = 500
TAKEN_BACK = {
    "open_estimate": "the estimate",
    "draft_invoice": "the invoice",
    "open_request": "the delivery request",
    "open_deal": "the deal, which is lost in the CRM",
}
"""What a step has made and a cancellation takes back."""


async def cancel_case(settings: Settings, named: str, reason: str) -> Mapping[str, Any]:
    """Enter the cancellation of a case, once however often it is asked for; say what it will take back and what stays.

    Raises:
        RefusedError: there is no such case, it is paid or cancelled, it has no deal yet, or the reason is missing or too long.
    """
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise RefusedError(f"a cancellation needs a reason of at most {LONGEST_REASON} characters")
    async with open_ledger(settings) as ledger:
        async with ledger.begin() as books:
            case = await _case(books, named)
            taken_back = await _taken_back(books, case.id)
        event = _event(case, reason.strip())
        (receipt,) = await receive(ledger, catalog(), [(Envelope.model_validate(event), event)])
    somebody_works(settings)
    return {"case": case.id, "event": receipt.id, "status": receipt.status.value, "taken_back": taken_back, "stays": STAYS}


async def _case(books: Books, named: str) -> Row[Any]:
    case = (await books.cases.get([await find_case(books, named)])).values()
    row = next(iter(case), None)
    if row is None or row.crm_deal_id is None:
        raise RefusedError("the case has no deal in the CRM yet, so nothing binds anybody; leave its event parked")
    if Stage(row.stage) not in MOVES[EVENT]:
        raise RefusedError(f"the case is {row.stage}: only a deal that is under way can be cancelled")
    return row


async def _taken_back(books: Books, case_id: UUID) -> Sequence[str]:
    made: Collection[tuple[UUID, str]] = await books.effects.latest([case_id], TAKEN_BACK)
    return [what for step, what in TAKEN_BACK.items() if (case_id, step) in made]


def _event(case: Row[Any], reason: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{case.id}/cancelled",
        "source": SOURCE,
        "type": EVENT,
        "time": datetime.now(UTC).isoformat(),
        "dataschema": f"{EVENT}/{catalog()[EVENT].contract}",
        "datacontenttype": "application/json",
        "data": {"deal_id": case.crm_deal_id, "reason": reason},
    }
