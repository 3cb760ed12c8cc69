"""The start page for people: what waits, what stopped and whose it is, what came last. Shows no personal data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from jinja2 import Environment
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from contracts.errors import RetryableError
from ledger.database import Books
from ledger.tables import EventStatus
from lifecycle.roles import Right
from web.console.frame import HERE, shown, templates
from web.console.people import person_of
from web.console.systems import stops
from web.console.watch import now
from web.house import House

LATEST = 20
MOST_CAUSES = 30


def routes(house: House) -> list[Route]:
    """Return the routes."""
    return [
        Route("/", partial(start, house, templates())),
        Route("/console.css", partial(file, "console.css")),
        Route("/console.js", partial(file, "console.js")),
    ]


async def start(house: House, pages: Environment, request: Request) -> Response:
    """Show the state of the house to anybody, and deals to those who may read of them; also when the ledger does not answer."""
    try:
        person = await person_of(house, request)
        if person and person.may(Right.READ):
            return await now(house, pages, person)
        around = shown(house, person, "Now", renews=True)
        async with house.ledger.begin() as books:
            return HTMLResponse(pages.get_template("start.html").render(around | await _state(house, books)))
    except RetryableError:
        around = shown(house, None, "Now", renews=True)
        return HTMLResponse(pages.get_template("down.html").render(around), 503)


async def file(name: str, _request: Request) -> Response:
    """Return the one stylesheet, or the one script."""
    return FileResponse(HERE / name)


async def _state(house: House, books: Books) -> dict[str, Any]:
    causes, work = await books.exceptions.causes(), await books.inbox.open_work()
    asked = await books.decisions.waiting()
    return {
        "stops": stops(house, await books.switches.open(), await books.circuits.open()),
        "work": [_work(house, row) for row in work],
        "early": sum(row.events for row in work if row.status == EventStatus.WAITING),
        "decisions": len(asked),
        "asked_for": house.age(asked[0].asked_at) if asked else 0.0,
        "cases": await books.cases.count(),
        "causes": [_cause(house, row) for row in causes[:MOST_CAUSES]],
        "more_causes": max(0, len(causes) - MOST_CAUSES),
        "events": [_event(house, row) for row in await books.inbox.latest(limit=LATEST)],
    }


def _work(house: House, row: Row[Any]) -> Mapping[str, Any]:
    return _named(house, row.type) | {"status": row.status, "events": row.events, "age": house.age(row.oldest)}


def _event(house: House, row: Row[Any]) -> Mapping[str, Any]:
    return _named(house, row.type) | {
        "id": row.id,
        "case": row.case_id,
        "status": row.status,
        "received_at": row.received_at,
        "run": house.run(row.flow_run_id),
    }


def _cause(house: House, row: Row[Any]) -> Mapping[str, Any]:
    return _named(house, row.event_type) | {
        "cause": row.cause, "deals": row.deals, "owner": row.owner, "route": row.route, "age": house.age(row.oldest)
    }  # fmt: skip


def _named(house: House, event_type: str) -> dict[str, Any]:
    """A type that is not ours is whatever somebody sent, so it is not shown."""
    entry = house.catalog.entries.get(event_type)
    return {"type": house.known_type(event_type), "title": entry.title if entry else "Unknown event", "owner": _owner(entry)}


def _owner(entry: Any) -> str:
    return entry.process_owner if entry else "integration"
