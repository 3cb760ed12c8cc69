"""What is tried against a console: planted sessions, forms that are too large, scripts in names, rights that are missing.

https://owasp.org/www-project-application-security-verification-standard/ (V3, V4, V7, V8)
"""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from ledger.database import Ledger
from lifecycle.roles import Role
from tests.cli.asking import ask, case_called, question
from tests.web.visitor import PASSWORD, Visitor, known
from web.console.people import COOKIE
from web.guard import HEADERS

SCRIPT = "<script>alert(1)</script>"
CASE = case_called("one")
PAGES = ("/", "/deals", f"/deals/{CASE}", "/exceptions", "/decisions", "/sign-in", "/runbooks/lead.md", "/console.css")
READ = {"/deals": 200, f"/deals/{CASE}": 200, "/exceptions": 200, "/decisions": 200}
ACTS = {"/exceptions": {Role.OPERATOR, Role.ADMINISTRATOR}, f"/decisions/{UUID(int=1)}": {Role.APPROVER}}


@pytest.fixture
async def visitor(client: httpx.AsyncClient, ledger: Ledger) -> Visitor:
    await ask(ledger, question(CASE, title=SCRIPT))
    return Visitor(client)


@pytest.mark.parametrize("role", [None, *Role])
async def test_each_route_is_open_to_the_roles_that_may_and_to_no_other(
    visitor: Visitor, ledger: Ledger, role: Role | None
) -> None:
    """Cell by cell: who has not signed in is sent to do so, and a form without the right is refused before it is read."""
    if role:
        await known(ledger, "paula", role)
        await visitor.sign_in("paula")
    found = {page: (await visitor.client.get(page)).status_code for page in READ}
    assert found == (READ if role else dict.fromkeys(READ, 303))
    for path, roles in ACTS.items():
        status = (await visitor.send(path, verdict="approve", by="head-of-sales")).status_code
        if role is None:
            assert status == 401
        elif role not in roles:
            assert status == 403, path
        elif path == "/exceptions":
            assert status == 400, "it was let in, and says nothing sensible"


async def test_a_session_that_somebody_has_planted_is_not_the_one_that_is_begun(visitor: Visitor, ledger: Ledger) -> None:
    """Given a cookie that an attacker has put into the browser, when somebody signs in, then it opens nothing."""
    await known(ledger, "vera", "viewer")
    planted = {"cookie": f"{COOKIE}=planted-by-somebody"}
    form = {"login": "vera", "password": PASSWORD}
    answer = await visitor.client.post("/sign-in", data=form, headers=planted)
    assert answer.status_code == 303
    assert "planted" not in answer.headers["set-cookie"]
    visitor.client.cookies.clear()
    assert (await visitor.client.get("/deals", headers=planted)).status_code == 303


async def test_each_signing_in_begins_another_session(visitor: Visitor, ledger: Ledger) -> None:
    await known(ledger, "vera", "viewer")
    tokens = set()
    for _ in range(2):
        await visitor.sign_in("vera")
        tokens.add(visitor.client.cookies[COOKIE])
    assert len(tokens) == 2


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/exceptions", f"/decisions/{UUID(int=1)}"])
async def test_a_form_that_is_too_large_is_refused(visitor: Visitor, ledger: Ledger, path: str) -> None:
    await known(ledger, "paula", *Role)
    await visitor.sign_in("paula")
    large = {"reason": "x" * 1_100_000, "form_token": await visitor.form_token()}
    assert (await visitor.client.post(path, data=large)).status_code == 413


async def test_a_script_in_a_name_is_text_on_every_page_that_shows_it(visitor: Visitor, ledger: Ledger) -> None:
    await known(ledger, "paula", *Role, owners=("head-of-sales",))
    async with ledger._engine.begin() as connection:
        await connection.execute(text("UPDATE cases SET title = :told, owner = :named"), {"told": SCRIPT, "named": SCRIPT})
        opened = "INSERT INTO exceptions (case_id, event_id, event_type, contract, cause, reason, route, owner) VALUES"
        values = {"case": CASE, "event": uuid4(), "told": SCRIPT}
        await connection.execute(text(f"{opened} (:case, :event, 'lead.qualified', '', 'c', :told, '', 'integration')"), values)
    await visitor.sign_in("paula")
    shown = 0
    for page in (*PAGES, "/exceptions?cause=c", f"/deals?q={SCRIPT}", f"/decisions?told={SCRIPT}"):
        body = (await visitor.client.get(page)).text
        assert SCRIPT not in body, page
        shown += "&lt;script&gt;" in body
    assert shown >= 5


@pytest.mark.parametrize("signed_in", [False, True])
async def test_every_page_tells_browsers_what_they_must_not_do(visitor: Visitor, ledger: Ledger, signed_in: bool) -> None:
    if signed_in:
        await known(ledger, "vera", "viewer")
        await visitor.sign_in("vera")
    for page in (*PAGES, "/nowhere", "/api/status", "/data-docs/nothing"):
        answer = await visitor.client.get(page, headers={"accept": "text/html"})
        missing = {name for name, value in HEADERS.items() if answer.headers.get(name) != value}
        assert missing == set(), page
