"""What waits for a person's decision, with its exact content, and the answer to it. A GET never decides."""

from __future__ import annotations

import hmac
from functools import partial
from typing import Any

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from contracts.errors import RefusedError
from ledger.deciding import decide
from lifecycle.decisions import OUTCOME, Verdict
from lifecycle.roles import Right
from web.answers import ProblemError
from web.api.shapes import approvers
from web.console.frame import shown, templates
from web.console.people import Person, behind, form_of
from web.house import House

DOOR = "console"


def routes(house: House) -> list[Route]:
    """Return the routes."""
    pages = templates()
    return [
        Route("/decisions", behind(house, Right.READ, partial(decisions, pages)), methods=["GET"]),
        Route("/decisions/{id:uuid}", behind(house, Right.DECIDE, answer), methods=["POST"]),
    ]


async def decisions(pages: Environment, house: House, request: Request, person: Person) -> Response:
    """Show what waits: first what this person may answer."""
    async with house.ledger.begin() as books:
        rows = await books.decisions.waiting()
    listed = [
        {**row._mapping, "mine": _hat(house, person, row), "whose": approvers(house.catalog.owners, row.kind, row.owner),
         "age": house.age(row.asked_at), "amount": (row.minor, row.currency)}
        for row in rows
    ]  # fmt: skip
    listed.sort(key=lambda one: not one["mine"])
    told = request.query_params.get("told", "")[:200]
    return HTMLResponse(pages.get_template("decisions.html").render(shown(house, person, "Decisions"), rows=listed, told=told))


async def answer(house: House, request: Request, person: Person) -> Response:
    """Take an answer to exactly the content that the page has shown; the first answer counts."""
    fields = await form_of(request, person)
    if fields.get("verdict") not in set(Verdict):
        raise ProblemError(400, "an answer is to approve or to reject")
    verdict, reason = Verdict(fields["verdict"]), fields.get("reason", "").strip()
    async with house.ledger.begin() as books:
        asked = (await books.decisions.get([request.path_params["id"]])).get(request.path_params["id"])
    if asked is None:
        raise ProblemError(404, "there is no such decision")
    if not hmac.compare_digest(fields.get("content", "").encode(), asked.content_hash.encode()):
        raise ProblemError(409, "the content is not what this page has shown; load it again")
    by = _hat(house, person, asked)
    if by is None:
        raise ProblemError(403, "you speak for nobody who may answer this, or the deal is your own")
    try:
        await decide(house.ledger, house.catalog, asked.id, verdict, by=by, door=DOOR, reason=reason)
    except RefusedError as error:
        raise ProblemError(409, error.text) from None
    async with house.ledger.begin() as books:
        before, after = {"state": asked.state}, {"state": OUTCOME[verdict], "by": by, "content": asked.content_hash}
        await books.users.note(person.login, verdict, f"decision {asked.id}", reason=reason, before=before, after=after)
    return RedirectResponse(f"/decisions?told={OUTCOME[verdict]}", 303)


def _hat(house: House, person: Person, row: Any) -> str | None:
    """For whom of the owners somebody may answer this; None for nobody."""
    if not person.may(Right.DECIDE):
        return None
    return next((owner for owner in approvers(house.catalog.owners, row.kind, row.owner) if owner in person.owners), None)
