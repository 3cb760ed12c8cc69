"""Remembers what was asked of the sandbox, newest last and bounded; keeps no bodies."""

import time
from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

KEPT = 50_000


@dataclass(slots=True)
class Asked:
    """One request; `status` is None while it runs and 0 when nothing was answered, `lost` when the answer was kept back."""

    n: int
    at: float
    system: str
    method: str
    path: str
    status: int | None = None
    keys: list[str] = field(default_factory=list)
    lost: bool = False

    def shown(self) -> dict[str, Any]:
        """Return the request as the control interface shows it: `key` is the first of `keys`."""
        return {name: getattr(self, name) for name in self.__slots__} | {"key": self.keys[0] if self.keys else None}


class Traffic:
    """The last requests, numbered from 1 for as long as the process lives."""

    def __init__(self) -> None:
        self.last = 0
        self.version = 0  # grows with every request and every answer
        self._asked: deque[Asked] = deque(maxlen=KEPT)

    def note(self, system: str, method: str, path: str, keys: list[str]) -> Asked:
        """Remember a request that has just arrived; its status is filled in later."""
        self.last += 1
        self.version += 1
        asked = Asked(self.last, time.time(), system, method, path, keys=keys)
        self._asked.append(asked)
        return asked

    def answered(self, asked: Asked, status: int) -> None:
        """Fill in the status of a request."""
        asked.status = status
        self.version += 1

    def since(self, number: int, limit: int | None = None) -> list[Asked]:
        """Return the requests after this number, oldest first, at most `limit` of them."""
        known = len(self._asked)
        start = min(max(0, known - (self.last - number)), known)
        return list(islice(self._asked, start, None if limit is None else start + limit))

    def clear(self) -> None:
        """Forget all requests; the numbers go on."""
        self._asked.clear()
        self.version += 1
