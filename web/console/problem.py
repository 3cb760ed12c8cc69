"""What is told to a browser in the place of a page: why there is none, with the way on. Programs get problem documents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from contracts.errors import RetryableError
from web.answers import ProblemError, problem_of, problem_response
from web.console.frame import shown, templates
from web.console.people import person_of
from web.house import House


def in_words(house: House) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return the handler of problems: a page for whoever asks for one."""
    pages = templates()

    async def answer(request: Request, error: Exception) -> Response:
        error = problem_of(error) if isinstance(error, HTTPException) else error
        assert isinstance(error, ProblemError)  # noqa: S101  (registered for these two classes)
        if "text/html" not in request.headers.get("accept", ""):
            return problem_response(error)
        try:
            person = await person_of(house, request)
        except RetryableError:
            person = None
        around = shown(house, person, HTTPStatus(error.status).phrase)
        return HTMLResponse(pages.get_template("problem.html").render(around, detail=error.detail), error.status, error.headers)

    return answer
