"""What stopped: by cause, then each event of a cause, with the same three verbs for one and for many."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import quote
from uuid import UUID

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from contracts.errors import TowlineError
from ledger.intake import leave
from ledger.replaying import Choice, Replay, replay
from lifecycle.roles import Right
from web.answers import ProblemError
from web.console.frame import shown, templates
from web.console.people import Person, behind, form_of
from web.house import House

SHOWN = 100
VERBS = {"retry": "retried", "resolve": "resolved by hand", "ignore": "ignored"}


def routes(house: House) -> list[Route]:
    """Return the routes."""
    pages = templates()
    return [
        Route("/exceptions", behind(house, Right.READ, partial(exceptions, pages)), methods=["GET"]),
        Route("/exceptions", behind(house, Right.OPERATE, act), methods=["POST"]),
    ]


async def exceptions(pages: Environment, house: House, request: Request, person: Person) -> Response:
    """Show the causes, or what stopped for one of them."""
    cause, told = request.query_params.get("cause"), request.query_params.get("told", "")
    async with house.ledger.begin() as books:
        causes = await books.exceptions.causes()
        rows = await books.exceptions.latest(limit=SHOWN, cause=cause.replace("\0", "")) if cause else []
        titles = {key: row.title for key, row in (await books.cases.get({row.case_id for row in rows if row.case_id})).items()}
    listed = [
        {
            **row._mapping,
            "deal": titles.get(row.case_id),
            "age": house.age(row.opened_at),
            "amount": (row.amount_minor, row.currency),
        }
        for row in rows
    ]
    groups = [{**row._mapping, "age": house.age(row.oldest)} for row in causes]
    page = pages.get_template("exceptions.html")
    may = person.may(Right.OPERATE)
    return HTMLResponse(
        page.render(shown(house, person, "Exceptions"), causes=groups, cause=cause, rows=listed, may=may, told=told[:200])
    )


async def act(house: House, request: Request, person: Person) -> Response:
    """Retry, resolve or ignore the events that were chosen; write down who did that and why."""
    fields = await form_of(request, person)
    verb, reason, cause = fields.get("verb", ""), fields.get("reason", "").strip(), fields.get("cause", "")
    if verb not in VERBS:
        raise ProblemError(400, f"an exception can be {', '.join(VERBS.values())}")
    if verb != "retry" and not reason:
        raise ProblemError(400, "say why: whoever comes later reads it")
    events = _chosen(fields)
    try:
        done = await _done(house, verb, events)
    except TowlineError as error:
        raise ProblemError(409, error.text) from None
    async with house.ledger.begin() as books:
        for event in events:
            after = VERBS[verb] if event in done else "as before"
            await books.users.note(person.login, verb, f"event {event}", reason=reason, before=cause or None, after=after)
    told = f"{len(done)} of {len(events)} {VERBS[verb]}"
    return RedirectResponse(f"/exceptions?told={quote(told)}", 303)


async def _done(house: House, verb: str, events: list[UUID]) -> set[Any]:
    if verb == "retry":
        prospects = await replay(house.ledger, house.catalog, Choice(events))
        return {one.event.id for one in prospects if one.becomes is Replay.GOES_ON}
    return await leave(house.ledger, events, closed_as=VERBS[verb])


def _chosen(fields: Any) -> list[UUID]:
    try:
        found = [UUID(name.removeprefix("event.")) for name in fields if name.startswith("event.")]
    except ValueError:
        raise ProblemError(400, "that is no event's id") from None
    if not found:
        raise ProblemError(400, "choose at least one")
    return found
