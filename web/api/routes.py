"""The questions of `/api`, each behind the bearer token. Answers hold no payload: that is personal data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ledger.database import Books
from ledger.deciding import rules_of
from ledger.trace import effects_of
from lifecycle import keys
from lifecycle.decisions import Decision
from web.answers import Json, ProblemError
from web.api import shapes
from web.house import House

Ask = Callable[[House, Request, Books], Awaitable[object]]
MOST = 1000


def routes(house: House) -> list[Route]:
    """Return the routes."""
    questions: dict[str, Ask] = {
        "/api/events": event_of_sender,
        "/api/events/{id}": event,
        "/api/cases/{id}": case,
        "/api/exceptions": exceptions,
        "/api/decisions": decisions,
        "/api/gates": gates,
        "/api/status": status,
    }
    return [Route(path, _behind_token(house, ask)) for path, ask in questions.items()]


def _behind_token(house: House, ask: Ask) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        if not house.bears_token(request.headers.get("authorization", "")):
            raise ProblemError(401, "a valid bearer token is required", headers={"www-authenticate": "Bearer"})
        async with house.ledger.begin() as books:
            return Json(await ask(house, request, books))

    return answer


async def event(house: House, request: Request, books: Books) -> object:
    """Return an event by our id, with the effects of its path and its exceptions."""
    return await _event(books, _id_of(request))


async def event_of_sender(house: House, request: Request, books: Books) -> object:
    """Return an event by its sender's name for it."""
    source, external = request.query_params.get("source"), request.query_params.get("id")
    if not source or not external:
        raise ProblemError(400, "source and id are required")
    return await _event(books, keys.event_id(source, external))


async def _event(books: Books, event_id: UUID) -> object:
    found = await books.inbox.get([event_id])
    if not found:
        raise ProblemError(404, "no such event")
    return shapes.event(found[0], await effects_of(books, found[0]), await books.exceptions.of_event(event_id))


async def case(house: House, request: Request, books: Books) -> object:
    """Return a case with its events and documents; one whose first event still waits has no fields yet."""
    case_id = _id_of(request)
    events = await books.inbox.of_case(case_id)
    row = (await books.cases.get([case_id])).get(case_id)
    if row is None and not events:
        raise ProblemError(404, "no such case")
    documents = await books.documents.of_case(case_id, row.account_id if row else None)
    asked, entries = await books.decisions.of_case(case_id), await books.continuity.of_cases([case_id])
    return shapes.case(case_id, row, events, documents, await _decisions(house, books, asked), entries.get(case_id, ()))


async def exceptions(house: House, request: Request, books: Books) -> object:
    """Return open exceptions, the newest first, and all causes with how many deals each stops."""
    rows = await books.exceptions.latest(limit=_limit(request), cause=_text(request.query_params.get("cause")))
    return {
        "exceptions": [shapes.exception(row) for row in rows],
        "causes": [shapes.cause(row) for row in await books.exceptions.causes()],
    }


async def decisions(house: House, request: Request, books: Books) -> object:
    """Return what waits for a person's decision, the oldest first; with a case all that it was asked, or those of a state."""
    state, case_id = _state(request), request.query_params.get("case")
    if case_id is None and state is not Decision.WAITING:
        raise ProblemError(400, "name the case: without one only what is waiting can be listed")
    rows = await books.decisions.waiting(limit=_limit(request)) if case_id is None else await _asked(books, case_id, state)
    return {"decisions": await _decisions(house, books, rows)}


async def _decisions(house: House, books: Books, rows: Sequence[Row[Any]]) -> list[shapes.Shown]:
    answers = await books.decisions.answers([row.id for row in rows])
    return [shapes.decision(row, answers[row.id], rules_of(house.catalog, row)) for row in rows]


def _state(request: Request) -> Decision | None:
    """The state that is asked for; without one it is what waits, and of a case everything."""
    wanted = request.query_params.get("state")
    if wanted is None:
        return None if "case" in request.query_params else Decision.WAITING
    if wanted not in set(Decision):
        raise ProblemError(400, f"state must be one of {', '.join(Decision)}")
    return Decision(wanted)


async def _asked(books: Books, case_id: str, state: Decision | None) -> Sequence[Row[Any]]:
    return [row for row in await books.decisions.of_case(_uuid(case_id)) if state in (None, row.state)]


async def gates(house: House, request: Request, books: Books) -> object:
    """Return what the quality gates said last, the newest first; a verdict holds no value of the deals it was about."""
    return {"gates": [shapes.gate(row) for row in await books.gates.latest(limit=_limit(request))]}


async def status(house: House, request: Request, books: Books) -> object:
    """Return the open work, cases by stage, causes of exceptions, what is paused or down, and what is left of vendors' limits."""
    return {
        "ready": True,
        "paused": [shapes.paused(row) for row in await books.switches.open()],
        "outages": [shapes.outage(row) for row in await books.circuits.open()],
        "work": [shapes.work(row, house.age(row.oldest)) for row in await books.inbox.open_work()],
        "cases": {row.stage: row.cases for row in await books.cases.count()},
        "causes": [shapes.cause(row) for row in await books.exceptions.causes()],
        "budgets": [shapes.budget(row) for row in await books.budgets.standing()],
    }


def _limit(request: Request) -> int:
    limit = request.query_params.get("limit", "100")
    if not (limit.isdecimal() and limit.isascii() and 1 <= int(limit[:9]) <= MOST):
        raise ProblemError(400, f"limit must be 1 to {MOST}")
    return int(limit)


def _id_of(request: Request) -> UUID:
    return _uuid(request.path_params["id"])


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ProblemError(404, "that is not an id of ours") from None


def _text(value: str | None) -> str | None:
    """PostgreSQL compares no text that it cannot hold."""
    if value is not None and "\0" in value:
        raise ProblemError(400, "cause holds a NUL character")
    return value
