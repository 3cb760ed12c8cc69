"""How a person's answer comes in, by whatever door: written down once, and followed by its event in the same transaction."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from contracts.catalog import Catalog
from contracts.errors import RefusedError
from ledger.database import Books, Ledger
from ledger.exceptions import NewException
from ledger.inbox import NewEvent
from lifecycle.decisions import OUTCOME, Decision, Verdict, require_reason, require_right
from lifecycle.events import OURSELVES, envelope
from lifecycle.keys import event_id

APPROVED = "proposal.approved"
REJECTED = "proposal/rejected"
CHANGED = "proposal/changed"
DRAFT_AGAIN = "correct the offer, then complete discovery again in the CRM for a new draft"


async def decide(
    ledger: Ledger, catalog: Catalog, decision: UUID, verdict: Verdict, *, by: str, door: str, reason: str = ""
) -> Row[Any]:
    """Take a person's answer to a decision and return the decision as it stood before; the first answer counts.

    Raises:
        RefusedError: there is no such decision, it is answered already or void, or `by` may not answer it.
        RetryableError: the ledger is not available; nothing was written.
    """
    require_reason(verdict, reason)
    async with ledger.begin(wake=True) as books:
        asked = (await books.decisions.get([decision])).get(decision)
        if asked is None:
            raise RefusedError("there is no such decision", cause="decision.unknown")
        require_right(catalog.owners, by, asked.kind, asked.owner)
        if not await books.decisions.answer(decision, OUTCOME[verdict], by=by, door=door, reason=reason):
            raise RefusedError(await _state_of(books, decision), cause="decision.answered")
        await books.exceptions.close_case(asked.case_id, (REJECTED, CHANGED), closed_as="decided")
        if verdict is Verdict.APPROVE:
            await books.inbox.accept([await _approval(books, catalog, asked)])
        else:
            await books.exceptions.open([_rejection(catalog, asked)])
    return asked


async def _state_of(books: Books, decision: UUID) -> str:
    row = (await books.decisions.get([decision]))[decision]
    if row.state in (Decision.APPROVED, Decision.REJECTED):
        return f"this was {row.state} by {row.decided_by} already"
    return f"this decision is {row.state}: `towline decide` shows what waits"


async def _approval(books: Books, catalog: Catalog, asked: Row[Any]) -> NewEvent:
    case = (await books.cases.get([asked.case_id]))[asked.case_id]
    now = datetime.now(UTC)
    external_id = f"{asked.id}/approved"
    contract = f"{APPROVED}/{catalog[APPROVED].contract}"
    data = {"deal_id": case.crm_deal_id, "decision": str(asked.id)}
    return NewEvent(
        id=event_id(OURSELVES, external_id),
        source=OURSELVES,
        external_id=external_id,
        type=APPROVED,
        contract=contract,
        case_id=asked.case_id,
        payload=envelope(APPROVED, external_id, contract, data, now),
        occurred_at=now,
    )


def _rejection(catalog: Catalog, asked: Row[Any]) -> NewException:
    entry = catalog["discovery.completed"]
    return NewException(
        event_id=None,
        case_id=asked.case_id,
        event_type=entry.event,
        contract=f"{entry.event}/{entry.contract}",
        cause=REJECTED,
        reason="the proposal was rejected; the reason stands with the decision",
        route=DRAFT_AGAIN,
        owner=asked.owner if asked.owner in catalog.owners.owners else entry.process_owner,
        amount_minor=asked.minor,
        currency=asked.currency,
    )
