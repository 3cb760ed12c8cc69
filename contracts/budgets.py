"""What each vendor lets one account do in a time, read from `budgets.yaml`, and how a share of it is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import ceil
from pathlib import Path
from typing import Annotated, Protocol, Self

from pydantic import Field, HttpUrl, model_validator
from pydantic_core import PydanticCustomError

from contracts.files import agreed, load
from contracts.values import Contract, Reasoned, Slug

SLOT = 0.25
"""Seconds by which the age of a call is counted where it comes back as a whole."""
ON_THE_WAY = 0.5
"""Seconds by which two calls may differ that go from here at once and arrive at the vendor."""
POLL = 0.01
Operation = Annotated[re.Pattern[str], Field(description="Method and path of the calls, from their beginning")]


class Cost(Contract):
    """What the calls of an operation count, where not all count the same."""

    on: Operation
    calls: Annotated[int, Field(ge=1)]


class Limit(Contract):
    """So many calls in so many seconds, as the vendor publishes it, and how we keep within that."""

    name: Slug
    calls: Annotated[int, Field(ge=1, le=1_000_000)]
    seconds: Annotated[float, Field(gt=0, le=3600)]
    rate: Annotated[float, Field(gt=0, description="Calls that come back in a second, evenly")] | None = None
    burst: Annotated[int, Field(ge=1, description="Calls that may go at once where they come back evenly")] | None = None
    keeps: Annotated[float, Field(gt=0, le=10, description="Seconds for which a process may keep calls that it has drawn")] = 1.0
    on: Operation | None = None
    each_channel: bool = False
    costs: tuple[Cost, ...] = ()

    @model_validator(mode="after")
    def _is_within_what_is_published(self) -> Self:
        if (self.rate is None) != (self.burst is None):
            raise PydanticCustomError("spread", "`rate` and `burst` stand together")
        if self.rate is not None and self.rate > self.calls / self.seconds:
            raise PydanticCustomError("spread", "`rate` is more than `calls` in `seconds`")
        if any(cost.calls > self.size for cost in self.costs):
            raise PydanticCustomError("spread", "a call costs more than may go at once")
        return self

    @property
    def size(self) -> int:
        """How many calls may go at once."""
        return self.burst or self.calls

    @property
    def slots(self) -> int:
        """After how many slots of time a call has come back; 0 where calls come back evenly.

        A call that was drawn may be made when it was kept, and arrive when it was on its way, for the longest time.
        """
        return 0 if self.rate else 1 + ceil((self.seconds + self.keeps + ON_THE_WAY) / SLOT)

    def cost_of(self, operation: str) -> int:
        """Return what a call counts: 0 where the limit does not apply to it."""
        if self.on and not self.on.match(operation):
            return 0
        return next((cost.calls for cost in self.costs if cost.on.match(operation)), 1)

    def wait_for(self, missing: float) -> float:
        """Return after how many seconds so many calls may have come back: it is no use to ask sooner."""
        return min(max(missing / self.rate, POLL), 1.0) if self.rate else SLOT


class VendorBudget(Contract):
    """What a vendor publishes, and where."""

    page: HttpUrl
    limits: Annotated[tuple[Limit, ...], Field(min_length=1)]


class Budgets(Reasoned):
    """What every vendor publishes, by our name of it."""

    budgets: Mapping[Slug, VendorBudget]


@dataclass(frozen=True, slots=True)
class Ask:
    """A process asks for calls of an account's budget: for all that it needs now, for fewer, but not for less than `cost`.

    Where there are plenty it gets up to `ahead` of them. `reserve` is the share of the whole that is kept for what is more
    critical. `unused` are handed back of those that were drawn at `mark`.
    """

    name: str
    limit: Limit
    cost: int
    needed: int
    ahead: int
    reserve: float
    unused: int = 0
    mark: int = 0


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a process was given, how many calls are left then, and for how many seconds the vendor wants none at all."""

    granted: int
    left: float
    held: float
    mark: int


class BudgetBook(Protocol):
    """Where all processes that call an account share its budget."""

    async def draw(self, ask: Ask) -> Drawn:
        """Give calls away, each once. Raises RetryableError when the book is not available."""

    async def hold(self, name: str, seconds: float) -> None:
        """Give none away for so long: the vendor says so. Raises RetryableError when the book is not available."""


@cache
def budgets() -> Mapping[str, VendorBudget]:
    """Return the budgets of this house by vendor, read once. Raises FileError."""
    return load_budgets(agreed() / "budgets.yaml")


def load_budgets(path: Path) -> Mapping[str, VendorBudget]:
    """Read a file's budgets. Raises FileError."""
    return load(path, Budgets).budgets
