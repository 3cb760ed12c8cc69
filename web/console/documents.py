"""The document index: which one is current, who approved it, what it supports; what was changed past us; what belongs nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from jinja2 import Environment
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route as Address

from contracts.errors import RefusedError
from contracts.systems import Route
from ledger.routing import open_one, take_over
from lifecycle.reconciling import RECORD, IncidentState
from lifecycle.roles import Right
from web.answers import ProblemError
from web.console.frame import shown, templates
from web.console.people import Person, behind, form_of
from web.house import House

SHOWN = 100
LONGEST_SEARCH = 100
TAKE_OVER, PUT_BACK = "take-over", "put-back"
TOLD = {TAKE_OVER: "a new version is drafted and asked about", PUT_BACK: "it is locked as soon as the approved text is back"}


def routes(house: House) -> list[Address]:
    """Return the routes."""
    pages = templates()
    return [
        Address("/documents", behind(house, Right.READ, partial(documents, pages)), methods=["GET"]),
        Address("/documents/orphans", behind(house, Right.READ, partial(orphans, pages)), methods=["GET"]),
        Address("/documents/changes/{number:int}", behind(house, Right.OPERATE, answer), methods=["POST"]),
    ]


async def documents(pages: Environment, house: House, request: Request, person: Person) -> Response:
    """Show what was changed past us, then the current documents, newest or searched."""
    wanted = request.query_params.get("q", "").replace("\0", "")[:LONGEST_SEARCH].strip()
    async with house.ledger.begin() as books:
        rows = await books.documents.index(wanted, limit=SHOWN + 1)
        changed = await books.documents.changed(limit=SHOWN)
    told = {
        "q": wanted, "rows": rows[:SHOWN], "more": len(rows) > SHOWN,
        "changed": [_changed(house, row) for row in changed], "may": _hat(house, person) is not None,
        "told": TOLD.get(request.query_params.get("told", "")),
    }  # fmt: skip
    return HTMLResponse(pages.get_template("documents.html").render(shown(house, person, "Documents") | told))


async def orphans(pages: Environment, house: House, _request: Request, person: Person) -> Response:
    """Show documents in no case, and cases without their document; on a page of its own, because it looks through all of them."""
    async with house.ledger.begin() as books:
        without, missing = await books.documents.without_case(limit=SHOWN), await books.documents.missing(limit=SHOWN)
    page = pages.get_template("documents_orphans.html")
    return HTMLResponse(page.render(shown(house, person, "Orphans"), without=without, missing=missing))


async def answer(house: House, request: Request, person: Person) -> Response:
    """Make a change of an approved document a new version, or have it locked as it was approved; write down who said so."""
    fields, number = await form_of(request, person), request.path_params["number"]
    verb, reason, by = fields.get("verb", ""), fields.get("reason", "").strip(), _hat(house, person)
    if verb not in TOLD:
        raise ProblemError(400, "a change of a document is taken over as a new version, or put back")
    if by is None:
        raise ProblemError(403, "you speak for none of the owners, who alone decide about a change")
    try:
        async with house.ledger.begin(wake=True) as books:
            change = await open_one(books, house.catalog.owners, number, by)
            if change.kind != "document" or change.field == RECORD:
                raise ProblemError(409, "that is no change of a document's text")
            if verb == TAKE_OVER:
                await take_over(books, house.catalog, change, by=by)
            else:
                await books.incidents.reroute([number], Route.PUT_BACK, by=by)
            after = {"state": IncidentState.TAKEN_OVER if verb == TAKE_OVER else Route.PUT_BACK, "by": by}
            before = {"approved": change.our_hash, "found": change.found_hash}
            await books.users.note(person.login, verb, f"incident {number}", reason=reason, before=before, after=after)
    except RefusedError as error:
        raise ProblemError(409, error.text) from None
    return RedirectResponse(f"/documents?told={verb}", 303)


def _hat(house: House, person: Person) -> str | None:
    """As whom of the owners somebody decides about a change; None for nobody."""
    if not person.may(Right.OPERATE):
        return None
    return next((owner for owner in person.owners if owner in house.catalog.owners.owners), None)


def _changed(house: House, row: Row[Any]) -> Mapping[str, Any]:
    return {**row._mapping, "gone": row.field == RECORD, "age": house.age(row.changed_at or row.seen_at)}
