"""The outside systems: whether each answers, how far it is behind, what is left of its limits, and what it is the record of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from jinja2 import Environment
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from contracts.drift import shapes
from contracts.systems import System
from ledger.database import Books
from ledger.tables import EventStatus
from lifecycle.circuits import is_locked, needs, stopped_by
from lifecycle.roles import Right
from lifecycle.switches import Scope, said
from web.console.frame import shown, templates
from web.console.people import Person, behind
from web.house import House

VENDORS = {vendor: known.system for vendor, known in shapes().items()}
"""For which system each vendor stands."""
LATELY = 500
"""Of how many of the newest events the lag is told."""
NOTE = "what waits for it goes on by itself"
LOCKED = "our credentials are not taken: renew them"


def routes(house: House) -> list[Route]:
    """Return the route."""
    return [Route("/systems", behind(house, Right.READ, partial(systems, templates())))]


async def systems(pages: Environment, house: House, _request: Request, person: Person) -> Response:
    """Show each system: its health, its limits, whose it is, which entities it is the record of, and what was seen to drift."""
    async with house.ledger.begin() as books:
        switches, circuits = await books.switches.open(), await books.circuits.open()
        rows = await standing(house, books, switches, circuits)
        lag, drift, bypassed = await books.lanes.lag(events=LATELY), await books.drift.open(), await books.lanes.bypassed()
    entities = house.catalog.systems.entities
    for row in rows:
        system, entry = row["system"], house.catalog.systems.systems[row["system"]]
        row |= {
            "owners": {
                "process": entry.process_owner,
                "integration": entry.integration_owner,
                "application": entry.application_owner,
            },
            "lag": lag.get(system),
            "records": [name for name, entity in entities.items() if entity.record == system],
            "mirrors": {name: entity.record for name, entity in entities.items() if system in entity.mirrors},
            "drift": [cause for cause in drift if VENDORS.get(cause.split("/")[1]) == system],
            "bypassed": bypassed.get(system, 0),
        }
    around = shown(house, person, "Systems")
    return HTMLResponse(pages.get_template("systems.html").render(around, rows=rows, stops=stops(house, switches, circuits)))


async def standing(
    house: House, books: Books, switches: Sequence[Row[Any]], circuits: Sequence[Row[Any]]
) -> list[dict[str, Any]]:
    """Return of each system whether it answers, since when it does not, the oldest that waits for it, and its limits."""
    work, budgets = await books.inbox.open_work(), await books.budgets.standing()
    limits = [_limit(house, row) for row in budgets]
    return [
        {
            "system": system,
            "title": entry.title,
            "waits": _waits(house, system, work),
            "limits": sorted((one for one in limits if one["system"] == system), key=lambda one: one["left"] / one["size"]),
            **_health(house, system, switches, circuits),
        }
        for system, entry in house.catalog.systems.systems.items()
    ]


def stops(house: House, switches: Sequence[Row[Any]], circuits: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    """Return in words what people have paused, and which systems are down."""
    paused = [
        {"how": "Paused", "what": said(row.scope, row.name), "by": row.by, "why": row.reason, "age": house.age(row.since)}
        for row in switches
    ]
    down = [
        {"how": "Down", "what": _title(house, row.system), "by": None, "why": _fault(row), "age": house.age(row.opened_at)}
        for row in circuits
    ]
    return paused + down


def held_by(house: House, event: str, switches: Sequence[Row[Any]], circuits: Sequence[Row[Any]]) -> str | None:
    """Return in words what holds up events of this type; None for nothing."""
    down = next((row for row in circuits if event in stopped_by(row.system, row.step)), None)
    if down:
        return f"{_title(house, down.system)} is down"
    names = {("all", ""), ("path", event), *((Scope.SYSTEM.value, system) for system in needs(event)[0])}
    paused = next((row for row in switches if (row.scope, row.name) in names), None)
    return f"{said(paused.scope, paused.name)} is paused" if paused else None


def _health(house: House, system: str, switches: Sequence[Row[Any]], circuits: Sequence[Row[Any]]) -> dict[str, Any]:
    down = [row for row in circuits if row.system == system]
    if down:
        return {"health": "down", "age": house.age(min(row.opened_at for row in down)), "why": _fault(down[0])}
    paused = [row for row in switches if (row.scope, row.name) in (("all", ""), (Scope.SYSTEM.value, system))]
    if paused:
        return {"health": "paused", "age": house.age(paused[0].since), "why": f"by {paused[0].by}: {paused[0].reason}"}
    return {"health": "up", "age": None, "why": ""}


def _fault(row: Row[Any]) -> str:
    return f"{row.step} fails by {row.cause}; {LOCKED if is_locked(row.cause) else NOTE}"


def _waits(house: House, system: str, work: Collection[Row[Any]]) -> float | None:
    """The age in seconds of the oldest event that has a change in this system before it."""
    under_way = (EventStatus.RECEIVED, EventStatus.RUNNING)
    return max((house.age(row.oldest) for row in work if row.status in under_way and system in needs(row.type)[0]), default=None)


def _limit(house: House, row: Row[Any]) -> dict[str, Any]:
    vendor, _, name = row.name.partition(".")
    return {
        "system": VENDORS.get(vendor),
        "name": name,
        "left": max(0, int(row.left)),
        "size": row.size,
        "held": row.held_seconds,
        "runs_out": house.quotas.runs_out(row.name, row.left, house.now()),
    }


def _title(house: House, system: str) -> str:
    return house.catalog.systems.systems[System(system)].title
