"""Which faults come when: a pure function of the seed, so that a run that failed can be run again."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What goes wrong."""

    KILL = "kill"
    PAUSE = "pause"
    VENDOR = "vendor"
    WEBHOOKS = "webhooks"
    DISK = "disk full"
    CLOCK = "clock jump"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `after` seconds of peace it hits `target`; `seconds` and `number` say how long and how hard."""

    after: float
    kind: Kind
    target: str
    how: str = ""
    seconds: float = 0
    number: int = 0


MORTALS = {
    "worker child": 8,
    "gateway": 4,
    "worker": 4,
    "sandbox": 3,
    "fork server": 2,
    "prefect": 3,
    "postgres": 2,
    "postgres backend": 2,
}
"""Who is killed, and how often beside the others: what takes long to come back is killed less, or nothing would ever run."""
STOPPED = {"worker child": 4, "worker": 3, "gateway": 3, "sandbox": 3, "prefect": 3, "postgres backend": 2}
"""Who is cut off from the others for a while: stopped by SIGSTOP, woken by SIGCONT."""
SYSTEMS = ("crm", "docs", "chat", "mail", "billing")
VENDOR = ("500", "502", "503", "429", "lost answer", "latency", "silence")
WEBHOOKS = ("late", "doubled", "lost")
SHARES = {Kind.KILL: 60, Kind.PAUSE: 8, Kind.VENDOR: 22, Kind.WEBHOOKS: 8, Kind.DISK: 1, Kind.CLOCK: 1}
LEASE = 30
"""A worker that is stopped for longer than that has lost what it held, and must not know it."""


def plan(seed: int, kills: int, kinds: Sequence[Kind] = tuple(Kind), *, every: tuple[float, float] = (1.0, 2.2)) -> list[Fault]:
    """Return faults of these kinds in their order, until so many of them are kills."""
    dice = random.Random(seed)  # noqa: S311  (must come out the same again, and guards nothing)
    faults: list[Fault] = []
    for fault in _faults(dice, kinds, every):
        faults.append(fault)
        kills -= fault.kind is Kind.KILL
        if kills <= 0:
            return faults
    raise AssertionError


def _faults(dice: random.Random, kinds: Sequence[Kind], every: tuple[float, float]) -> Iterator[Fault]:
    while True:
        kind = dice.choices(list(kinds), [SHARES[kind] for kind in kinds])[0]
        yield _fault(dice, kind, dice.uniform(*every) if kind is Kind.KILL else dice.uniform(0, every[0]))


def _fault(dice: random.Random, kind: Kind, after: float) -> Fault:
    match kind:
        case Kind.KILL:
            return Fault(after, kind, _weighted(dice, MORTALS))
        case Kind.PAUSE:
            target = _weighted(dice, STOPPED)
            long = target.startswith("worker") and dice.random() < 0.25
            return Fault(after, kind, target, seconds=LEASE + 5 if long else dice.uniform(1, 12))
        case Kind.VENDOR:
            how, seconds, number = dice.choice(VENDOR), dice.uniform(0.2, 4), dice.randint(1, 8)
            return Fault(after, kind, dice.choice(SYSTEMS), how, seconds, number)
        case Kind.WEBHOOKS:
            return Fault(
                after, kind, dice.choice(("crm", "billing")), dice.choice(WEBHOOKS), dice.uniform(2, 15), dice.randint(1, 3)
            )
        case Kind.DISK:
            return Fault(after, kind, "postgres", seconds=dice.uniform(4, 10))
        case Kind.CLOCK:
            return Fault(after, kind, "all", number=dice.choice((-90, -20, 20, 90)))


def _weighted(dice: random.Random, weights: dict[str, int]) -> str:
    return dice.choices(list(weights), list(weights.values()))[0]
