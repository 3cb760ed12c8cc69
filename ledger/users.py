"""Who may sign in to the console, who is signed in, and what they did there with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, case, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.errors import RefusedError
from ledger.tables import Session, User, UserAction

IDLE = timedelta(minutes=15)
"""After so long without a request somebody is signed out: pages show personal data."""
LONGEST = timedelta(hours=12)
TRIES = 5
"""So many wrong passwords close an account for a quarter of an hour; those given meanwhile are not looked at."""
CLOSED_FOR = timedelta(minutes=15)
IS_OPEN = """
s.token_hash = :token AND s.ended_at IS NULL AND s.seen_at > now() - CAST(:idle AS interval)
AND s.begun_at > now() - CAST(:longest AS interval) AND u.login = s.login AND u.disabled_at IS NULL
"""
WHO = "u.login, u.name, u.roles, u.owners"
SEEN = text(f"UPDATE sessions s SET seen_at = now() FROM users u WHERE {IS_OPEN} RETURNING {WHO}")  # noqa: S608
SIGNED_IN = text(f"SELECT {WHO} FROM sessions s, users u WHERE {IS_OPEN}")  # noqa: S608


class Users:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, login: str, *, name: str, roles: Sequence[str], owners: Sequence[str], password_hash: str) -> None:
        """Let somebody sign in. Raises RefusedError when the login is taken."""
        values = {"login": login, "name": name, "roles": list(roles), "owners": list(owners), "password_hash": password_hash}
        added = upsert(User).values(**values).on_conflict_do_nothing().returning(col(User.login))
        if (await self._connection.execute(added)).scalar() is None:
            raise RefusedError(f"there is a user {login} already", cause="user.taken")

    async def change(self, login: str, values: Mapping[str, Any]) -> None:
        """Change a user, whose sessions end with it. Raises RefusedError when there is none."""
        changed = update(User).where(col(User.login) == login).values(**values).returning(col(User.login))
        if (await self._connection.execute(changed)).scalar() is None:
            raise RefusedError(f"there is no user {login}; `towline user list` shows them", cause="user.unknown")
        ended = update(Session).where(col(Session.login) == login, col(Session.ended_at).is_(None))
        await self._connection.execute(ended.values(ended_at=func.now()))

    async def everybody(self) -> Sequence[Row[Any]]:
        """Return all users by login."""
        return (await self._connection.execute(select(User).order_by(col(User.login)))).all()

    async def to_sign_in(self, login: str) -> Row[Any] | None:
        """Return who may try a password now, and hold the account until that is judged; None for nobody."""
        is_open = func.coalesce(col(User.closed_until), func.now()) <= func.now()
        which = (col(User.login) == login, col(User.disabled_at).is_(None), is_open)
        return (await self._connection.execute(select(User).where(*which).with_for_update())).first()

    async def refused(self, login: str) -> None:
        """Count a wrong password; too many close the account for a while."""
        failures = col(User.failures) + 1
        closed = case((failures % TRIES == 0, func.now() + CLOSED_FOR), else_=col(User.closed_until))
        await self._connection.execute(
            update(User).where(col(User.login) == login).values(failures=failures, closed_until=closed)
        )

    async def begin(self, token_hash: bytes, login: str) -> None:
        """Write a session down."""
        await self._connection.execute(update(User).where(col(User.login) == login).values(failures=0, closed_until=None))
        await self._connection.execute(insert(Session).values(token_hash=token_hash, login=login))

    async def signed_in(self, token_hash: bytes, *, is_here: bool = True) -> Row[Any] | None:
        """Return whose session that is, and note that they are here, unless it is their page that asks by itself.

        None when it is over, or they are not let in any more.
        """
        values = {"token": token_hash, "idle": IDLE, "longest": LONGEST}
        return (await self._connection.execute(SEEN if is_here else SIGNED_IN, values)).first()

    async def end(self, token_hash: bytes) -> None:
        """End a session."""
        which = (col(Session.token_hash) == token_hash, col(Session.ended_at).is_(None))
        await self._connection.execute(update(Session).where(*which).values(ended_at=func.now()))

    async def note(self, login: str, action: str, subject: str, *, reason: str, before: Any = None, after: Any = None) -> None:
        """Write down what somebody did, to what, why, and what it was before and after."""
        values = {"login": login, "action": action, "subject": subject, "reason": reason, "before": before, "after": after}
        await self._connection.execute(insert(UserAction).values(**values))
