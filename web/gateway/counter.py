"""The counter at which events are handed in: what arrives together is stored together, so that many senders share one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from contracts.catalog import Catalog
from contracts.errors import RetryableError
from contracts.event import Envelope
from ledger.database import Ledger
from ledger.intake import Receipt, receive

Parcel = Sequence[tuple[Envelope, Mapping[str, Any]]]
AT_ONCE = 200


class Counter:
    """Takes parcels of events in; each is answered after the commit that holds it."""

    def __init__(self, ledger: Ledger, catalog: Catalog) -> None:
        self._ledger = ledger
        self._catalog = catalog
        self._queue: list[tuple[Parcel, asyncio.Future[list[Receipt]]]] = []
        self._clerk: asyncio.Task[None] | None = None

    async def hand_in(self, parcel: Parcel) -> list[Receipt]:
        """Store a parcel as a whole, and answer for each of its events once they are committed.

        Raises:
            RetryableError: the ledger is not available; nothing of the parcel was stored.
        """
        answer: asyncio.Future[list[Receipt]] = asyncio.get_running_loop().create_future()
        self._queue.append((parcel, answer))
        if self._clerk is None:
            self._clerk = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        try:
            while self._queue:
                await self._store(self._next())
        finally:
            self._clerk = None

    def _next(self) -> list[tuple[Parcel, asyncio.Future[list[Receipt]]]]:
        taken, size = 0, 0
        while taken < len(self._queue) and (taken == 0 or size < AT_ONCE):
            size += len(self._queue[taken][0])
            taken += 1
        batch, self._queue[:taken] = self._queue[:taken], []
        return batch

    async def _store(self, batch: list[tuple[Parcel, asyncio.Future[list[Receipt]]]]) -> None:
        try:
            receipts = iter(await receive(self._ledger, self._catalog, [event for parcel, _ in batch for event in parcel]))
        except RetryableError as error:
            self._refuse(batch, error)
        except Exception as error:  # one parcel that cannot be stored must not take the others with it
            if len(batch) == 1:
                self._refuse(batch, error)
            for alone in batch if len(batch) > 1 else ():
                await self._store([alone])
        else:
            for parcel, answer in batch:
                own = [next(receipts) for _ in parcel]
                if not answer.done():
                    answer.set_result(own)

    @staticmethod
    def _refuse(batch: list[tuple[Parcel, asyncio.Future[list[Receipt]]]], error: Exception) -> None:
        for _, answer in batch:
            if not answer.done():
                answer.set_exception(error)
