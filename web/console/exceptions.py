"""What stopped: by cause, then each event of a cause, with the same three verbs for one and for many."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote
from uuid import UUID

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from contracts.errors import TowlineError
from contracts.runbooks import runbooks
from ledger.intake import leave
from ledger.replaying import Choice, Replay, replay
from lifecycle.causes import MEANS, Behind, Closing, producer_of
from lifecycle.roles import Right
from web.answers import ProblemError
from web.console.frame import shown, templates
from web.console.people import Person, behind, form_of
from web.house import House

SHOWN = 100
DAYS, TOP = 30, 10
PAGES = {
    Behind.EXPECTATION: "/data-docs/",
    Behind.CONTRACT: "/contracts",
    Behind.SHAPE: "/contracts/mapping",
    Behind.FIELD: "/contracts/systems",
    Behind.STEP: "/contracts/failures",
}
"""Where people look at what stands behind a cause."""
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
        causes, top = await books.exceptions.causes(), await books.exceptions.top(days=DAYS, limit=TOP)
        burn = await books.exceptions.burn()
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
    groups = [
        {**row._mapping, "age": house.age(row.oldest), "runbook": runbooks().of(row.cause, row.event_type)} for row in causes
    ]
    page = pages.get_template("exceptions.html")
    more = {
        "causes": groups, "cause": cause, "rows": listed, "may": person.may(Right.OPERATE), "told": told[:200], "closings": MEANS,
        "top": [_topmost(row) for row in top], "over": _over(house, burn), "days": DAYS,
    }  # fmt: skip
    return HTMLResponse(page.render(shown(house, person, "Exceptions") | more))


def _topmost(row: Any) -> Mapping[str, Any]:
    kind, name = producer_of(row.cause)
    because = MEANS[Closing(row.because)] if row.because else ""
    return {**row._mapping, "kind": kind, "name": name, "page": PAGES.get(kind), "because": because}


def _over(house: House, burn: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The owners whose budget of a week is used up."""
    owners = house.catalog.owners.owners
    used = [(owner, burn[key].week) for key, owner in owners.items() if key in burn]
    return [{"name": owner.name, "week": week, "budget": owner.budget} for owner, week in used if week > owner.budget]


async def act(house: House, request: Request, person: Person) -> Response:
    """Retry, resolve or ignore the events that were chosen; write down who did that and why."""
    fields = await form_of(request, person)
    verb, reason, cause = fields.get("verb", ""), fields.get("reason", "").strip(), fields.get("cause", "")
    if verb not in VERBS:
        raise ProblemError(400, f"an exception can be {', '.join(VERBS.values())}")
    if verb != "retry" and not reason:
        raise ProblemError(400, "say why: whoever comes later reads it")
    because = fields.get("because", "")
    if verb != "retry" and because not in set(Closing):
        raise ProblemError(400, "choose a cause of the list: it is counted")
    events = _chosen(fields)
    try:
        done = await _done(house, verb, events, Closing(because) if verb != "retry" else None)
    except TowlineError as error:
        raise ProblemError(409, error.text) from None
    async with house.ledger.begin() as books:
        for event in events:
            after = f"{VERBS[verb]}{f', {because}' * (verb != 'retry')}" if event in done else "as before"
            await books.users.note(person.login, verb, f"event {event}", reason=reason, before=cause or None, after=after)
    told = f"{len(done)} of {len(events)} {VERBS[verb]}"
    return RedirectResponse(f"/exceptions?told={quote(told)}", 303)


async def _done(house: House, verb: str, events: list[UUID], because: Closing | None) -> set[Any]:
    if because is None:
        prospects = await replay(house.ledger, house.catalog, Choice(events))
        return {one.event.id for one in prospects if one.becomes is Replay.GOES_ON}
    return await leave(house.ledger, events, closed_as=VERBS[verb], because=because)


def _chosen(fields: Any) -> list[UUID]:
    try:
        found = [UUID(name.removeprefix("event.")) for name in fields if name.startswith("event.")]
    except ValueError:
        raise ProblemError(400, "that is no event's id") from None
    if not found:
        raise ProblemError(400, "choose at least one")
    return found
