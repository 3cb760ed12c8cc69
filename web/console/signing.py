"""The pages for signing in and out."""

from __future__ import annotations

from functools import partial

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from web.console.frame import shown, templates
from web.console.people import COOKIE, form_of, person_of, sign_in, sign_out
from web.house import House

REFUSED = "Login and password do not fit, or there were too many tries: wait a quarter of an hour."
LONGEST_PASSWORD = 1024


def routes(house: House) -> list[Route]:
    """Return the routes."""
    pages = templates()
    return [
        Route("/sign-in", partial(form, house, pages), methods=["GET"]),
        Route("/sign-in", partial(begin, house, pages), methods=["POST"]),
        Route("/sign-out", partial(end, house), methods=["POST"]),
    ]


async def form(house: House, pages: Environment, request: Request) -> Response:
    """Ask who it is."""
    back = _own_page(request.query_params.get("next", ""))
    return HTMLResponse(pages.get_template("sign_in.html").render(shown(house, None, "Sign in"), back=back, refused="", login=""))


async def begin(house: House, pages: Environment, request: Request) -> Response:
    """Begin a session, and show the page that was wanted."""
    fields = await form_of(request, None)
    back, login, password = _own_page(fields.get("next", "")), fields.get("login", ""), fields.get("password", "")
    token = await sign_in(house, login, password) if len(password) <= LONGEST_PASSWORD else None
    if token is None:
        page = pages.get_template("sign_in.html")
        return HTMLResponse(page.render(shown(house, None, "Sign in"), back=back, refused=REFUSED, login=login), 401)
    answer = RedirectResponse(back, 303)
    is_https = (house.settings.public_url or "").startswith("https:")
    answer.set_cookie(COOKIE, token, path="/", httponly=True, samesite="lax", secure=is_https)
    return answer


async def end(house: House, request: Request) -> Response:
    """End a session."""
    person = await person_of(house, request)
    if person:
        await form_of(request, person)
        await sign_out(house, request)
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


def _own_page(path: str) -> str:
    """Only a path of this house is gone to: an address could lead anywhere."""
    return path if path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable() else "/"
