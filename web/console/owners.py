"""Who answers for what in three layers, what about that is not clear, and how much of each owner's budget is used."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from lifecycle.ownership import Layer, conflicts, places
from lifecycle.roles import Right
from web.console.frame import shown, templates
from web.console.people import Person, behind
from web.house import House


def routes(house: House) -> list[Route]:
    """Return the route."""
    return [Route("/owners", behind(house, Right.READ, partial(owners, templates())))]


async def owners(pages: Environment, house: House, _request: Request, person: Person) -> Response:
    """Show the queue of conflicts, each owner's budget and people, and the matrix."""
    async with house.ledger.begin() as books:
        users, claims, burn = await books.users.everybody(), await books.claims.open(), await books.exceptions.burn()
    found = [
        {"trouble": one.trouble, "says": one.says, "number": one.number, "age": house.age(one.since) if one.since else None}
        for one in conflicts(house.catalog, users, claims)
    ]
    told = {
        "conflicts": found,
        "owners": [_owner(house, key, users, burn) for key in house.catalog.owners.owners],
        "layers": list(Layer),
        "places": places(house.catalog),
    }
    return HTMLResponse(pages.get_template("owners.html").render(shown(house, person, "Owners") | told))


def _owner(house: House, key: str, users: Any, burn: Mapping[str, Any]) -> Mapping[str, Any]:
    owner, used = house.catalog.owners.owners[key], burn.get(key)
    week = used.week if used else 0
    return {
        "key": key, "name": owner.name, "channel": owner.channel, "approves": owner.approves, "budget": owner.budget,
        "people": [user.name for user in users if key in user.owners and not user.disabled_at],
        "week": week, "open": used.open if used else 0, "is_over": week > owner.budget,
    }  # fmt: skip
