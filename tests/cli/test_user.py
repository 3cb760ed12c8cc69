"""People are let in to the console on the command line; a password is never shown, kept or typed as an argument."""

from __future__ import annotations

import io

import pytest
from argon2 import PasswordHasher

from tests.cli.conftest import Look, Towline

PASSWORD = "correct horse battery"
ADD = ("user", "add", "ada", "--name", "Ada", "--role", "operator", "--role", "approver", "--for", "head-of-sales")


@pytest.fixture(autouse=True)
def given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))


def test_somebody_is_added_changed_and_disabled(towline: Towline, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    said = towline(*ADD)
    assert (said.code, said.err, said.out) == (0, "", "ada may sign in\n")
    (row,) = towline("user", "list", "--json").json
    assert row == {
        "login": "ada",
        "name": "Ada",
        "roles": ["operator", "approver"],
        "owners": ["head-of-sales"],
        "disabled_at": None,
    }
    assert towline("user", "change", "ada", "--role", "viewer").code == 0
    assert towline("user", "disable", "ada").code == 0
    (row,) = towline("user", "list", "--json").json
    assert (row["roles"], row["owners"], row["disabled_at"] is not None) == (["viewer"], [], True)
    monkeypatch.setattr("sys.stdin", io.StringIO("another horse battery\n"))
    assert towline("user", "password", "ada").code == 0

    async def kept(ledger: object) -> str:
        async with ledger.begin() as books:  # type: ignore[attr-defined]
            return str((await books.users.everybody())[0].password_hash)

    assert PasswordHasher().verify(look(kept), "another horse battery")


@pytest.mark.parametrize(
    ("arguments", "password", "why"),
    [
        (ADD, "short", "at least 12 characters"),
        (ADD, "", "at least 12 characters"),
        ((*ADD[:-1], "nobody"), PASSWORD, "nobody is nobody in contracts/owners.yaml"),
        (("user", "add", " ", *ADD[3:]), PASSWORD, "a login is a word"),
        (("user", "disable", "eve"), PASSWORD, "there is no user eve"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    towline: Towline, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], password: str, why: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    said = towline(*arguments)
    assert (said.code, said.err.count("\n"), why in said.err) == (1, 1, True)


def test_a_login_is_taken_once(towline: Towline, monkeypatch: pytest.MonkeyPatch) -> None:
    assert towline(*ADD).code == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert "there is a user ada already" in towline(*ADD).err
