"""A process's share of what vendors let an account do: calls wait for their turn here instead of running into a rate limit.

Knows no vendor's numbers (`contracts/budgets.yaml`), and not where processes share a budget: a `BudgetBook` is passed in.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar

from contracts.budgets import Ask, BudgetBook, Drawn, Limit
from contracts.catalog import Criticality
from contracts.errors import RetryableError

BLOCK = 10
"""Most calls that a process draws ahead of its needs."""
PATIENCE = 30.0
"""Seconds for which a call waits for its turn."""
AGEING = 20.0
"""Seconds of waiting after which nothing is kept back from a call any more: what is critical goes first, not for ever."""
LONGEST_HOLD = 60.0
ROUNDING = 1e-6
WITHOUT_BOOK = 5.0
"""Seconds before a book that was not available is asked again."""
RESERVES: Mapping[Criticality, float] = {Criticality.HIGH: 0.0, Criticality.NORMAL: 0.2, Criticality.LOW: 0.5}
"""Of a budget, the share that is left to what is more critical."""

at_work: ContextVar[Criticality] = ContextVar("at_work", default=Criticality.NORMAL)
"""How critical the work is that calls are made for."""

log = logging.getLogger(__name__)
Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[object]]


def reserve_for(criticality: Criticality, waited: float) -> float:
    """Return the share of a budget that a call must leave alone; it shrinks to nothing while the call waits."""
    return RESERVES[criticality] * max(0.0, 1 - waited / AGEING)


class Budget:
    """What one account may be called for. Make one per process and vendor."""

    def __init__(
        self,
        system: str,
        vendor: str,
        limits: Sequence[Limit],
        book: BudgetBook,
        *,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        patience: float = PATIENCE,
    ) -> None:
        """Keep to the limits of a vendor that stands for `system` (crm, docs), together with all who draw from `book`."""
        self.system, self.vendor, self.limits, self.book = system, vendor, limits, book
        self.clock, self.sleep, self.patience = clock, sleep, patience
        self._shares: dict[str, _Share] = {}

    async def take(self, operation: str, channel: str = "") -> None:
        """Wait until a call of this operation may go: `POST /crm/v3/objects/deals/batch/create`.

        Raises:
            RetryableError: its turn did not come; nothing was called.
        """
        for limit, cost in self._of(operation):
            await self._share(limit, channel).take(cost, at_work.get())

    async def refused(self, operation: str, seconds: float, channel: str = "") -> None:
        """Note that the vendor wants no call of this operation for so long: somebody else calls the same account."""
        for limit, _ in self._of(operation):
            await self._share(limit, channel).hold(min(seconds, LONGEST_HOLD))

    def _of(self, operation: str) -> list[tuple[Limit, int]]:
        return [(limit, cost) for limit in self.limits if (cost := limit.cost_of(operation))]

    def _share(self, limit: Limit, channel: str) -> _Share:
        name = f"{self.vendor}.{limit.name}" + (f" {channel}" if limit.each_channel else "")
        if name not in self._shares:
            self._shares[name] = _Share(name, limit, self)
        return self._shares[name]


class _Share:
    """The calls that this process has drawn of one limit: few, for a short time, so that an idle process wastes nothing."""

    def __init__(self, name: str, limit: Limit, budget: Budget) -> None:
        self._name, self._limit, self._budget = name, limit, budget
        self._turns: defaultdict[Criticality, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._drawing = asyncio.Lock()
        self._drawn = Drawn(0, 0.0, 0.0, 0)
        self._unused, self._until = 0, 0.0
        self._waiting = 0
        self._alone_until = 0.0

    async def take(self, cost: int, criticality: Criticality) -> None:
        """Use `cost` calls as soon as there are so many for work of this criticality; those of the same wait in line."""
        if self._use(cost, RESERVES[criticality]):
            return
        began, patience = self._budget.clock(), self._budget.patience
        self._waiting += cost
        try:
            async with asyncio.timeout(patience), self._turns[criticality]:
                while not self._use(cost, reserve := reserve_for(criticality, self._budget.clock() - began)):
                    if wait := await self._draw(cost, reserve):
                        await self._budget.sleep(wait)
        except TimeoutError:
            text = f"{self._budget.system}: no call of {self._name} was left in {patience:.0f} s"
            raise RetryableError(text, cause=f"{self._budget.system}.budget") from None
        finally:
            self._waiting -= cost

    async def hold(self, seconds: float) -> None:
        """Let nobody call for so long."""
        self._unused = 0
        try:
            await self._budget.book.hold(self._name, seconds)
        except RetryableError as error:
            log.warning("a rate limit could not be told to others: %s", error.text)

    def _use(self, cost: int, reserve: float) -> bool:
        """Use calls that were drawn and are still good; those that were drawn for what is critical are left to that."""
        if self._budget.clock() < self._alone_until:
            return True
        if not self._has(cost, reserve):
            return False
        self._unused -= cost
        return True

    def _has(self, cost: int, reserve: float) -> bool:
        is_good = self._unused >= cost and self._budget.clock() < self._until
        return is_good and self._drawn.left + ROUNDING >= reserve * self._limit.size

    async def _draw(self, cost: int, reserve: float) -> float:
        """Draw anew, handing back what is unused; return after how many seconds it is worth to look again."""
        async with self._drawing:
            if self._has(cost, reserve):
                return 0.0
            unused, self._unused = self._unused, 0
            until = self._budget.clock() + self._limit.keeps
            needed = max(cost, self._waiting)
            ask = Ask(self._name, self._limit, cost, needed, BLOCK * cost, reserve, unused, self._drawn.mark)
            try:
                drawn = await self._budget.book.draw(ask)
            except RetryableError as error:
                log.warning("calls go without a budget: %s", error.text)
                self._alone_until = self._budget.clock() + WITHOUT_BOOK
                return 0.0
            self._drawn, self._unused, self._until = drawn, drawn.granted, until
            if drawn.granted >= cost:
                return 0.0
            return drawn.held or self._limit.wait_for(cost + reserve * self._limit.size - drawn.left)


class _NoBook:
    """Of what has no limit nobody draws."""

    async def draw(self, ask: Ask) -> Drawn:
        """Never."""
        raise AssertionError

    async def hold(self, name: str, seconds: float) -> None:
        """Never."""
        raise AssertionError


UNLIMITED = Budget("", "", (), _NoBook())
