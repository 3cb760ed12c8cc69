"""The runbooks as pages, for whoever follows an alert: the list with what is open, and each one's text, also without a ledger."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from jinja2 import Environment
from markdown_it import MarkdownIt
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from contracts.errors import RetryableError
from contracts.runbooks import Runbook, Runbooks, runbooks
from web.answers import ProblemError
from web.console.frame import shown, templates
from web.console.people import person_of
from web.house import House


def routes(house: House) -> list[Route]:
    """Return the routes. Raises FileError: a runbook is wrong."""
    pages, known = templates(), runbooks()
    return [
        Route("/runbooks", partial(overview, house, known, pages)),
        Route("/runbooks/{name}", partial(runbook, known, pages)),
    ]


async def overview(house: House, known: Runbooks, pages: Environment, request: Request) -> Response:
    """List the runbooks with what each is for, whether its rules have changed since, and how much is open that leads to it."""
    person, waiting = None, None
    try:
        person = await person_of(house, request)
        async with house.ledger.begin() as books:
            waiting = known.count(await books.exceptions.causes())
    except RetryableError:
        pass  # they are needed most while the ledger is down
    rows = [_row(house, known, one, waiting) for one in known.found.values()]
    return HTMLResponse(pages.get_template("runbooks.html").render(shown(house, person, "Runbooks"), rows=rows))


async def runbook(known: Runbooks, pages: Environment, request: Request) -> Response:
    """Show one runbook; only a name that is known is opened, so no name leads out of the folder."""
    files = {one.file: one for one in known.found.values()}
    found = files.get(request.path_params["name"])
    if found is None:
        raise ProblemError(404, "there is no such runbook")
    page = pages.get_template("runbook.html")
    text, outdated = _rendered(found.body), known.outdated(found)
    return HTMLResponse(page.render(runbook=found, outdated=outdated, page=text, others=list(files)))


def _row(house: House, known: Runbooks, one: Runbook, waiting: Counter[str] | None) -> dict[str, Any]:
    owner = house.catalog.owners.owners[one.owner].name
    return {"book": one, "owner": owner, "for": known.failures(one), "outdated": known.outdated(one),
            "open": waiting[one.name] if waiting is not None else "not known"}  # fmt: skip


def _rendered(text: str) -> str:
    """Markdown as HTML; HTML inside it is shown as text. What is too wide for a phone can be scrolled by keyboard."""
    page = str(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))
    return page.replace("<pre>", '<pre tabindex="0">')
