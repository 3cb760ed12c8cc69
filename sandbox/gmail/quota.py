"""Gmail's quota units: what each method costs, and the bucket that refills evenly; knows no mailbox.

https://developers.google.com/workspace/gmail/api/reference/quota: 6,000 units a minute for each user of a project (for projects
made since May 2026; older ones keep 15,000), 1,200,000 for the project, of which this account is the only user. Over it, Gmail
answers 403 userRateLimitExceeded: https://developers.google.com/workspace/gmail/api/guides/handle-errors
"""

import re
import time
from collections.abc import Callable

UNITS_A_MINUTE = 6_000
_USER = r"(/upload)?/gmail/v1/users/[^/]+"
_COSTS = [
    (method, re.compile(_USER + path), units)
    for method, path, units in (
        ("POST", "/messages/send", 100),
        ("POST", "/messages/(batchModify|batchDelete)", 50),
        ("POST", "/messages(/import)?", 25),
        ("POST", "/threads/[^/]+/(modify|trash|untrash)", 10),
        ("DELETE", "/threads/[^/]+", 20),
        ("GET", "/threads/[^/]+", 40),
        ("GET", "/threads", 10),
        ("GET", "/messages/[^/]+(/attachments/.*)?", 20),
        ("DELETE", "/messages/[^/]+", 10),
        ("GET", "/labels(/[^/]+)?", 1),
        ("GET", "/profile|/settings/sendAs", 1),
        ("GET", "/history", 2),
    )
]
DEFAULT = 5  # messages.list, modify, trash, untrash; labels.create, update, delete


def units(method: str, path: str) -> int:
    """Return what a call costs."""
    return next((cost for verb, pattern, cost in _COSTS if verb == method and pattern.fullmatch(path)), DEFAULT)


class Quota:
    """Lets a minute's units through at once, and as many a second as they are in a minute from then on."""

    def __init__(self, units_a_minute: int = UNITS_A_MINUTE, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = float(units_a_minute), clock
        self._left, self._since = self._most, clock()

    def take(self, cost: int) -> float:
        """Count a call and return 0, or return after how many seconds it would be let through and count nothing."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._since) * self._most / 60)
        self._since = now
        if self._left < cost:
            return (cost - self._left) * 60 / self._most
        self._left -= cost
        return 0

    def clear(self) -> None:
        """Forget all calls."""
        self._left = self._most
