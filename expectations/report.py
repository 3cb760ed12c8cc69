"""What a gate says about a batch; it names rows by their event and never repeats a value of theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID


class Route(StrEnum):
    """Which way a failing row goes: to the deal's own seller, or to an owner that the catalog names for the event."""

    DEAL_OWNER = "deal_owner"
    PROCESS_OWNER = "process_owner"
    INTEGRATION_OWNER = "integration_owner"


class Kind(StrEnum):
    """What an expectation is about; a vocabulary holds words, or forms of words, that are known.

    Every suite has each kind, or says why not (`expectations/suites.py`).
    """

    COMPLETENESS = "completeness"
    UNIQUENESS = "uniqueness"
    VOCABULARY = "vocabulary"
    RANGE = "range"
    REFERENCE = "reference"
    FRESHNESS = "freshness"
    TOTAL = "total"
    SEQUENCE = "sequence"
    CURRENCY = "currency"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a row does not pass: the expectation's name and business words, the column, how grave, which way it goes.

    `fix` says what mends it; `why` gives the reason and the record of a threshold, and is empty where none was drawn.
    """

    rule: str
    description: str
    column: str
    severity: str
    route: Route
    kind: Kind
    fix: str
    why: str = ""

    @property
    def reason(self) -> str:
        """Return what an exception says: what must hold, and why the line is drawn where it is."""
        return f"{self.description}, because {self.why}" if self.why else self.description


@dataclass(frozen=True, slots=True)
class Finding:
    """What one expectation says about the batch: the events it refuses, and how many rows it looked at."""

    rule: Failure
    success: bool
    elements: int
    events: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class GateReport:
    """A checked batch: every event stands either in `passed` or, with its first critical failure, in `failures`.

    `warnings` holds the rows of either kind that a warning speaks of; `summary` is the JSON-able record to keep.
    """

    suite: str
    passed: Sequence[UUID]
    failures: Mapping[UUID, Failure]
    warnings: Mapping[UUID, Sequence[Failure]]
    summary: Mapping[str, Any]


def report(suite: str, events: Sequence[UUID], findings: Sequence[Finding], *, seconds: float) -> GateReport:
    """Return what `findings` say about `events`: who passes, who fails by which rule first, and the record to keep."""
    failures: dict[UUID, Failure] = {}
    warnings: dict[UUID, list[Failure]] = {}
    for finding in findings:
        for event in finding.events:
            if finding.rule.severity == "critical":
                failures.setdefault(event, finding.rule)
            else:
                warnings.setdefault(event, []).append(finding.rule)
    passed = [event for event in dict.fromkeys(events) if event not in failures]
    return GateReport(suite, passed, failures, warnings, _summary(suite, len(events), findings, len(failures), seconds))


def _summary(suite: str, checked: int, findings: Sequence[Finding], failed: int, seconds: float) -> dict[str, Any]:
    return {
        "suite": suite,
        "success": failed == 0,
        "checked": checked,
        "failed": failed,
        "milliseconds": round(seconds * 1000, 1),
        "expectations": [
            {
                **asdict(finding.rule),
                "success": finding.success,
                "elements": finding.elements,
                "unexpected": len(finding.events),
                "events": [str(event) for event in finding.events],
            }
            for finding in findings
        ],
    }
