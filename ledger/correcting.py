"""How an event that stopped is corrected: by what is proposed for it, alone or by a person; on record, and judged again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from contracts.autonomy import Action, Autonomy, Level, Mendable
from contracts.catalog import Catalog
from contracts.errors import RefusedError
from contracts.event import misfits
from contracts.vocabulary import fold
from ledger.database import Books, Ledger
from ledger.replaying import Choice, Prospect, Replay, take_up
from ledger.suggestions import NewSuggestion
from lifecycle.autonomy import Outcome
from lifecycle.confidence import Treatment, band, confidence, reasons, treatment
from lifecycle.proposals import Account, Known, Stopped, propose, put

PAGE = 50
HOUSE = "towline"
ACCEPT_IT = (
    "look at what is suggested with `towline suggestions`, and accept it or give another value; or correct it at the source"
)
GIVE_IT = "nothing near enough is known: give the value with `towline suggestions`, or correct it at the source; in doubt ask {}"
REFUSED_IT = "the suggestion was rejected: give the value with `towline suggestions`, or correct it at the source"


async def consider(ledger: Ledger, catalog: Catalog, autonomy: Autonomy) -> int:
    """Look at a page of what stopped and can be mended: do it, suggest it or block it, each once. Return how many there were.

    Raises:
        RetryableError: the ledger is not available; nothing was written.
    """
    async with ledger.begin() as books:
        rows = await books.suggestions.unconsidered(autonomy.causes, limit=PAGE)
        levels = await books.suggestions.levels() if rows else {}
        known: dict[Mendable, Known] = {}
        for row in rows:
            mendable = _mendable(autonomy, row.cause)
            if mendable not in known:
                known[mendable] = await _known(books, mendable)
            level = level_of(autonomy.actions[mendable.action], levels.get(mendable.action))
            suggestion = _suggestion(autonomy, mendable, level, row, known[mendable])
            await books.suggestions.keep(suggestion)
            await _treat(books, catalog, row, suggestion)
    if rows:
        await ledger.wake()
    return len(rows)


def _suggestion(autonomy: Autonomy, mendable: Mendable, level: Level, row: Row[Any], known: Known) -> NewSuggestion:
    name, stop = mendable
    action = autonomy.actions[name]
    stopped = Stopped(row.event_type, row.contract, row.data if isinstance(row.data, dict) else {}, float(row.age_days))
    found = propose(name, stop, stopped, known)
    parts = found.grounds.parts(autonomy.half_life_days) if found.grounds else {}
    sure = confidence(parts, autonomy.weights) if parts else 0.0
    return NewSuggestion(
        exception_id=row.id,
        action=name,
        event_id=row.event_id,
        case_id=row.case_id,
        field=stop.field,
        was=found.was,
        proposed=found.value,
        confidence=sure,
        parts=parts,
        reasons=reasons(found.grounds, parts),
        level=level,
        treatment=treatment(band(sure, action), action, level) if stopped.has_place(stop.field) else Treatment.BY_HAND,
    )


async def _treat(books: Books, catalog: Catalog, row: Row[Any], one: NewSuggestion) -> None:
    if one.treatment == Treatment.ALONE and one.proposed is not None:
        await _correct(books, catalog, one.event_id, one.field, one.proposed, closed_as="corrected alone")
        await books.suggestions.settle(row.id, Outcome.ALONE, by=HOUSE, given=None)
    elif one.treatment == Treatment.SUGGESTED:
        await books.exceptions.reroute(row.id, ACCEPT_IT, row.owner)
    elif one.treatment == Treatment.BLOCKED:
        entry = catalog[row.event_type]
        await books.exceptions.reroute(row.id, GIVE_IT.format(entry.escalate), entry.process_owner)


async def accept(ledger: Ledger, catalog: Catalog, begin: str, *, by: str, value: str | None = None) -> tuple[Row[Any], Prospect]:
    """Correct an event by what is suggested for it, or by a person's own value, and let it go on; once.

    Return the suggestion as it stood before, and what becomes of the event: it goes on, or something else of it does not fit.

    Raises:
        RefusedError: nothing waits there, it was answered before, there is no value, or the value does not fit the contract.
        RetryableError: the ledger is not available; nothing was written.
    """
    async with ledger.begin(wake=True) as books:
        asked = await _asked(books, begin)
        if asked.outcome not in (Outcome.WAITING, Outcome.REJECTED) or asked.gone_on is not None:
            raise RefusedError(_answered(asked), cause="suggestion.answered")
        chosen = value if value is not None else shown(asked)
        if chosen is None:
            raise RefusedError("there is nothing suggested to accept; give the value with --value", cause="suggestion.no_value")
        prospect = await _correct(books, catalog, asked.event_id, asked.field, chosen, closed_as="corrected")
        outcome = Outcome.ACCEPTED if chosen == asked.proposed else Outcome.OVERRIDDEN
        await books.suggestions.settle(asked.exception_id, outcome, by=by, given=chosen)
        await books.suggestions.contradict(asked.event_id, asked.field, chosen)
    return asked, prospect


async def reject(ledger: Ledger, begin: str, *, by: str) -> Row[Any]:
    """Say that what is suggested, or was done alone, is wrong; the event stays as it is. Return the suggestion as it stood.

    Raises:
        RefusedError: nothing waits there, or was done alone.
        RetryableError: the ledger is not available; nothing was written.
    """
    async with ledger.begin() as books:
        asked = await _asked(books, begin)
        if asked.outcome not in (Outcome.WAITING, Outcome.ALONE):
            raise RefusedError(_answered(asked), cause="suggestion.answered")
        outcome = Outcome.REVERTED if asked.outcome == Outcome.ALONE else Outcome.REJECTED
        await books.suggestions.settle(asked.exception_id, outcome, by=by, given=None)
        if outcome is Outcome.REJECTED and asked.gone_on is None:
            await books.exceptions.reroute(asked.exception_id, REFUSED_IT, asked.owner)
    return asked


def shown(row: Row[Any]) -> str | None:
    """Return the value that a person is shown; what is only compared with what they do, or was rejected, is not."""
    found: str | None = row.proposed
    return found if row.treatment == Treatment.SUGGESTED and row.outcome == Outcome.WAITING else None


def level_of(action: Action, standing: Row[Any] | None) -> Level:
    """Return where an action stands: where it was put last, but never above its ceiling."""
    level = Level(standing.level) if standing else action.begins
    return min(level, action.ceiling, key=lambda one: one.rank)


async def _correct(books: Books, catalog: Catalog, event: UUID, field: str, value: str, *, closed_as: str) -> Prospect:
    """Put a value into an event's payload, keep the one that was received, and judge it again."""
    (row,) = await books.inbox.get([event])
    stopped = Stopped(row.type, row.contract, row.payload.get("data") or {}, 0)
    if not stopped.has_place(field):
        raise RefusedError(f"the event leaves {field} to the CRM: correct it there, then replay", cause="suggestion.in_the_crm")
    data = put(stopped.data, field, value)
    if rule := dict(misfits(row.contract, data, event_type=row.type)).get(field):
        raise RefusedError(f"{field}: that value does not fit the contract either ({rule})", cause="suggestion.misfit")
    await books.inbox.correct(event, {**row.payload, "data": data})
    (prospect,) = await take_up(books, catalog, Choice([event]), closed_as=closed_as)
    if prospect.becomes not in (Replay.GOES_ON, Replay.QUARANTINED):
        raise RefusedError(f"the event cannot be corrected: {prospect.becomes}", cause="suggestion.not_stopped")
    return prospect


async def _asked(books: Books, begin: str) -> Row[Any]:
    rows = await books.suggestions.named(begin.lower().replace("-", "")) if begin.strip("-") else []
    if not rows:
        raise RefusedError("nothing is suggested for an event whose id begins so; `towline suggestions` lists what waits")
    if len({row.event_id for row in rows}) > 1:
        raise RefusedError(f"{len({row.event_id for row in rows})} events have ids that begin so; give more of it")
    return rows[0]


def _answered(row: Row[Any]) -> str:
    if row.outcome in (Outcome.WAITING, Outcome.PASSED):
        return "the event went on without it, or was left"
    return f"this was {row.outcome} by {row.by} already"


def _mendable(autonomy: Autonomy, cause: str) -> Mendable:
    found = autonomy.mendable(cause)
    if found is None:
        raise ValueError("the ledger's pattern and the file's one do not agree")
    return found


async def _known(books: Books, mendable: Mendable) -> Known:
    name, stop = mendable
    if name == "match_company":
        return Known([Account(row.name, row.domain, float(row.age_days)) for row in await books.suggestions.accounts()])
    accepted = await books.suggestions.accepted(name, stop.field) if stop.vocabulary else ()
    return Known(accepted={(fold(row.was), row.proposed) for row in accepted})
