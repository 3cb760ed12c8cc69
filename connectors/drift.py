"""Notices what is different in what a vendor sends, at the first record that shows it. Knows no ledger."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any

from contracts.drift import Finding, shapes
from contracts.errors import TowlineError

Note = Callable[[Collection[Finding]], Awaitable[None]]
Seen = tuple[str, Iterable[Any], Collection[str]]
"""A kind of object, objects of it as they came, and the fields that each must have because they were asked for."""
log = logging.getLogger(__name__)


class Drift:
    """Passes differences on, each once in the life of a process; one that could not be written down is told again."""

    def __init__(self, note: Note | None = None) -> None:
        self._note = note
        self._told: set[str] = set()

    async def note(self, findings: Collection[Finding]) -> None:
        """Write differences down that this process has not told yet. Raises RetryableError when the ledger is away."""
        new = [finding for finding in findings if finding.cause not in self._told]
        if new and self._note:
            await self._note(new)
            self._told |= {finding.cause for finding in new}

    async def look(self, vendor: str, seen: Iterable[Seen]) -> None:
        """Look at what an answer holds; kinds that have no shape are passed over. Never stops the call."""
        if self._note is None:
            return
        known = shapes()[vendor]
        of_shape = ((kind, one, asked) for kind, records, asked in seen if kind in known.objects for one in records)
        found = [finding for kind, one, asked in of_shape for finding in known.inspect(kind, one, asked)]
        try:
            await self.note(found)
        except TowlineError as error:
            log.warning("a difference could not be written down: %s", error.cause)


UNWATCHED = Drift()


def listed(value: Any) -> list[Any]:
    """Return what should be a list as one; anything else is one object, which then has the wrong type."""
    return value if isinstance(value, list) else [] if value is None else [value]
