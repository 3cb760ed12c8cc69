"""The gate: runs a path's suite as a Great Expectations checkpoint on a batch of rows. It must not know what is done with its report."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any, Final
from uuid import UUID

import pandas as pd

from contracts.errors import MisconfiguredError
from expectations.named import Expectation, Route, gx
from expectations.report import Failure, GateReport
from expectations.rows import Row
from expectations.suites import SUITES

RESULT_FORMAT: Final = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": ["event_id"],
    "return_unexpected_index_query": False,
    "include_unexpected_rows": False,
    "partial_unexpected_count": 0,
}


class GateError(MisconfiguredError):
    """A suite could not be evaluated, so nothing of the batch has passed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one expectation says about the batch: the events it refuses, and how many rows it looked at."""

    rule: Failure
    success: bool
    elements: int
    events: tuple[UUID, ...]


class Gate:
    """All suites in one in-memory Great Expectations context, built once per process (about 50 ms; the import takes 3 s).

    Safe to call from several threads; the checks take turns.
    """

    def __init__(self, suites: Mapping[str, Mapping[type[Expectation], Route]] = SUITES) -> None:
        self._lock = Lock()
        self._context = _quiet_context()
        self._suites = {name: _Suite(self._context, name, expectations) for name, expectations in suites.items()}

    def check(self, suite: str, rows: Sequence[Row]) -> GateReport:
        """Run the checkpoint of `suite` on `rows`, each with an `event_id` and all of the suite's columns.

        Raises:
            GateError: an expectation could not be evaluated; a row has passed only when all of them were.
            KeyError: there is no such suite.
        """
        checkpoint = self._suites[suite]
        started = time.perf_counter()
        with self._lock:
            findings = checkpoint.run(rows) if rows else []
        return _report(suite, rows, findings, seconds=time.perf_counter() - started)


class _Suite:
    def __init__(
        self, context: gx.data_context.EphemeralDataContext, name: str, expectations: Mapping[type[Expectation], Route]
    ) -> None:
        named = [expectation() for expectation in expectations]
        self._results = context.validation_results_store
        self._rules = {each.expectation_type: _rule(each, expectations[type(each)]) for each in named}
        suite = context.suites.add(gx.ExpectationSuite(name, expectations=named))
        batch = context.data_sources.add_pandas(name).add_dataframe_asset(name).add_batch_definition_whole_dataframe(name)
        validation = context.validation_definitions.add(gx.ValidationDefinition(name=name, data=batch, suite=suite))
        self._checkpoint = context.checkpoints.add(
            gx.Checkpoint(name=name, validation_definitions=[validation], result_format=RESULT_FORMAT)
        )

    def run(self, rows: Sequence[Row]) -> list[Finding]:
        batch = pd.DataFrame({column: pd.Series([row[column] for row in rows], dtype=object) for column in rows[0]})
        results = self._checkpoint.run(batch_parameters={"dataframe": batch}).run_results
        for key in results:
            self._results.remove_key(key)  # the in-memory store would keep every result, values and all, for ever
        found = {each.expectation_config.type: each for result in results.values() for each in result.results}
        return [_finding(rule, found.get(name), rows) for name, rule in self._rules.items()]


def _quiet_context() -> gx.data_context.EphemeralDataContext:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context


def _rule(expectation: Expectation, route: Route) -> Failure:
    return Failure(
        rule=expectation.expectation_type,
        description=str(expectation.description),
        column=str(getattr(expectation, "column", "")),
        severity=expectation.severity.value,
        route=route,
    )


def _finding(rule: Failure, result: Any, rows: Sequence[Row]) -> Finding:
    if result is None or _raised(result.exception_info):
        raise GateError(f"expectation {rule.rule} could not be evaluated", cause="gate")
    refused = [entry["event_id"] for entry in result.result.get("unexpected_index_list") or ()]
    if not result.success and not refused:
        refused = [row["event_id"] for row in rows]  # it speaks of the table as a whole, so of every row
    return Finding(rule, bool(result.success), result.result.get("element_count", len(rows)), tuple(dict.fromkeys(refused)))


def _raised(info: Mapping[str, Any]) -> bool:
    """Whether Great Expectations caught an exception; its report is flat or has one entry per metric."""
    return bool(info.get("raised_exception")) or any(isinstance(each, Mapping) and _raised(each) for each in info.values())


def _report(suite: str, rows: Sequence[Row], findings: Sequence[Finding], *, seconds: float) -> GateReport:
    failures: dict[UUID, Failure] = {}
    warnings: dict[UUID, list[Failure]] = {}
    for finding in findings:
        for event in finding.events:
            if finding.rule.severity == "critical":
                failures.setdefault(event, finding.rule)
            else:
                warnings.setdefault(event, []).append(finding.rule)
    passed = [event for event in dict.fromkeys(row["event_id"] for row in rows) if event not in failures]
    return GateReport(suite, passed, failures, warnings, _summary(suite, rows, findings, len(failures), seconds))


def _summary(suite: str, rows: Sequence[Row], findings: Sequence[Finding], failed: int, seconds: float) -> dict[str, Any]:
    return {
        "suite": suite,
        "success": failed == 0,
        "checked": len(rows),
        "failed": failed,
        "milliseconds": round(seconds * 1000, 1),
        "great_expectations": gx.__version__,
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
