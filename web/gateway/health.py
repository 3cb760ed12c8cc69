"""`/healthz`, `/readyz` and `/metrics`, for whoever watches the process. Open to all, so they show nothing but counts."""

from __future__ import annotations

import asyncio
from functools import partial

from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.errors import RetryableError
from web.answers import Json
from web.house import House
from web.metrics import Work

PATIENCE = 3.0
"""Seconds that the ledger has for an answer."""


def routes(house: House) -> list[Route]:
    """Return the routes."""
    return [
        Route("/healthz", alive),
        Route("/readyz", partial(ready, house)),
        Route("/metrics", partial(metrics, house)),
    ]


async def alive(_request: Request) -> Response:
    """Say that the process answers."""
    return Json({"status": "ok"})


async def ready(house: House, _request: Request) -> Response:
    """Say whether events can be accepted, and which check failed when not."""
    checks = {"catalog": "ok" if house.catalog.entries else "empty", "ledger": await _ledger(house)}
    good = set(checks.values()) == {"ok"}
    return Json({"status": "ready" if good else "not ready", "checks": checks}, 200 if good else 503)


async def warm_up(house: House) -> None:
    """Open connections (to store, and to wake) before a sender waits for them; a ledger that is not there yet may come later."""
    await asyncio.gather(_ledger(house), _ledger(house))


async def _ledger(house: House) -> str:
    try:
        async with asyncio.timeout(PATIENCE), house.ledger.begin() as books:
            await books.inbox.get([])
    except (RetryableError, TimeoutError):
        return "does not answer"
    except SQLAlchemyError:
        return "has no tables of this version"
    return "ok"


async def metrics(house: House, _request: Request) -> Response:
    """Return the measurements; those of the ledger are missing while it does not answer."""
    try:
        async with asyncio.timeout(PATIENCE), house.ledger.begin() as books:
            work, causes = await books.inbox.open_work(), await books.exceptions.causes()
            switches, circuits = await books.switches.open(), await books.circuits.open()
            budgets, meter = await books.budgets.standing(), await books.incidents.meter()
            warned = await books.gates.warned()
            captured = await books.captures.measured()
            alerts, seen = await books.alerts.standing(), await books.alerts.seen()
    except (RetryableError, TimeoutError, SQLAlchemyError):
        house.metrics.show_nothing()
    else:
        open_work = [Work(house.known_type(row.type), row.status, row.events, house.age(row.oldest)) for row in work]
        house.metrics.show_work(open_work, [(row.cause, row.deals) for row in causes])
        outages = [(row.system, house.age(row.opened_at)) for row in circuits]
        house.metrics.show_stops([(row.scope, row.name) for row in switches], outages)
        house.metrics.show_bypass((row.entity, row.fields, row.by, row.changed) for row in meter)
        house.metrics.show_warnings((row.suite, row.rule, row.events) for row in warned)
        standing = {name: getattr(alerts, name) for name in ("open", "unseen", "unsaid")}
        drill_age = house.age(alerts.drilled) if alerts.drilled else None
        house.metrics.show_alerts(standing, [(row.level, row.median, row.p95) for row in seen], drill_age)
        house.metrics.show_capture(captured.seen, captured.kept, captured.unplaced)
        house.metrics.show_budgets((row.name, row.left, row.size) for row in budgets)
    return Response(house.metrics.text(), media_type=CONTENT_TYPE_LATEST)
