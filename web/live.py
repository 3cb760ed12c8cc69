"""Tells open pages what has changed: one look at the ledger for all of them, none while nobody watches. Knows no page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

from sqlalchemy.exc import SQLAlchemyError

from contracts.errors import RetryableError
from ledger.database import Books, Ledger
from runtime.logs import get_logger

PACE = 0.4
"""Seconds between two looks."""
IDLE = 3
"""After each read it rests so many times as long as that took: watching never takes more than a quarter of a core."""
RENEWED = 15.0
"""Seconds after which pages are told anew though nothing has changed: what they show of ages goes on."""

log = get_logger("live")
Read = Callable[[Books], Awaitable[str]]


class Live:
    """What is told to all who watch. Make one per process."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._told = asyncio.Condition()
        self._text, self._number = "", 0
        self._watchers = 0
        self._looking: asyncio.Task[None] | None = None
        self._is_over = False

    async def texts(self, read: Read) -> AsyncGenerator[str, None]:
        """Give what `read` makes of the ledger, now and after each change; the first who watches reads for all.

        It ends with the process, and when the ledger goes away.
        """
        seen = self._number - bool(self._text)

        def is_told() -> bool:
            return self._number > seen or self._looking is None

        self._watchers += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(read))
        try:
            while True:
                async with self._told:
                    await self._told.wait_for(is_told)
                if self._looking is None:
                    return
                seen = self._number
                yield self._text
        finally:
            self._watchers -= 1

    def end(self) -> None:
        """End soon for all who watch; whoever stops the process would wait for them. A signal's handler may call it."""
        self._is_over = True

    async def _look(self, read: Read) -> None:
        clock = asyncio.get_running_loop().time
        last: object = None
        told_at = 0.0
        try:
            while self._watchers and not self._is_over:
                took = 0.0
                async with self._ledger.begin() as books:
                    mark = await books.lanes.mark()
                    if mark != last or clock() > told_at + RENEWED:
                        began, last = clock(), mark
                        await self._tell(await read(books))
                        told_at = clock()
                        took = told_at - began
                await asyncio.sleep(max(PACE, IDLE * took))
        except (RetryableError, SQLAlchemyError) as error:
            log.warning("live.ended", error=type(error).__name__)
        finally:
            self._looking, self._text = None, ""
            async with self._told:
                self._told.notify_all()

    async def _tell(self, text: str) -> None:
        async with self._told:
            self._text, self._number = text, self._number + 1
            self._told.notify_all()
