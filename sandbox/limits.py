"""Counts calls against published rate limits; knows no vendor's numbers."""

import time
from collections import defaultdict, deque
from collections.abc import Hashable


class RollingWindow:
    """So many calls in so many seconds, for each caller."""

    def __init__(self, calls: int, seconds: float) -> None:
        self.calls, self.seconds = calls, seconds
        self._made: defaultdict[Hashable, deque[float]] = defaultdict(deque)

    def take(self, caller: Hashable) -> int:
        """Count one call and return how many are left; -1 means that this one is too many and was not counted."""
        made, now = self._made[caller], time.monotonic()
        while made and made[0] <= now - self.seconds:
            made.popleft()
        if len(made) >= self.calls:
            return -1
        made.append(now)
        return self.calls - len(made)

    def clear(self) -> None:
        """Forget all calls."""
        self._made.clear()
