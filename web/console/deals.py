"""The deals: a list to search in, and one page that tells the whole story of each, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from jinja2 import Environment
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ledger.database import Books
from lifecycle.reconciling import RECORD, reason_of
from lifecycle.roles import Right
from lifecycle.stages import Stage
from web.answers import ProblemError
from web.api.continuity import shown as line
from web.api.shapes import waits_for
from web.console.frame import shown, templates
from web.console.people import Person, behind
from web.house import House

SHOWN = 100
LONGEST_SEARCH = 100


def routes(house: House) -> list[Route]:
    """Return the routes."""
    pages = templates()
    return [
        Route("/deals", behind(house, Right.READ, partial(deals, pages))),
        Route("/deals/{id:uuid}", behind(house, Right.READ, partial(deal, pages))),
    ]


async def deals(pages: Environment, house: House, request: Request, person: Person) -> Response:
    """List the deals that were moved last, those at a stage, or those whose name has what is looked for in it."""
    wanted = request.query_params.get("q", "").replace("\0", "")[:LONGEST_SEARCH].strip()
    stage = request.query_params.get("stage") or None
    if stage not in (None, *Stage):
        raise ProblemError(400, f"there is no such stage; deals stand at {', '.join(Stage)}")
    async with house.ledger.begin() as books:
        found = await books.cases.find(wanted, stage=stage, limit=SHOWN + 1)
    rows = [
        {**row._mapping, "amount": (row.amount_minor, row.currency), "age": house.age(row.changed_at)} for row in found[:SHOWN]
    ]
    page = pages.get_template("deals.html")
    around = shown(house, person, "Deals")
    return HTMLResponse(page.render(around, q=wanted, stage=stage, rows=rows, more=len(found) > SHOWN))


async def deal(pages: Environment, house: House, request: Request, person: Person) -> Response:
    """Tell the story of one deal: what came, what was done outside, what stopped, what was decided, and what stands."""
    case_id: UUID = request.path_params["id"]
    async with house.ledger.begin() as books:
        row = (await books.cases.get([case_id])).get(case_id)
        story = await _story(house, books, case_id)
        if row is None and not story:
            raise ProblemError(404, "there is no such deal")
        documents = await books.documents.of_case(case_id, row.account_id if row else None)
        entries = (await books.continuity.of_cases([case_id])).get(case_id, ())
    page = pages.get_template("deal.html")
    named = row.title if row else "A deal whose first event waits"
    return HTMLResponse(
        page.render(shown(house, person, named), case=row, id=case_id, story=story, documents=documents, line=line(entries))
    )


async def _story(house: House, books: Books, case_id: UUID) -> Sequence[Mapping[str, Any]]:
    """Everything that happened, the first thing first."""
    events = await books.inbox.of_case(case_id)
    told = [_event(house, row) for row in events]
    told += [_effect(row) for row in await books.effects.of_case(case_id)]
    for row in events:
        told += [_exception(one) for one in await books.exceptions.of_event(row.id)]
    told += [_decision(row) for row in await books.decisions.of_case(case_id)]
    told += [_record(row) for row in await books.records.of_case(case_id)]
    told += [_incident(row) for row in await books.incidents.of_case(case_id)]
    return sorted(told, key=lambda one: one["at"])


def _entry(
    kind: str, at: datetime, what: str, status: str, *, said: str = "", url: str | None = None, by: str = ""
) -> dict[str, Any]:
    return {"kind": kind, "at": at, "what": what, "status": status, "said": said, "url": url, "by": by}


def _event(house: House, row: Row[Any]) -> dict[str, Any]:
    entry = house.catalog.entries.get(row.type)
    waits = f"waits until the deal is at {' or '.join(waits_for(row))}" if waits_for(row) else ""
    what, run = entry.title if entry else "Unknown event", house.run(row.flow_run_id)
    return _entry("event", row.received_at, what, row.status, said=waits or f"{row.contract} from {row.source}", url=run)


def _effect(row: Row[Any]) -> dict[str, Any]:
    said = f"in {row.system}, by {row.contract}" if row.contract else f"in {row.system}"
    return _entry("effect", row.started_at, row.step.replace("_", " "), row.state, said=said, url=row.vendor_url)


def _exception(row: Row[Any]) -> dict[str, Any]:
    status = f"closed, {row.closed_as}" if row.closed_at else "open"
    return _entry("exception", row.opened_at, row.cause, status, said=row.reason, by=row.owner)


def _incident(row: Row[Any]) -> dict[str, Any]:
    said = reason_of(row.entity, row.field, row.by, row.our_hash, row.found_hash)
    said += f", by the vendor's user {row.who}" if row.who else ""
    what = f"{row.entity}.{row.field}" if row.field != RECORD else f"{row.entity} is gone"
    return _entry("incident", row.changed_at or row.seen_at, what, row.state, said=said, by=row.decided_by or "")


def _decision(row: Row[Any]) -> dict[str, Any]:
    said = f"content {row.content_hash[:12]}" + (f": {row.reason}" if row.reason else "")
    return _entry(
        "decision", row.decided_at or row.asked_at, row.kind, row.state, said=said, url=row.url, by=row.decided_by or ""
    )


def _record(row: Row[Any]) -> dict[str, Any]:
    said = f"{row.words} (said by {row.author})"
    return _entry("record", row.said_at, row.kind, "on record", said=said, url=row.link or None, by=row.by)
