"""`towline user`: who may sign in to the console, what they may do there, for which owners they speak, and who stands in."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from cli import delegations
from cli.books import open_books
from cli.output import AsJson, print_json, print_table
from contracts.catalog import catalog
from contracts.errors import RefusedError
from lifecycle.roles import Role

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Add, list, change and disable the people who may sign in; say who stands in for whom.",
)
app.command("delegate")(delegations.delegate)
app.command("delegations")(delegations.delegations)
app.command("recall")(delegations.recall)
SHORTEST, LONGEST = 12, 1024
Login = Annotated[str, typer.Argument(help="What they sign in with.")]
Roles = Annotated[list[Role], typer.Option("--role", help="What they may do; more than one is possible.")]
Owners = Annotated[list[str] | None, typer.Option("--for", help="An owner of contracts/owners.yaml for whom they decide.")]


@app.command()
def add(
    login: Login,
    name: Annotated[str, typer.Option(help="As pages show them.")],
    role: Roles,
    owner: Owners = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody sign in; the password is asked for, or read from the standard input where that is no terminal.

    A viewer reads about deals, an operator also finishes what stopped, an approver also answers decisions for the owners named.
    """
    _require(login, owner or [])
    password_hash = _password()
    values = {"name": name, "roles": [one.value for one in role], "owners": owner or [], "password_hash": password_hash}
    asyncio.run(_add(login, values))
    _say(login, "may sign in", as_json=as_json)


@app.command()
def password(login: Login, as_json: AsJson = False) -> None:
    """Give somebody another password; their sessions end."""
    values = {"password_hash": _password(), "failures": 0, "closed_until": None}
    asyncio.run(_change(login, values))
    _say(login, "has another password", as_json=as_json)


@app.command()
def change(login: Login, role: Roles, owner: Owners = None, as_json: AsJson = False) -> None:
    """Give somebody other roles and owners, in the place of those they have; their sessions end."""
    _require(login, owner or [])
    asyncio.run(_change(login, {"roles": [one.value for one in role], "owners": owner or []}))
    _say(login, f"is {', '.join(role)}", as_json=as_json)


@app.command()
def disable(login: Login, as_json: AsJson = False) -> None:
    """Let somebody sign in no more; their sessions end. What they did stays on record."""
    asyncio.run(_change(login, {"disabled_at": datetime.now(UTC)}))
    _say(login, "signs in no more", as_json=as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List who may sign in."""
    rows = [
        {"login": row.login, "name": row.name, "roles": row.roles, "owners": row.owners, "disabled_at": row.disabled_at}
        for row in asyncio.run(_everybody())
    ]
    if as_json:
        print_json(rows)
        return
    lines = [(r["login"], r["name"], ", ".join(r["roles"]), ", ".join(r["owners"]), r["disabled_at"] or "") for r in rows]
    print_table(("login", "name", "roles", "decides for", "disabled"), lines)


def _require(login: str, owners: Sequence[str]) -> None:
    if not login.strip() or not login.isprintable() or len(login) > 100:
        raise RefusedError("a login is a word of at most 100 characters")
    if unknown := [one for one in owners if one not in catalog().owners.owners]:
        raise RefusedError(f"{', '.join(unknown)} is nobody in contracts/owners.yaml")


def _password() -> str:
    """Ask for a password and return its hash. https://pages.nist.gov/800-63-4/sp800-63b.html"""
    from argon2 import PasswordHasher

    if sys.stdin.isatty():
        given = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        given = sys.stdin.readline().rstrip("\n")
    if not SHORTEST <= len(given) <= LONGEST:
        raise RefusedError(f"a password has at least {SHORTEST} characters, and at most {LONGEST}")
    return PasswordHasher().hash(given)


def _say(login: str, what: str, *, as_json: bool) -> None:
    print_json({"login": login, "said": what}) if as_json else typer.echo(f"{login} {what}")


async def _add(login: str, values: Mapping[str, Any]) -> None:
    async with open_books() as books:
        await books.users.add(login, **values)


async def _change(login: str, values: Mapping[str, Any]) -> None:
    async with open_books() as books:
        await books.users.change(login, values)


async def _everybody() -> Any:
    async with open_books() as books:
        return await books.users.everybody()
