"""Changes of what is agreed: who proposed each, who approved it, from when it counts, and all files as they are in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.changes import Texts, fingerprint, owners_of, require_author, require_second_person
from contracts.errors import RefusedError
from ledger.tables import ContractChange

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('contract changes', 0))")
APPROVED = col(ContractChange.approved_at).is_not(None)
DUE = (APPROVED, col(ContractChange.takes_effect_at) <= func.clock_timestamp())  # not the time this transaction began
WAITS = (col(ContractChange.approved_at).is_(None), col(ContractChange.withdrawn_at).is_(None))
NEWEST = (col(ContractChange.takes_effect_at).desc(), col(ContractChange.id).desc())
IN_FORCE = select(col(ContractChange.id)).where(*DUE).order_by(*NEWEST).limit(1).scalar_subquery()
IS_IN_FORCE = (col(ContractChange.id) == IN_FORCE).label("in_force")
CHANGES = select(ContractChange).add_columns(IS_IN_FORCE)
LISTED = select(*(column for column in ContractChange.__table__.c if column.name != "texts"), IS_IN_FORCE)  # type: ignore[attr-defined]


def state_of(change: Row[Any]) -> str:
    """Return where a change stands, in one word or two."""
    if change.approved_at is None:
        return "replaced" if change.withdrawn_at else "proposed"
    return "in force" if change.in_force else "to come" if change.takes_effect_at > datetime.now(UTC) else "over"


class Changes:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def in_force(self) -> Row[Any] | None:
        """Return the change that made what is in force now; None where nothing was ever put in force."""
        return (await self._connection.execute(CHANGES.where(col(ContractChange.id) == IN_FORCE))).first()

    async def fingerprint_in_force(self) -> str | None:
        """Return the fingerprint of what is in force now, without its files."""
        query = select(col(ContractChange.fingerprint)).where(col(ContractChange.id) == IN_FORCE)
        return (await self._connection.execute(query)).scalar()

    async def history(self, *, limit: int) -> Sequence[Row[Any]]:
        """Return the newest changes without their files, the newest first."""
        return (await self._connection.execute(LISTED.order_by(col(ContractChange.id).desc()).limit(limit))).all()

    async def get(self, change: int) -> Row[Any]:
        """Return a change. Raises RefusedError when there is none."""
        row = (await self._connection.execute(CHANGES.where(col(ContractChange.id) == change))).first()
        if row is None:
            raise RefusedError(f"there is no change {change}; `towline contracts changes` lists them", cause="change.unknown")
        return row

    async def before(self, change: Row[Any]) -> Texts:
        """Return the files that a change was made on; none for the first."""
        query = select(col(ContractChange.texts)).where(col(ContractChange.id) == change.base)
        return (await self._connection.execute(query)).scalar() or {}

    async def install(self, files: Texts, *, reason: str, instead_of: int | None = None) -> None:
        """Put files in force without a proposal: at a first start, or in the place of such that this version cannot read.

        Another process may have done so meanwhile; then nothing happens.
        """
        await self._connection.execute(ONE_AT_A_TIME)
        there = await self.in_force()
        if (there.id if there else None) == instead_of:
            values = {"author": "installation", "reason": reason, "base": instead_of, "approved_by": "installation"}
            await self._add(files, **values, approved_at=func.now(), takes_effect_at=func.now())

    async def propose(self, files: Texts, *, by: str, reason: str, takes_effect_at: datetime | None) -> Row[Any]:
        """Write a proposal down and return it; one that waited is withdrawn, for there is one next state of the files.

        Raises:
            RefusedError: nobody knows the author, there is no reason, nothing differs, or nothing is in force yet.
        """
        await self._connection.execute(ONE_AT_A_TIME)
        base = await self._newest_approved()
        require_author(owners_of(base.texts), by, reason)
        if base.fingerprint == fingerprint(files):
            raise RefusedError("the files are as they were approved: there is nothing to propose", cause="change.nothing")
        await self._connection.execute(update(ContractChange).where(*WAITS).values(withdrawn_at=func.now()))
        added = await self._add(files, author=by, reason=reason.strip(), base=base.id, takes_effect_at=takes_effect_at)
        return await self.get(added)

    async def approve(self, change: int, *, by: str) -> Row[Any]:
        """Approve a proposal and return it: it takes effect at its time, at once where that is over or none was named.

        Raises:
            RefusedError: there is none that waits, `by` may not approve it, or something else was approved since it was made.
        """
        await self._connection.execute(ONE_AT_A_TIME)
        asked, base = await self.get(change), await self._newest_approved()
        if asked.withdrawn_at or asked.approved_at:
            what = f"was approved by {asked.approved_by}" if asked.approved_at else "was replaced by a later proposal"
            raise RefusedError(f"change {change} {what} already", cause="change.answered")
        require_second_person(owners_of(base.texts), by, asked.author)
        if asked.base != base.id:
            raise RefusedError(
                f"change {base.id} was approved after this one was proposed: propose anew from the files as they are now",
                cause="change.outdated",
            )
        moment = func.greatest(func.coalesce(asked.takes_effect_at, func.now()), func.now(), base.takes_effect_at)
        values = {"approved_by": by, "approved_at": func.now(), "takes_effect_at": moment}
        await self._connection.execute(update(ContractChange).where(col(ContractChange.id) == change).values(**values))
        return await self.get(change)

    async def _newest_approved(self) -> Row[Any]:
        row = (await self._connection.execute(CHANGES.where(APPROVED).order_by(*NEWEST).limit(1))).first()
        if row is None:
            raise RefusedError("nothing is in force yet: the first `towline up` does that", cause="change.early")
        return row

    async def _add(self, files: Texts, **values: Any) -> Any:
        """Write a change down and return its number."""
        statement = insert(ContractChange).values(texts=dict(files), fingerprint=fingerprint(files), **values)
        return (await self._connection.execute(statement.returning(col(ContractChange.id)))).scalar_one()
