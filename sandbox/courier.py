"""Carries webhooks to their address, again and again until they arrive, late, doubled or never if told so; knows no vendor."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, Field

log = logging.getLogger(__name__)
ATTEMPTS = 10
LONGEST_WAIT = 30.0  # seconds; vendors go on for a day, here it is a minute or two
AT_ONCE = 10


class Manner(BaseModel):
    """How deliveries from now on are made: so late, so many times, and the next so many not at all."""

    model_config = ConfigDict(extra="forbid")

    system: str
    delay_ms: float = Field(0, ge=0, le=3_600_000)
    copies: int = Field(1, ge=1, le=10)
    lose: int = Field(0, ge=0)


class Courier:
    """Delivers in the background; what is not answered with 2xx is tried again after a growing wait."""

    def __init__(self, name: str, client: httpx.AsyncClient | None = None, first_wait: float = 0.25) -> None:
        self.manner = Manner(system=name)
        self.first_wait = first_wait
        self._given, self._client = client, client
        self._places = asyncio.Semaphore(AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()

    def send(self, request: Callable[[int], httpx.Request], delivered: Callable[[], object]) -> None:
        """Deliver what `request(attempt)` builds for every attempt, from 0; call `delivered` when that is over."""
        manner = self.manner
        if manner.lose > 0:
            manner.lose -= 1
            delivered()
            return
        for _ in range(manner.copies):
            self._start(self._carry(request, delivered, manner.delay_ms / 1000))

    async def _carry(self, request: Callable[[int], httpx.Request], delivered: Callable[[], object], delay: float) -> None:
        await asyncio.sleep(delay)
        for attempt in range(ATTEMPTS):
            if await self._arrives(request(attempt)):
                break
            await asyncio.sleep(min(self.first_wait * 2**attempt, LONGEST_WAIT))
        else:
            log.warning("a webhook of %s was given up after %d attempts", self.manner.system, ATTEMPTS)
        delivered()

    async def _arrives(self, request: httpx.Request) -> bool:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=5, trust_env=False)
        async with self._places:
            try:
                return (await self._client.send(request)).is_success
            except httpx.HTTPError:
                return False

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def stop(self) -> None:
        """Drop what is on its way."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def close(self) -> None:
        """Drop what is on its way and close the connections that are our own."""
        await self.stop()
        if self._client and not self._given:
            await self._client.aclose()
            self._client = None
