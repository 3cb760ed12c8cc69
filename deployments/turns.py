"""Whose turn it is when places are few: paths share them by their criticality, and none waits for ever. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from contracts.catalog import Criticality

SHARES: Final = {Criticality.HIGH: 4, Criticality.NORMAL: 2, Criticality.LOW: 1}
"""Of seven runs while all have work, so many."""


class Turns:
    """Stride scheduling: each turn moves a path back by the inverse of its share; who had nothing to do saves no turns up."""

    def __init__(self, paths: Mapping[str, Criticality]) -> None:
        order = list(SHARES)
        self._paths = dict(sorted(paths.items(), key=lambda path: order.index(path[1])))
        self._next = dict.fromkeys(self._paths, 0.0)
        self._now = 0.0

    def order(self) -> list[str]:
        """Return the paths, whose turn it is first; of those that are even the more critical one."""
        return sorted(self._paths, key=lambda path: max(self._next[path], self._now))

    def taken(self, path: str) -> None:
        """Take note that a path has had a turn."""
        self._now = max(self._next[path], self._now)
        self._next[path] = self._now + 1 / SHARES[self._paths[path]]
