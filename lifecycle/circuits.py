"""When a system counts as down, when it is tried again, and what that stops. Pure: the ledger counts, the worker tries."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from contracts.errors import RetryableError, UncertainError
from contracts.systems import System
from lifecycle.paths import PATHS

OPENS_AT = 3
"""Failures in a row, with no success between: fewer than the catalog's attempts, so that a lead alone opens it, and waits."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds until an event is let through to a system that answers, and how far that grows while it fails all the same."""
RATE_LIMITS = re.compile(r"http_429|rate_?limit|message_limit|idempotency_key_in_use|lock_timeout", re.IGNORECASE)
SILENCE = re.compile(
    r"(token\.)?(\w*unreachable|\w*no_answer|\w*broken|not_json|http_(408|502|503|504|52\d)|service_unavailable)"
)
FAULT = re.compile(r"(token\.)?(http_5\d\d|internal_error|fatal_error)")


class Failure(StrEnum):
    """What a failed call says: nobody answers, or somebody does and fails, which may be the record's fault alone."""

    SILENT = "silent"
    FAULTY = "faulty"


@dataclass(frozen=True, slots=True)
class Circuit:
    """The failures in a row of one step in one system; `several` when more than one event met them."""

    failures: int = 0
    silent: bool = False
    several: bool = False

    @property
    def opens(self) -> bool:
        """Say whether the system counts as down. One event that meets a fault of the system's may be the fault itself."""
        return self.failures >= OPENS_AT and (self.silent or self.several)


def after(circuit: Circuit, failure: Failure, *, times: int = 1, others: bool) -> Circuit:
    """Return the circuit after one more failure (or `times`); `others` says that other events have met one, too."""
    silent, several = circuit.silent or failure is Failure.SILENT, circuit.several or others
    return replace(circuit, failures=circuit.failures + times, silent=silent, several=several)


def pause_after(probes: int) -> float:
    """Return the seconds until the next event is let through, after so many that failed."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(probes, 10)))


def failure_of(error: object, system: str) -> Failure | None:
    """Return what an outcome says against a system; None for a success, a refusal, a rate limit, or somebody else's failure."""
    if not isinstance(error, (RetryableError, UncertainError)):
        return None
    whose, _, code = error.cause.partition(".")
    if whose != system or RATE_LIMITS.search(code):
        return None
    if SILENCE.match(code):
        return Failure.SILENT
    return Failure.FAULTY if FAULT.match(code) else None


def system_of(error: RetryableError) -> str | None:
    """Return the outside system that an error came from; None when it was our own ledger."""
    whose = error.cause.partition(".")[0]
    return whose if whose in set(System) else None


def reading(event: str) -> str:
    """Return what stands in the place of a step's name when a path could not read what it needs."""
    return f"read {event}"


@cache
def needs(event: str) -> tuple[list[str], list[str]]:
    """Return the systems that an event's path changes, and everything in it that can fail: `crm/open_deal`, `crm/read EVENT`."""
    path = PATHS.get(event, ())
    systems = sorted({step.system for step in path})
    steps = [f"{step.system}/{step.name}" for step in path]
    return systems, steps + [f"{system.value}/{reading(event)}" for system in System]


@cache
def stopped_by(system: str, step: str) -> list[str]:
    """Return the events that cannot go on while this step fails in this system."""
    return [event for event in PATHS if f"{system}/{step}" in needs(event)[1]]
