"""What is agreed, for people: contract versions, what is in force and who made it so, the system contract, the matrices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from jinja2 import Environment
from markdown_it import MarkdownIt
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from contracts.catalog import Catalog
from contracts.changes import differences
from contracts.errors import RefusedError
from contracts.event import CONTRACTS
from contracts.mapped import COLUMNS, rows
from contracts.page import page as system_contract
from contracts.released import schema_of
from contracts.runbooks import runbooks
from ledger.changes import state_of
from lifecycle import matrix
from lifecycle.roles import Right
from web.answers import Json, ProblemError
from web.console.frame import shown, templates
from web.console.people import Person, behind
from web.house import House

SHOWN = 50
PARTS: Mapping[str, tuple[str, Callable[[Catalog], str]]] = {
    "systems": ("System contract", system_contract),
    "failures": ("Failure matrix", lambda _: f"# The failure matrix\n\n{matrix.page()}"),
    "mapping": ("Mapping matrix", lambda _: _mapping()),
}
"""What the command line prints, too, in Markdown: by its address the title and the text."""


def routes(house: House) -> list[Route]:
    """Return the routes."""
    pages = templates()
    return [
        Route("/contracts", behind(house, Right.READ, partial(overview, pages))),
        Route("/contracts/changes/{number:int}", behind(house, Right.READ, partial(change, pages))),
        Route("/contracts/schemas/{event}/{version:int}", behind(house, Right.READ, schema)),
        Route("/contracts/{part}", behind(house, Right.READ, partial(text, pages))),
    ]


async def overview(pages: Environment, house: House, _request: Request, person: Person) -> Response:
    """Show the contract versions with their owners, runbooks and gates, and the changes of what is agreed."""
    async with house.ledger.begin() as books:
        history = await books.changes.history(limit=SHOWN)
        in_force = await books.changes.in_force()
    told = {
        "events": [_event(house, event, versions) for event, versions in CONTRACTS.items() if event in house.catalog.entries],
        "changes": [_change(row) for row in history],
        "in_force": _change(in_force) if in_force else None,
        "parts": {name: title for name, (title, _) in PARTS.items()},
    }
    return HTMLResponse(pages.get_template("contracts.html").render(shown(house, person, "Contracts") | told))


async def change(pages: Environment, house: House, request: Request, person: Person) -> Response:
    """Show one change value by value."""
    try:
        async with house.ledger.begin() as books:
            row = await books.changes.get(request.path_params["number"])
            found = differences(await books.changes.before(row), row.texts)
    except RefusedError as error:
        raise ProblemError(404, error.text) from None
    page = pages.get_template("contract_change.html")
    return HTMLResponse(page.render(shown(house, person, f"Change {row.id}"), change=_change(row), differences=found))


async def schema(_house: House, request: Request, _person: Person) -> Response:
    """Return the JSON Schema of a contract version."""
    event, version = request.path_params["event"], request.path_params["version"]
    found = CONTRACTS.get(event, {}).get(version)
    if found is None:
        raise ProblemError(404, "there is no such contract")
    return Json(schema_of(f"{event}/{version}", found), media_type="application/schema+json")


async def text(pages: Environment, house: House, request: Request, person: Person) -> Response:
    """Show what the command line prints in Markdown, as a page."""
    title, make = PARTS.get(request.path_params["part"], ("", None))
    if make is None:
        raise ProblemError(404, "there is no such part of the contracts")
    content = MarkdownIt("commonmark", {"html": False}).enable("table").render(make(house.catalog))
    return HTMLResponse(pages.get_template("contract_text.html").render(shown(house, person, title), content=content))


def _event(house: House, event: str, versions: Mapping[int, Any]) -> Mapping[str, Any]:
    entry, owners = house.catalog[event], house.catalog.owners.owners
    three = (entry.process_owner, entry.integration_owner, entry.application_owner)
    return {
        "event": event, "title": entry.title, "versions": sorted(versions), "newest": entry.contract, "flow": entry.flow,
        "owners": [owners[one].name for one in three], "runbook": runbooks().of("", event),
    }  # fmt: skip


def _change(row: Row[Any]) -> Mapping[str, Any]:
    names = ("id", "author", "reason", "proposed_at", "takes_effect_at", "approved_by", "approved_at", "fingerprint")
    return {name: getattr(row, name) for name in names} | {"state": state_of(row)}


def _mapping() -> str:
    lines = [f"| {' | '.join(one.values())} |" for one in rows()]
    return "\n".join(["# The mapping matrix", "", f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS), *lines])
