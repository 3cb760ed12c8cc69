"""The Data Docs that the nightly audit builds, for people. Only what stands in their folder is opened."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from web.answers import ProblemError
from web.house import House


def routes(house: House) -> list[Route]:
    """Return the route."""
    return [Route("/data-docs/{path:path}", partial(data_docs, house))]


async def data_docs(house: House, request: Request) -> Response:
    """Show a page, the first one without a name; only a file that the folder lists is opened, so no name leads out of it."""
    folder = house.settings.data_docs
    known = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    found = known.get(request.path_params["path"] or "index.html")
    if found is None:
        raise ProblemError(404, "there is no such page; `towline gates docs` builds the Data Docs, and so does every night")
    return FileResponse(found)
