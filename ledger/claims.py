"""The register of claims: an owner says that a thing of the catalog is theirs, and somebody settles that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.catalog import Catalog
from contracts.changes import KIND
from contracts.errors import RefusedError
from ledger.tables import Claim
from lifecycle.ownership import Layer, require_claim
from lifecycle.undo import require_known


class Claims:
    """Questions and changes on one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open(self) -> Sequence[Row[Any]]:
        """Return the claims that nobody has settled, the oldest first."""
        statement = select(Claim).where(col(Claim.closed_at).is_(None)).order_by(col(Claim.id))
        return (await self._connection.execute(statement)).all()

    async def add(self, catalog: Catalog, subject: str, layer: Layer, *, by: str, reason: str) -> int:
        """Write a claim down and return its number.

        Raises:
            RefusedError: it is nobody's to make, nothing of the catalog, the claimant's already, or open already.
        """
        require_claim(catalog, subject, layer, by, reason)
        values = {"subject": subject, "layer": layer, "owner": by, "reason": reason.strip()}
        try:
            added = await self._connection.execute(insert(Claim).values(**values).returning(Claim))
        except IntegrityError:
            raise RefusedError(f"{by} claims that already", cause="claim.open") from None
        return int(added.one().id)

    async def settle(self, catalog: Catalog, number: int, *, by: str, reason: str) -> None:
        """Close a claim: the claimant gives it up, or who may approve changes of the contracts says how it is.

        Raises:
            RefusedError: there is no such open claim, there is no reason, or it is not theirs to settle.
        """
        require_known(catalog.owners, by)
        claim = (await self._connection.execute(select(Claim).where(col(Claim.id) == number).with_for_update())).first()
        if claim is None or claim.closed_at:
            raise RefusedError("there is no such open claim; `towline owners` shows them", cause="claim.unknown")
        if by != claim.owner and not catalog.owners.may_decide(by, KIND):
            raise RefusedError(f"{by} has not made this claim, and approves no {KIND}", cause="claim.not_theirs")
        if not reason.strip():
            raise RefusedError("say how it was settled", cause="claim.no_reason")
        values = {"closed_at": func.now(), "closed_by": by, "closed_as": reason.strip()}
        await self._connection.execute(update(Claim).where(col(Claim.id) == number).values(**values))
