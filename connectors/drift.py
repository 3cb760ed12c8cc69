"""Notices what is different in what a vendor sends, at the first record that shows it. Knows no ledger."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Any

from contracts.drift import Finding, shapes
from contracts.errors import TowlineError

Note = Callable[[Collection[Finding]], Awaitable[None]]
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

    async def look(self, vendor: str, kind: str, records: Iterable[Any], asked: Collection[str]) -> None:
        """Look at records as they were read; `asked` are the properties that each must have. Never stops the reading."""
        if self._note is None:
            return
        known, found = shapes()[vendor], list[Finding]()
        for record in records:
            found += known.inspect("record", record)
            properties = record.get("properties") if isinstance(record, Mapping) else None
            if kind in known.objects and isinstance(properties, Mapping):
                found += known.inspect(kind, properties, asked)
        try:
            await self.note(found)
        except TowlineError as error:
            log.warning("a difference could not be written down: %s", error.cause)


UNWATCHED = Drift()
