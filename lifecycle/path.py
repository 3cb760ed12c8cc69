"""The shape of a path: its steps in order, what each is done once per, and what becomes of it on each kind of failure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum


class Once(StrEnum):
    """What a step is done once per. A step shared by paths or events of one subject finds the first one's work."""

    EVENT = "event"
    CASE = "case"
    ACCOUNT = "account"


class Remedy(StrEnum):
    """What becomes of a step, or of what it has made, when something fails."""

    RETRY = "retry"
    PARK = "park"
    UNDO = "undo"
    ASK = "ask"
    KEEP = "keep"


RETRY, PARK, UNDO, ASK, KEEP = Remedy
CELLS: Mapping[str, Mapping[Remedy, str]] = {
    "refused": {
        PARK: "the event stops for a person, who corrects what was refused and replays it",
        KEEP: "the path goes on without the step, and somebody is told what is missing",
    },
    "uncertain": {
        RETRY: "looked for by its key, or done by a call that finds earlier work, and repeated; parked after the last attempt",
        ASK: "looked for by its key, and never repeated where the system cannot tell: a person is asked",
    },
    "later_failure": {
        UNDO: "taken back; the replay does it again",
        KEEP: "stays; the replay goes on behind it",
        ASK: "stays, and a person is asked whether to go on or to take it back",
    },
}
"""What may fail, and what each remedy means there. `later_failure`: a later step of the path is refused, and parks the event."""


@dataclass(frozen=True, slots=True)
class Step:
    """One outside change: where it happens, what takes it back, what it is done once per, and its row of the failure matrix.

    It carries the word of the systems that it `speaks_for` (its own, unless named), and may write only what the system contract
    lets them decide about. `why` says in a few words what is not plain. ValueError for a remedy that is none for its cell.
    """

    name: str
    _: KW_ONLY
    system: str
    undo: str | None
    once: Once = Once.EVENT
    refused: Remedy
    uncertain: Remedy
    later_failure: Remedy
    speaks_for: Collection[str] = ()
    why: str = ""

    def __post_init__(self) -> None:
        for cell, remedies in CELLS.items():
            if getattr(self, cell) not in remedies:
                raise ValueError(f"{self.name}: {cell} must be {' or '.join(remedies)}")
        if self.later_failure is UNDO and (self.undo is None or self.once is Once.ACCOUNT):
            raise ValueError(f"{self.name} cannot be taken back alone, so {KEEP} it or {ASK}")


class Path:
    """The steps of one event's path, in order.

    What cannot be undone must stand behind all that can, and behind each step whose refusal takes others back: ValueError.
    """

    def __init__(self, event: str, *steps: Step) -> None:
        for place, step in enumerate(steps):
            takes_back = step.refused is PARK and any(before.later_failure is UNDO for before in steps[:place])
            for before in steps[:place]:
                if before.undo is None and (takes_back or step.undo is not None):
                    raise ValueError(f"{event}: {before.name} cannot be undone, so it must stand behind {step.name}")
        self.event = event
        self.steps = {step.name: step for step in steps}
        if len(self.steps) != len(steps):
            raise ValueError(f"{event}: a step stands in the path twice")

    def __getitem__(self, step: str) -> Step:
        return self.steps[step]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps.values())

    def left(self, done: Collection[str], remedy: Remedy, *, refused: str) -> list[str]:
        """Return which of the steps that are done get this remedy when a step is refused, the last one first.

        One that is no step of the path, such as a read between two, fails behind all that is done.
        """
        names = list(self.steps)
        before = names[: names.index(refused)] if refused in self.steps else names
        return [name for name in reversed(before) if name in done and self.steps[name].later_failure is remedy]
