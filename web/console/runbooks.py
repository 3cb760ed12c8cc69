"""The runbooks of docs/runbooks as pages, for whoever follows an alert. Knows no ledger: they must open when it is down."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from jinja2 import Environment
from markdown_it import MarkdownIt
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from web.answers import ProblemError
from web.console.frame import templates
from web.house import House

FOLDER = Path(__file__).parent.parent.parent / "docs" / "runbooks"


def routes(_house: House) -> list[Route]:
    """Return the route."""
    return [Route("/runbooks/{name}", partial(runbook, templates()))]


async def runbook(pages: Environment, request: Request) -> Response:
    """Show one runbook; only a name that the folder lists is opened, so no name leads out of it."""
    known = {path.name: path for path in FOLDER.glob("*.md")}
    found = known.get(request.path_params["name"])
    if found is None:
        raise ProblemError(404, "there is no such runbook")
    page = _rendered(found.read_text(encoding="utf-8"))
    others = sorted(known)
    return HTMLResponse(pages.get_template("runbook.html").render(name=found.stem, page=page, others=others))


def _rendered(text: str) -> str:
    """Markdown as HTML; HTML inside it is shown as text. What is too wide for a phone can be scrolled by keyboard."""
    page = str(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))
    return page.replace("<pre>", '<pre tabindex="0">')
