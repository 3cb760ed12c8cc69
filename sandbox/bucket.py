"""A token bucket: a burst at once, then an even rate, for each caller; knows no vendor's numbers and no HTTP."""

import time
from collections.abc import Callable, Hashable

_KEPT = 10_000


class Bucket:
    """Lets `burst` calls of a caller through at once, and `rate` a second from then on."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate, self.burst, self.clock = rate, burst, clock
        self._levels: dict[Hashable, tuple[float, float]] = {}

    def take(self, caller: Hashable = None) -> float:
        """Count a call and return 0, or return after how many seconds one will be let through and count nothing."""
        now = self.clock()
        level, since = self._levels.get(caller, (self.burst, now))
        level = min(self.burst, level + (now - since) * self.rate)
        if level < 1:
            return (1 - level) / self.rate
        self._levels[caller] = (level - 1, now)
        if len(self._levels) > _KEPT:
            self._forget_full(now)
        return 0

    def clear(self) -> None:
        """Forget all calls."""
        self._levels.clear()

    def _forget_full(self, now: float) -> None:
        """Drop the callers whose bucket is full again: they are like new ones."""
        kept = self._levels.items()
        self._levels = {
            caller: (level, since) for caller, (level, since) in kept if level + (now - since) * self.rate < self.burst
        }
