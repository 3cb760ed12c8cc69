"""The start page for people: what waits, what stopped and whose it is, what came last. Shows no personal data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from contracts.errors import RetryableError
from contracts.systems import System
from ledger.database import Books
from ledger.tables import EventStatus
from lifecycle.switches import said
from web.house import House

HERE = Path(__file__).parent
LATEST = 20
MOST_CAUSES = 30


def routes(house: House) -> list[Route]:
    """Return the routes."""
    templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined)
    templates.filters["moment"] = _moment
    templates.filters["age"] = _age
    return [
        Route("/", partial(start, house, templates)),
        Route("/console.css", stylesheet),
    ]


async def start(house: House, templates: Environment, _request: Request) -> Response:
    """Show the state of the house; also when the ledger does not answer."""
    settings = house.settings
    sandbox = {"Sandbox": settings.sandbox_url} if settings.needs_sandbox else {}
    links = {"Data Docs": "/data-docs/", "Prefect": settings.prefect_ui} | sandbox
    shown: dict[str, Any] = {"links": links, "now": house.now()}
    try:
        async with house.ledger.begin() as books:
            shown |= await _state(house, books)
    except RetryableError:
        return HTMLResponse(templates.get_template("down.html").render(shown), 503)
    return HTMLResponse(templates.get_template("start.html").render(shown))


async def stylesheet(_request: Request) -> Response:
    """Return the one stylesheet."""
    return FileResponse(HERE / "console.css", media_type="text/css")


async def _state(house: House, books: Books) -> dict[str, Any]:
    causes, work = await books.exceptions.causes(), await books.inbox.open_work()
    asked = await books.decisions.waiting()
    return {
        "switches": [_switch(house, row) for row in await books.switches.open()],
        "outages": [_outage(house, row) for row in await books.circuits.open()],
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


def _switch(house: House, row: Row[Any]) -> Mapping[str, Any]:
    return {"what": said(row.scope, row.name), "by": row.by, "reason": row.reason, "age": house.age(row.since)}


def _outage(house: House, row: Row[Any]) -> Mapping[str, Any]:
    title = house.catalog.systems.systems[System(row.system)].title
    return {"title": title, "step": row.step, "cause": row.cause, "age": house.age(row.opened_at)}


def _event(house: House, row: Row[Any]) -> Mapping[str, Any]:
    return _named(house, row.type) | {
        "id": row.id,
        "case": row.case_id,
        "status": row.status,
        "received_at": row.received_at,
        "run": f"{house.settings.prefect_ui}/runs/flow-run/{row.flow_run_id}" if row.flow_run_id else None,
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


def _moment(value: datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S UTC")


def _age(seconds: float) -> str:
    minutes, hours = seconds / 60, seconds / 3600
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes:.0f} min" if hours < 1 else f"{int(hours)} h {int(minutes) % 60} min"
