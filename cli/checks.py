"""What `towline doctor` looks at: each check returns what it found, or raises what is wrong. It must change nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Row
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from cli.books import open_ledger
from contracts.budgets import budgets
from contracts.catalog import catalog
from contracts.changes import differences, texts
from contracts.errors import MisconfiguredError
from contracts.files import OWN
from contracts.rules import rules
from contracts.runbooks import runbooks
from deployments.footprints import Footprints
from deployments.ports import require_free
from deployments.stack import ports
from ledger.migrate import config
from runtime.settings import Settings

LEAST_DISK = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at, and what to do when it is not in order."""

    name: str
    look: Callable[[Settings], str]
    remedy: str


def files(_: Settings) -> str:
    """Catalog, owners, systems, budgets and rules load and fit together."""
    found = catalog()
    budgets(), rules()
    return f"{len(found.entries)} events, {len(found.operations)} operations, {len(found.owners.owners)} owners"


def written(_: Settings) -> str:
    """The runbooks load, and none is older than a rule that it explains."""
    known = runbooks()
    if outdated := [one.name for one in known.found.values() if known.outdated(one)]:
        raise MisconfiguredError(f"older than their rules: {', '.join(outdated)}")
    return f"{len(known.found)}, each with what its rules say now"


def folder(settings: Settings) -> str:
    """The state folder can be written, its secrets are private, and PostgreSQL's user can pass through it."""
    home = settings.state
    there = next(parent for parent in (home, *home.parents) if parent.exists())
    if not os.access(there, os.W_OK):
        raise MisconfiguredError(f"{there} cannot be written")
    closed = next((p for p in (there, *there.parents) if not p.stat().st_mode & stat.S_IXOTH), None)
    if os.geteuid() == 0 and settings.embedded and closed:
        raise MisconfiguredError(f"{closed} is closed to others, and PostgreSQL cannot run as root")
    secrets = home / "secrets.env"
    if secrets.exists() and secrets.stat().st_mode & 0o077:
        raise MisconfiguredError(f"{secrets} can be read by others")
    return str(home) if home.exists() else f"{home} is not there yet; `towline up` makes it"


def disk(settings: Settings) -> str:
    """There is room for the database."""
    there = next(parent for parent in (settings.state, *settings.state.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    if free < LEAST_DISK:
        raise MisconfiguredError(f"only {free / 1e9:.1f} GB are free in {there}")
    return f"{free / 1e9:.0f} GB free"


def stack(settings: Settings) -> str:
    """The stack runs, or its ports are free."""
    if pid := Footprints(settings.state).supervisor():
        return f"runs (process {pid})"
    require_free(ports(settings))
    return "does not run; its ports are free"


def ledger(settings: Settings) -> str:
    """The database answers, and its tables have the shape that this code needs."""
    try:
        there, needed = asyncio.run(_revisions(settings))
    except (OSError, SQLAlchemyError) as error:
        raise MisconfiguredError(f"the database does not answer ({type(error).__name__})") from None
    if there != needed:
        raise MisconfiguredError(f"the tables are at {there or 'nothing'}, this code needs {needed}")
    return f"tables at {there}"


async def _revisions(settings: Settings) -> tuple[str | None, str | None]:
    engine = create_async_engine(settings.database(), poolclass=NullPool, connect_args={"timeout": 5})
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_compare)
    finally:
        await engine.dispose()


def _compare(connection: Connection) -> tuple[str | None, str | None]:
    needed = ScriptDirectory.from_config(config(connection)).get_current_head()
    return MigrationContext.configure(connection).get_current_revision(), needed


def agreement(settings: Settings) -> str:
    """The files of contracts/ are what is in force."""
    own, found = texts(OWN), asyncio.run(_in_force(settings))
    if found is None:
        raise MisconfiguredError("nothing is in force yet")
    if differing := sorted({one.file for one in differences(found.texts, own)}):
        raise MisconfiguredError(f"not as they are in force since change {found.id}: {', '.join(differing)}")
    return f"as approved by change {found.id}"


async def _in_force(settings: Settings) -> Row[Any] | None:
    async with open_ledger(settings) as found, found.begin() as books:
        return await books.changes.in_force()


def prefect(settings: Settings) -> str:
    """Prefect answers, and has a deployment for everything in the catalog."""
    answer = _ask("POST", f"{settings.prefect_url}/deployments/filter")
    there = {deployment["name"] for deployment in answer.json()}
    wanted = {entry.title for entry in catalog().entries.values()} | {operation.title for operation in catalog().operations}
    if missing := sorted(wanted - there):
        raise MisconfiguredError(f"deployments are missing: {', '.join(missing)}")
    return f"{settings.prefect_ui}, {len(wanted)} deployments"


def gateway(settings: Settings) -> str:
    """The gateway takes events."""
    _ask("GET", f"{settings.gateway_url}/readyz")
    return settings.gateway_url


def systems(settings: Settings) -> str:
    """The sandbox or the vendors answer, whatever they answer, and no credential is missing."""
    from runtime.wiring import google, hubspot, mail, slack, stripe

    for make in (hubspot, google, slack, mail, stripe):
        make(settings)
    asked = {
        "crm": settings.crm_base_url or ("https://api.hubapi.com" if settings.crm else settings.sandbox_url),
        "docs": settings.docs_base_url or ("https://www.googleapis.com" if settings.docs else settings.sandbox_url),
        "chat": settings.chat_base_url or ("https://slack.com/api" if settings.chat else settings.sandbox_url),
        "billing": settings.billing_base_url or ("https://api.stripe.com" if settings.billing else settings.sandbox_url),
    }
    if settings.mail != "smtp":
        gmail = "https://gmail.googleapis.com" if settings.mail else settings.sandbox_url
        asked["mail"] = settings.mail_base_url or gmail
    for url in dict.fromkeys(asked.values()):
        try:
            httpx.get(url, timeout=10, trust_env=not url.startswith("http://127.0.0.1"))
        except httpx.TransportError as error:
            raise MisconfiguredError(f"{url} does not answer ({type(error).__name__})") from None
    return ", ".join(f"{system}: {url}" for system, url in asked.items())


def _ask(method: str, url: str) -> httpx.Response:
    try:
        answer = httpx.request(method, url, timeout=10, json={} if method == "POST" else None, trust_env="127.0.0.1" not in url)
    except httpx.TransportError as error:
        raise MisconfiguredError(f"{url} does not answer ({type(error).__name__})") from None
    if not answer.is_success:
        raise MisconfiguredError(f"{url} answered {answer.status_code}")
    return answer


START = "start it with `towline up`; its log lies in the state folder's logs"
CHECKS = (
    Check("catalog", files, "correct the line that the message names"),
    Check("runbooks", written, "`towline runbooks NAME` says which rule: read both, correct the text, raise its version"),
    Check("state folder", folder, "set TOWLINE_HOME to a folder that fits, or change its permissions (chmod)"),
    Check("disk", disk, "make room, or set TOWLINE_HOME to a larger disk"),
    Check("stack", stack, "stop what uses the port, or set another port"),
    Check("ledger", ledger, "start it with `towline up`, which also brings the tables up to date; or check TOWLINE_DATABASE_URL"),
    Check("agreement", agreement, "`towline contracts propose` makes a change of them; or put the files back"),
    Check("prefect", prefect, "start it with `towline up`; then `towline deploy` makes what is missing"),
    Check("gateway", gateway, START),
    Check("systems", systems, "check base URL and credentials of the system (TOWLINE_CRM_..., TOWLINE_DOCS_... and so on)"),
)
