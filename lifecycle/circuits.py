"""When a system counts as down, when it is tried again, and what that stops. Pure: the ledger counts, the worker tries."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from contracts.errors import MisconfiguredError, RetryableError, TowlineError, UncertainError
from contracts.systems import System
from contracts.thresholds import thresholds
from lifecycle.paths import PATHS

OPENS_AT = thresholds().failures_in_a_row.value
"""Failures in a row, with no success between: fewer than the catalog's attempts, so that a lead alone opens it, and waits."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds until an event is let through to a system that answers, and how far that grows while it fails all the same."""
RATE_LIMITS = re.compile(r"http_429|rate_?limit|message_limit|idempotency_key_in_use|lock_timeout", re.IGNORECASE)
SILENCE = re.compile(
    r"(token\.)?(\w*unreachable|\w*no_answer|\w*broken|not_json|http_(408|502|503|504|52\d)|service_unavailable)"
)
FAULT = re.compile(r"(token\.)?(http_5\d\d|internal_error|fatal_error)")
LOCKED = re.compile(
    r"token\..+|http_401(\..+)?|http_403\.MISSING_SCOPES|(smtp|imap)_login|invalid_auth|not_authed|missing_scope|account_inactive"
    r"|token_(expired|revoked)|not_allowed_token_type|org_login_required|team_access_not_granted"
)
"""What vendors say when it is our credentials, or their rights, that they do not take: never about a record."""


class Failure(StrEnum):
    """What a failed call says: nobody answers; our credentials are not taken; or it failed, perhaps by its record's fault."""

    SILENT = "silent"
    LOCKED = "locked"
    FAULTY = "faulty"


@dataclass(frozen=True, slots=True)
class Circuit:
    """The failures in a row of one step in one system; `silent` when one of them can be no event's fault.

    `several` when more than one event met them.
    """

    failures: int = 0
    silent: bool = False
    several: bool = False

    @property
    def opens(self) -> bool:
        """Say whether the system counts as down. One event that meets a fault of the system's may be the fault itself."""
        return self.failures >= OPENS_AT and (self.silent or self.several)


def after(circuit: Circuit, failure: Failure, *, times: int = 1, others: bool) -> Circuit:
    """Return the circuit after one more failure (or `times`); `others` says that other events have met one, too.

    Credentials that are not taken once are not taken from anybody.
    """
    silent, several = circuit.silent or failure is not Failure.FAULTY, circuit.several or others
    failures = circuit.failures + (OPENS_AT if failure is Failure.LOCKED else times)
    return replace(circuit, failures=failures, silent=silent, several=several)


def pause_after(probes: int) -> float:
    """Return the seconds until the next event is let through, after so many that failed."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(probes, 10)))


def failure_of(error: object, system: str) -> Failure | None:
    """Return what an outcome says against a system; None for a success, a refusal, a rate limit, or somebody else's failure."""
    if not isinstance(error, (RetryableError, UncertainError, MisconfiguredError)):
        return None
    whose, _, code = error.cause.partition(".")
    if whose != system or RATE_LIMITS.search(code):
        return None
    if isinstance(error, MisconfiguredError):
        return Failure.LOCKED if LOCKED.fullmatch(code) else None
    if SILENCE.match(code):
        return Failure.SILENT
    return Failure.FAULTY if FAULT.match(code) else None


def is_locked(cause: str) -> bool:
    """Say whether a circuit's cause is that our credentials are not taken."""
    code = cause.partition(".")[2]
    return bool(LOCKED.fullmatch(code) and not SILENCE.match(code) and not FAULT.match(code))


def system_of(error: TowlineError) -> str | None:
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
