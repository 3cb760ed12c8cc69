"""Signing in: a session in the ledger, a cookie that names it, and what every page and form asks of whoever sends it.

https://owasp.org/www-project-application-security-verification-standard/ (V3 sessions, V6 authentication, V8 authorization)
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lifecycle.roles import Right, may
from web.answers import ProblemError
from web.gateway.body import read_body
from web.house import House

COOKIE = "towline_session"
FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 200
NOBODY = PasswordHasher().hash(secrets.token_urlsafe())
"""What the password of an unknown login is compared with, so that the answer takes as long as for a known one."""
HASHING = asyncio.Semaphore(2)
"""Comparing takes 64 MiB and a core: many at once would starve those who send events."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody signed in."""

    login: str
    name: str
    roles: Collection[str]
    owners: Collection[str]
    form_token: str
    """What each of their forms carries; another site cannot know it."""

    def may(self, right: Right | str) -> bool:
        """Say whether they have a right."""
        return may(self.roles, Right(right))


Page = Callable[[House, Request, Person], Awaitable[Response]]


async def person_of(house: House, request: Request, *, is_here: bool = True) -> Person | None:
    """Return who sends this, None for nobody; their quarter of an hour begins anew, unless it is their page that asks by itself.

    Raises:
        RetryableError: the ledger is not there.
    """
    token = request.cookies.get(COOKIE, "")
    if not token:
        return None
    async with house.ledger.at_once() as books:
        row = await books.users.signed_in(_hashed(token), is_here=is_here)
    return Person(row.login, row.name, row.roles, row.owners, _form_token(token)) if row else None


def behind(house: House, right: Right, page: Page) -> Callable[[Request], Awaitable[Response]]:
    """Return a page that only people with this right see; who is not signed in does that first, and comes back."""

    async def answer(request: Request) -> Response:
        person = await person_of(house, request)
        if person is None:
            if request.method != "GET":
                raise ProblemError(401, "your session is over; sign in and do it again")
            back = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
            return RedirectResponse(f"/sign-in?next={quote(back)}", 303)
        if not person.may(right):
            raise ProblemError(403, f"this takes the right to {right}; your roles are {', '.join(person.roles)}")
        return await page(house, request, person)

    return answer


async def form_of(request: Request, person: Person | None) -> Mapping[str, str]:
    """Return a form that a page of ours has sent. Raises ProblemError for any other."""
    require_own_site(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise ProblemError(415, f"the content type must be {FORM}")
    try:
        fields = dict(parse_qsl((await read_body(request)).decode(), max_num_fields=MOST_FIELDS))
    except ValueError:
        raise ProblemError(400, "this is not a form of ours") from None
    if person and not hmac.compare_digest(fields.get("form_token", "").encode(), person.form_token.encode()):
        raise ProblemError(403, "this form is not of your session; load the page again")
    if any("\0" in value for value in fields.values()):
        raise ProblemError(400, "a field holds a NUL character")
    return fields


def require_own_site(request: Request) -> None:
    """Raise ProblemError for a form that another site has sent. https://www.w3.org/TR/fetch-metadata/"""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site not in (None, "same-origin", "none") or (origin and origin.partition("://")[2] != request.headers.get("host")):
        raise ProblemError(403, "forms are taken from this site only")


async def sign_in(house: House, login: str, password: str) -> str | None:
    """Return the token of a new session; None where login and password do not fit, or were tried too often."""
    async with HASHING, house.ledger.begin() as books:
        user = await books.users.to_sign_in(login)
        fits = await asyncio.to_thread(_fits, user.password_hash if user else NOBODY, password)
        if user is None:
            return None
        if not fits:
            await books.users.refused(login)
            return None
        token = secrets.token_urlsafe(32)
        await books.users.begin(_hashed(token), login)
        return token


async def sign_out(house: House, request: Request) -> None:
    """End the session that this request names."""
    async with house.ledger.begin() as books:
        await books.users.end(_hashed(request.cookies.get(COOKIE, "")))


def _fits(password_hash: str, password: str) -> bool:
    try:
        return PasswordHasher().verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _form_token(token: str) -> str:
    return hmac.digest(token.encode(), b"form", hashlib.sha256).hex()
