"""Until when a process may work on what is leased to its worker, by a clock that goes on while process or machine sleep."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
LOOK = 1.0


def moment() -> float:
    """Return the seconds of a clock that all processes of this machine share, and that nobody sets."""
    return time.clock_gettime(CLOCK)


class Lease:
    """Calls `lapsed` once when the time is over that the worker has last told; without having been told, there is time."""

    def __init__(self, lapsed: Callable[[], None]) -> None:
        self._lapsed = lapsed
        self._until = math.inf
        self._look()

    def prolong(self, until: float) -> None:
        """Take note that the worker has prolonged its leases until then."""
        self._until = until

    def _look(self) -> None:
        """Look at the clock. A timer's own callback does it, so that after a sleep it comes before what has been waited for."""
        if moment() > self._until:
            self._until = math.inf
            self._lapsed()
        asyncio.get_running_loop().call_later(LOOK, self._look)
