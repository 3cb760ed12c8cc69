"""What a gate says about a batch; it names rows by their event and never repeats a value of theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from expectations.named import Route


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a row does not pass: the expectation's name and business words, the column, how grave, and which way it goes."""

    rule: str
    description: str
    column: str
    severity: str
    route: Route


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
