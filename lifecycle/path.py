"""The shape of a path: its steps in order, what each is done once per, and how it is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise


class Once(StrEnum):
    """What a step is done once per. A step shared by paths or events of one subject finds the first one's work."""

    EVENT = "event"
    CASE = "case"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Step:
    """One outside change: the system it happens in, what it is done once per, and the action that takes it back."""

    name: str
    system: str
    undo: str | None
    once: Once = Once.EVENT


class Path:
    """The steps of one event's path, in order.

    What cannot be undone must stand behind all that can: ValueError.
    """

    def __init__(self, event: str, *steps: Step) -> None:
        for step, after in pairwise(steps):
            if step.undo is None and after.undo is not None:
                raise ValueError(f"{event}: {step.name} cannot be undone, so it must stand behind {after.name}")
        self.event = event
        self.steps = {step.name: step for step in steps}
        if len(self.steps) != len(steps):
            raise ValueError(f"{event}: a step stands in the path twice")

    def __getitem__(self, step: str) -> Step:
        return self.steps[step]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps.values())
