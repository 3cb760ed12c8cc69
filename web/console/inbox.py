"""What came in today, each event with what became of it and how long it took: the records behind the figures of the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ledger.tables import EventStatus
from lifecycle.roles import Right
from web.answers import ProblemError
from web.console.frame import shown, templates
from web.console.people import Person, behind
from web.house import House

SHOWN = 100
STANDS: Mapping[str, Sequence[EventStatus]] = {
    "all": tuple(EventStatus),
    "done": (EventStatus.DONE,),
    "stopped": (EventStatus.PARKED, EventStatus.QUARANTINED),
    "under way": (EventStatus.RECEIVED, EventStatus.RUNNING, EventStatus.WAITING),
}
ORDERS = ("latest", "slowest")


def routes(house: House) -> list[Route]:
    """Return the route."""
    return [Route("/inbox", behind(house, Right.READ, partial(inbox, templates())))]


async def inbox(pages: Environment, house: House, request: Request, person: Person) -> Response:
    """List what came in since midnight by UTC: all, or what stands so; the latest first, or the slowest."""
    status, order = request.query_params.get("status", "all"), request.query_params.get("order", ORDERS[0])
    if status not in STANDS or order not in ORDERS:
        raise ProblemError(400, f"status is one of {', '.join(STANDS)}, order one of {', '.join(ORDERS)}")
    async with house.ledger.begin() as books:
        found = await books.lanes.came_in(house.today(), STANDS[status], slowest=order == "slowest", limit=SHOWN)
    entries = house.catalog.entries
    rows = [
        {
            **row._mapping,
            "what": entries[row.type].title if row.type in entries else "Unknown event",
            "run": house.run(row.flow_run_id),
        }
        for row in found
    ]
    around = shown(house, person, "Inbox")
    choices = {"status": status, "order": order, "stands": list(STANDS), "orders": ORDERS}
    return HTMLResponse(pages.get_template("inbox.html").render(around, rows=rows, **choices))
