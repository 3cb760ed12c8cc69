"""What waits for a person's decision, with its exact content, and the answer to it. A GET never decides."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from jinja2 import Environment
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from contracts.errors import RefusedError
from ledger.deciding import answers_of, decide, rules_of
from lifecycle.decisions import StandIn, Verdict, said
from lifecycle.roles import Right
from web.answers import ProblemError
from web.console.frame import shown, templates
from web.console.people import Person, behind, form_of
from web.house import House

DOOR = "console"
STATUS = {"decision.unknown": 404, "decision.not_an_approver": 403, "decision.own_deal": 403}


def routes(house: House) -> list[Route]:
    """Return the routes."""
    pages = templates()
    return [
        Route("/decisions", behind(house, Right.READ, partial(decisions, pages)), methods=["GET"]),
        Route("/decisions/{id:uuid}", behind(house, Right.DECIDE, answer), methods=["POST"]),
    ]


async def decisions(pages: Environment, house: House, request: Request, person: Person) -> Response:
    """Show what waits: first what this person may answer, and for whom they stand in."""
    async with house.ledger.begin() as books:
        rows = await books.decisions.waiting()
        answers = await books.decisions.answers([row.id for row in rows])
        stand_ins = await books.delegations.stand_ins()
    listed = [_shown(house, person, row, answers[row.id], stand_ins) for row in rows]
    listed.sort(key=lambda one: not one["mine"])
    told, mine = request.query_params.get("told", "")[:200], [one for one in stand_ins if one.stand_in in person.owners]
    page = pages.get_template("decisions.html")
    return HTMLResponse(page.render(shown(house, person, "Decisions"), rows=listed, told=told, stands_in=mine))


async def answer(house: House, request: Request, person: Person) -> Response:
    """Take an answer to exactly the content that the page has shown."""
    fields = await form_of(request, person)
    if fields.get("verdict") not in set(Verdict):
        raise ProblemError(400, "an answer is to approve or to reject")
    decision, by = request.path_params["id"], fields.get("by", "")
    if by not in person.owners:
        raise ProblemError(403, "you answer only in the name of an owner that you speak for")
    answer = {"content": fields.get("content", ""), "reason": fields.get("reason", "").strip()}
    who: dict[str, Any] = {"by": by, "login": person.login, "owners": person.owners}
    try:
        taken = await decide(house.ledger, house.catalog, decision, Verdict(fields["verdict"]), door=DOOR, **answer, **who)
    except RefusedError as error:
        raise ProblemError(STATUS.get(error.cause, 409), error.text) from None
    return RedirectResponse(f"/decisions?told={quote(taken.text)}", 303)


def _shown(
    house: House, person: Person, row: Row[Any], answers: Sequence[Row[Any]], stand_ins: Sequence[StandIn]
) -> dict[str, Any]:
    rules, given = rules_of(house.catalog, row), answers_of(answers)
    hats = person.owners if person.may(Right.DECIDE) else ()
    return {
        **row._mapping,
        "mine": rules.hat_of(hats, person.owners, person.login, stand_ins, given),
        "whose": rules.approvers,
        "others": [one for one in stand_ins if one.approver in rules.approvers],
        "given": said(given),
        "approved": rules.policy.quorum - rules.missing(given),
        "quorum": rules.policy.quorum,
        "turn": rules.turn(row.turns),
        "turn_age": house.age(row.turned_at) if row.turned_at else 0.0,
        "age": house.age(row.asked_at),
        "amount": (row.minor, row.currency),
    }
