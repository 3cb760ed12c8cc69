"""The ways that an incident goes, by whatever door: the owner is asked, what a person did is taken over, or it is over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from contracts.catalog import Catalog
from contracts.errors import RefusedError
from contracts.owners import Owners
from contracts.systems import Route
from ledger.database import Books
from ledger.exceptions import NewException
from ledger.inbox import NewEvent
from lifecycle.events import OURSELVES, envelope
from lifecycle.keys import event_id
from lifecycle.reconciling import RECORD, IncidentState, Kind, can_be_put_back, cause_of, reason_of
from lifecycle.stages import MOVES
from lifecycle.undo import require_known

CHANGE = "change.requested"
FLOW = "reconcile"
BY_RULE = "rule"
LOOK = "look at it, then say which counts: `towline incidents put-back {id}` or `towline incidents take-over {id}`"
CHANGED = (
    "a change request: make it a new version with an approval of its own by `towline incidents take-over {id}`, or bring the "
    "approved text back from the document's own versions and say `towline incidents put-back {id}`, which locks it again"
)
LOOK_ONLY = "look at it and set it right by hand, or let it count: `towline incidents take-over {id}`"


async def open_one(books: Books, owners: Owners, number: int, by: str) -> Any:
    """Return an open incident that somebody of the owners wants to decide about.

    Raises:
        RefusedError: there is no such open incident, or nobody of that name.
    """
    require_known(owners, by)
    incident = await books.incidents.get(number)
    if incident is None:
        raise RefusedError("there is no such incident; `towline incidents` shows them", cause="incident.unknown")
    if incident.state != IncidentState.OPEN:
        raise RefusedError(f"incident {number} is {incident.state} already", cause="incident.state")
    return incident


async def ask(books: Books, incidents: Collection[Any], *, why: str = "") -> None:
    """Let the owners of incidents say which value counts; `why` is what kept a rule from deciding."""
    await books.incidents.reroute([one.id for one in incidents], Route.ASK)
    cases = await books.cases.get([one.case_id for one in incidents]) if incidents else {}
    await books.exceptions.open([_exception(one, cases.get(one.case_id), why) for one in incidents])


async def take_over(books: Books, catalog: Catalog, incident: Any, *, by: str) -> None:
    """Let what somebody did count; an approved document that was changed is drafted anew, for an approval of its own.

    Raises:
        RefusedError: its deal is not in delivery, where alone a change can be requested.
    """
    if incident.kind == Kind.DOCUMENT and incident.field != RECORD:
        await books.inbox.follow([await _change_request(books, catalog, incident)])
    await over(books, [incident], IncidentState.TAKEN_OVER, by=by)


async def over(books: Books, incidents: Sequence[Any], state: IncidentState, *, by: str | None = None) -> None:
    """Close incidents, and with the last of its kind what asked a deal's owner about them."""
    await books.incidents.close([one.id for one in incidents], state, by=by)
    for one in incidents:
        if not await books.incidents.alike(one.case_id, one.entity, one.field):
            await books.exceptions.close_case(one.case_id, [cause_of(one.entity, one.field)], closed_as=state)


async def _change_request(books: Books, catalog: Catalog, incident: Any) -> NewEvent:
    case = (await books.cases.get([incident.case_id]))[incident.case_id]
    if case.stage not in MOVES[CHANGE]:
        why = f"a change can be requested in delivery only, and its deal is at stage {case.stage}: bring the approved text back"
        raise RefusedError(why, cause="incident.stage")
    now, external_id, contract = datetime.now(UTC), f"incident/{incident.id}", f"{CHANGE}/{catalog[CHANGE].contract}"
    return NewEvent(
        id=event_id(OURSELVES, external_id),
        source=OURSELVES,
        external_id=external_id,
        type=CHANGE,
        contract=contract,
        case_id=case.id,
        payload=envelope(CHANGE, external_id, contract, {"deal_id": case.crm_deal_id}, now),
        occurred_at=now,
    )


def _way(incident: Any) -> str:
    if not can_be_put_back(incident.kind, incident.field):
        return LOOK_ONLY
    return CHANGED if incident.kind == Kind.DOCUMENT else LOOK


def _exception(incident: Any, case: Any | None, why: str) -> NewException:
    reason = reason_of(incident.entity, incident.field, incident.by, incident.our_hash, incident.found_hash)
    return NewException(
        event_id=None,
        case_id=incident.case_id,
        event_type=FLOW,
        contract="",
        cause=cause_of(incident.entity, incident.field),
        field=incident.field,
        reason=f"{reason}; {why}" if why else reason,
        route=_way(incident).format(id=incident.id),
        owner=incident.owner,
        amount_minor=case.amount_minor if case and case.currency else None,
        currency=case.currency if case else None,
    )
