"""Stops calls that change something while a person has paused them. Knows no ledger: whoever acts pulls the brake.

A batch may take longer than the few seconds in which a pause must count, so each call asks, not only each step.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from connectors.remedies import Nature
from contracts.errors import HeldError


class Brake:
    """What stops the calls of one step, once it is pulled; `reason` is why."""

    def __init__(self) -> None:
        self.reason = ""

    def pull(self, reason: str) -> None:
        """Let no more writes of this step pass."""
        self.reason = reason


_brake: ContextVar[Brake | None] = ContextVar("brake", default=None)


@contextlib.contextmanager
def braked_by(brake: Brake) -> Iterator[None]:
    """Let this brake stop the writes that are made within, and in tasks that are begun within."""
    before = _brake.set(brake)
    try:
        yield
    finally:
        _brake.reset(before)


def pass_brake(nature: Nature = "once") -> None:
    """Do nothing for a read, or as long as nobody has pulled the brake. Raises HeldError otherwise: nothing was sent."""
    brake = _brake.get()
    if nature != "read" and brake is not None and brake.reason:
        raise HeldError(brake.reason, cause="paused")
