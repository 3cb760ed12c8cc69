"""The page *Now*: the path as lanes with the deals in them, what is stuck and what that costs, moving by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from typing import Any
from uuid import UUID

from jinja2 import Environment
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from contracts.errors import RetryableError
from contracts.values import Money
from ledger.database import Books
from lifecycle.outages import Waiting, cost
from lifecycle.roles import Right
from lifecycle.stages import Stage
from web.answers import ProblemError
from web.console.charts import hours
from web.console.frame import shown, templates
from web.console.people import Person, behind, person_of
from web.console.systems import held_by, standing, stops
from web.house import House

NEWEST = STUCK_EACH = 3
"""Deals that a lane names: the newest, and those that are stuck."""
STUCK = 10
ALL_STUCK = 200


def routes(house: House) -> list[Route]:
    """Return the routes."""
    pages = templates()
    return [
        Route("/now", partial(stream, house, pages)),
        Route("/stuck", behind(house, Right.READ, partial(stuck, pages))),
    ]


async def now(house: House, pages: Environment, person: Person) -> Response:
    """Show how the path stands. Raises RetryableError."""
    async with house.ledger.begin() as books:
        live, chart = await told(house, pages, books), await _chart(house, books)
    around = shown(house, person, "Now")
    return HTMLResponse(pages.get_template("now.html").render(around, live=live, chart=chart))


async def stream(house: House, pages: Environment, request: Request) -> Response:
    """Tell an open page what it shows whenever that changes, as long as the session lasts, which this does not prolong.

    https://html.spec.whatwg.org/multipage/server-sent-events.html
    """
    if not await _may_watch(house, request):
        raise ProblemError(401, "your session is over; sign in again")
    return StreamingResponse(_parts(house, pages, request), media_type="text/event-stream")


async def stuck(pages: Environment, house: House, _request: Request, person: Person) -> Response:
    """List the deals that are stuck, those whose waiting has cost most first."""
    async with house.ledger.begin() as books:
        switches, circuits = await books.switches.open(), await books.circuits.open()
        found, sums = await books.lanes.stuck(_rates(house), limit=ALL_STUCK)
    rows = [_stuck(house, row, switches, circuits) for row in found]
    around = shown(house, person, "Stuck")
    return HTMLResponse(pages.get_template("stuck.html").render(around, rows=rows, sums=_summed(house, sums)))


async def told(house: House, pages: Environment, books: Books) -> str:
    """Return the moving part of the page."""
    switches, circuits = await books.switches.open(), await books.circuits.open()
    found, by_type = await books.lanes.stuck(_rates(house), limit=STUCK, each=STUCK_EACH)
    rows, sums = [_stuck(house, row, switches, circuits) for row in found], _summed(house, by_type)
    asked = await books.lanes.asked()
    return pages.get_template("live.html").render(
        now=house.now(),
        stops=stops(house, switches, circuits),
        sums=sums,
        asked={"decisions": asked.decisions, "age": house.age(asked.oldest) if asked.oldest else 0.0},
        day=await books.lanes.day(house.today()),
        lanes=await _lanes(house, books, rows, sums["by_stage"]),
        rows=[row for row in rows if row["place"] <= STUCK],
        systems=await standing(house, books, switches, circuits),
    )


async def _may_watch(house: House, request: Request) -> bool:
    person = await person_of(house, request, is_here=False)
    return person is not None and person.may(Right.READ)


async def _parts(house: House, pages: Environment, request: Request) -> AsyncIterator[str]:
    async with aclosing(house.live.texts(partial(told, house, pages))) as texts:
        async for text in texts:
            try:
                if not await _may_watch(house, request):
                    return
            except RetryableError:
                return
            yield "".join(f"data: {line}\n" for line in text.splitlines()) + "\n"


def _stuck(house: House, row: dict[str, Any], switches: Sequence[Row[Any]], circuits: Sequence[Row[Any]]) -> dict[str, Any]:
    entry, minor = house.catalog.entries.get(row["type"]), round(row["rate"] * row["seconds"] / 3600)
    return row | {
        "what": entry.title if entry else "Unknown event",
        "deal": row["title"] or "first event waits",
        "owner": row["owner"] or (entry.process_owner if entry else ""),
        "held": None if row["cause"] else held_by(house, row["type"], switches, circuits) or "waits its turn",
        "amount": (row["minor"], row["currency"]),
        "lost": Money.model_construct(minor=minor, currency=entry.cost.currency) if entry else None,
    }


def _summed(house: House, found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How many deals are stuck, in all and by stage, with the money in them, what it has cost, and costs an hour."""
    amounts: defaultdict[str, int] = defaultdict(int)
    by_stage: defaultdict[str, int] = defaultdict(int)
    for row in found:
        by_stage[row["stage"]] += row["deals"]
        if row["currency"] and row["minor"]:
            amounts[row["currency"]] += row["minor"]
    waiting = [
        Waiting(
            row["type"],
            row["events"],
            house.now() - timedelta(seconds=row["oldest"]),
            Fraction(row["seconds"]) / 3600,
            entry.cost,
        )
        for row in found
        if (entry := house.catalog.entries.get(row["type"]))
    ]
    return {
        "deals": sum(by_stage.values()),
        "by_stage": by_stage,
        "oldest": max((row["oldest"] for row in found), default=0.0),
        "amounts": _moneys(amounts),
        "lost": cost(waiting),
        "an_hour": cost([replace(one, hours=Fraction(one.events)) for one in waiting]),
    }


async def _lanes(
    house: House, books: Books, rows: Sequence[Mapping[str, Any]], stuck_by_stage: Mapping[str, int]
) -> list[dict[str, Any]]:
    """The stages in order; the first only while something stands there, and given up ones not, for they are off the path."""
    counts, sums = defaultdict[str, int](int), defaultdict[str, dict[str, int]](dict)
    for row in await books.lanes.stages():
        counts[row.stage] += row.cases
        if row.currency and row.minor:
            sums[row.stage][row.currency] = row.minor
    newest, named = await books.lanes.newest(list(Stage), limit=NEWEST), {UUID(row["case_id"]) for row in rows}
    return [
        {
            "stage": stage,
            "cases": counts[stage],
            "amounts": _moneys(sums[stage]),
            "stuck": stuck_by_stage.get(stage, 0),
            "stuck_deals": [row for row in rows if row["stage"] == stage][:STUCK_EACH],
            "newest": [
                {**row._mapping, "age": house.age(row.changed_at)} for row in newest if row.stage == stage and row.id not in named
            ],
        }
        for stage in Stage
        if stage is not Stage.CANCELLED and (stage is not Stage.NEW or counts[stage] or stuck_by_stage.get(stage))
    ]


async def _chart(house: House, books: Books) -> str:
    """The last 24 hours, this one included. To draw takes longer than all the rest, so it is done when the page is loaded."""
    first = house.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=23)
    by_hour: Mapping[datetime, Row[Any]] = {row.hour: row for row in await books.lanes.hours(first)}
    if not by_hour:
        return ""
    every = [first + timedelta(hours=hour) for hour in range(24)]
    return hours(every, {kind: [_count(by_hour.get(hour), kind) for hour in every] for kind in ("done", "stopped", "open")})


def _count(row: Row[Any] | None, kind: str) -> int:
    return getattr(row, kind) if row else 0


def _moneys(sums: Mapping[str, int]) -> list[Money]:
    return [Money.model_construct(minor=minor, currency=currency) for currency, minor in sorted(sums.items())]


def _rates(house: House) -> Mapping[str, int]:
    return {event: entry.cost.minor for event, entry in house.catalog.entries.items()}
