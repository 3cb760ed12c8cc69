"""Who signs in, who does not, for how long; and that no form counts that another site, or nobody, has sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx
import pytest
from sqlalchemy import text

from ledger.database import Ledger
from lifecycle.roles import MAY, Right, Role, may
from tests.web.sender import URL, gateway
from tests.web.visitor import PASSWORD, Visitor, known
from web.console.people import COOKIE

PAGES = (
    "/deals",
    "/exceptions",
    "/decisions",
    "/documents",
    "/documents/orphans",
    "/contracts",
    "/owners",
    "/systems",
    "/stuck",
    "/inbox",
    "/deals/00000000-0000-0000-0000-000000000001",
)


@pytest.fixture
async def visitor(client: httpx.AsyncClient, ledger: Ledger) -> Visitor:
    await known(ledger, "vera", "viewer")
    return Visitor(client)


async def sql(ledger: Ledger, statement: str) -> Sequence[tuple[object, ...]]:
    async with ledger._engine.begin() as connection:
        answer = await connection.execute(text(statement))
        return [tuple(row) for row in answer.all()] if answer.returns_rows else []


@pytest.mark.parametrize("page", PAGES)
async def test_a_page_about_deals_sends_nobody_to_sign_in_and_back(visitor: Visitor, page: str) -> None:
    answer = await visitor.client.get(f"{page}?q=1")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={page}%3Fq%3D1")


async def test_whoever_signs_in_sees_the_page_that_they_wanted_and_signs_out(visitor: Visitor) -> None:
    answer = await visitor.sign_in("vera", back="/deals?q=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/deals?q=1")
    cookie = answer.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=lax", "path=/"))
    assert (await visitor.client.get("/deals")).status_code == 200
    assert "Vera of Towline" in (await visitor.client.get("/")).text
    await visitor.send("/sign-out")
    assert (await visitor.client.get("/deals")).status_code == 303


async def test_a_session_that_was_ended_is_over_for_whoever_kept_its_cookie(visitor: Visitor) -> None:
    await visitor.sign_in("vera")
    kept = f"{COOKIE}={visitor.client.cookies[COOKIE]}"
    await visitor.send("/sign-out")
    assert (await visitor.client.get("/deals", headers={"cookie": kept})).status_code == 303


async def test_over_https_the_cookie_goes_over_https_only(ledger: Ledger) -> None:
    await known(ledger, "vera", "viewer")
    async with gateway(ledger, public_url="https://towline.example") as client:
        answer = await client.post("/sign-in", data={"login": "vera", "password": PASSWORD})
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(("login", "password"), [("vera", "wrong"), ("nobody", PASSWORD), ("", ""), ("vera", "x" * 2000)])
async def test_a_wrong_password_and_an_unknown_login_are_told_alike(visitor: Visitor, login: str, password: str) -> None:
    answer = await visitor.sign_in(login, password)
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
    assert "do not fit" in answer.text
    assert PASSWORD not in answer.text


async def test_after_five_wrong_passwords_the_right_one_waits_a_quarter_of_an_hour(visitor: Visitor, ledger: Ledger) -> None:
    tried = await asyncio.gather(*(visitor.sign_in("vera", "wrong") for _ in range(8)))
    assert {answer.status_code for answer in tried} == {401}
    assert await sql(ledger, "SELECT failures FROM users") == [(5,)], "those given while it is closed are not looked at"
    assert (await visitor.sign_in("vera")).status_code == 401
    await sql(ledger, "UPDATE users SET closed_until = now()")
    assert (await visitor.sign_in("vera")).status_code == 303


@pytest.mark.parametrize("column", ["seen_at = now() - interval '15 min 1 s'", "begun_at = now() - interval '12 h 1 s'"])
async def test_a_session_ends_when_nobody_is_there_and_after_half_a_day(visitor: Visitor, ledger: Ledger, column: str) -> None:
    await visitor.sign_in("vera")
    await sql(ledger, f"UPDATE sessions SET {column}")  # noqa: S608
    assert (await visitor.client.get("/deals")).status_code == 303


async def test_who_is_there_stays_signed_in(visitor: Visitor, ledger: Ledger) -> None:
    await visitor.sign_in("vera")
    await sql(ledger, "UPDATE sessions SET seen_at = now() - interval '14 min'")
    await visitor.client.get("/deals")
    assert await sql(ledger, "SELECT seen_at > now() - interval '1 min' FROM sessions") == [(True,)]


async def test_who_is_disabled_or_changed_is_signed_out_at_once(visitor: Visitor, ledger: Ledger) -> None:
    await visitor.sign_in("vera")
    async with ledger.begin() as books:
        await books.users.change("vera", {"roles": ["operator"]})
    assert (await visitor.client.get("/deals")).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"}, {"origin": "null"}],
)
async def test_a_form_of_another_site_changes_nothing(visitor: Visitor, headers: dict[str, str]) -> None:
    await visitor.sign_in("vera")
    token = await visitor.form_token()
    answer = await visitor.client.post("/sign-out", data={"form_token": token}, headers=headers)
    assert answer.status_code == 403
    assert (await visitor.client.get("/deals")).status_code == 200


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
async def test_a_form_without_the_token_of_its_session_changes_nothing(visitor: Visitor, token: str) -> None:
    await visitor.sign_in("vera")
    assert (await visitor.client.post("/sign-out", data={"form_token": token})).status_code == 403
    assert (await visitor.client.get("/deals")).status_code == 200


@pytest.mark.parametrize("body", [b"\xff\xfe", b"&".join(b"a=1" for _ in range(300)), b"form_token=%00"])
async def test_what_is_no_form_is_refused(visitor: Visitor, body: bytes) -> None:
    await visitor.sign_in("vera")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert (await visitor.client.post("/sign-out", content=body, headers=headers)).status_code in (400, 403)
    assert (await visitor.client.post("/sign-out", json={})).status_code == 415


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/a\r\nset-cookie: a=1"])
async def test_nobody_is_led_out_of_the_house(visitor: Visitor, path: str) -> None:
    assert (await visitor.sign_in("vera", back=path)).headers["location"] == "/"


def test_what_each_role_may_do_is_one_table() -> None:
    table = {role: {right for right in Right if may([role], right)} for role in Role}
    assert table == {
        Role.VIEWER: {Right.READ},
        Role.OPERATOR: {Right.READ, Right.OPERATE},
        Role.APPROVER: {Right.READ, Right.DECIDE},
        Role.ADMINISTRATOR: {Right.READ, Right.OPERATE},
    }
    assert set(MAY) == set(Right)


async def test_forms_go_only_to_this_site_and_pages_are_kept_nowhere(client: httpx.AsyncClient) -> None:
    headers = (await client.get("/sign-in")).headers
    assert "form-action 'self'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert URL not in headers["content-security-policy"]
