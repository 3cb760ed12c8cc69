"""The gate: runs a path's suite as a Great Expectations checkpoint on a batch. It must not know what becomes of its report."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, Final

import pandas as pd  # type: ignore[import-untyped]

from contracts.errors import MisconfiguredError
from expectations.named import (
    AbstractDataContext,
    CheckpointFreshnessDiagnostics,
    Expectation,
    ExpectationValidationResult,
    Named,
    ValidationDefinitionFreshnessDiagnostics,
    gx,
    quiet_context,
)
from expectations.report import Failure, Finding, GateReport, Route, report
from expectations.rows import Row
from expectations.suites import SUITES

VERDICT: Final = {"result_format": "BOOLEAN_ONLY"}
ROWS: Final = {"result_format": "COMPLETE", "include_unexpected_rows": False, "partial_unexpected_count": 0}


class GateError(MisconfiguredError):
    """A suite could not be evaluated, so nothing of the batch has passed."""


class Gate:
    """All suites in one in-memory Great Expectations context, built once per process (about 50 ms; the import takes 3 s).

    Safe to call from several threads; the checks take turns.
    """

    def __init__(self, suites: Mapping[str, Mapping[type[Named], Route]] = SUITES, *, by: str = "event_id") -> None:
        """Build the suites; `by` is the column that names a row."""
        self._lock, self._by = Lock(), by
        self._context = quiet_context()
        self._suites = {name: _Suite(self._context, name, expectations, by) for name, expectations in suites.items()}

    def check(self, suite: str, rows: Sequence[Row]) -> GateReport:
        """Run the checkpoint of `suite` on `rows`, each with what names it and all of the suite's columns.

        Raises:
            GateError: an expectation could not be evaluated; a row has passed only when all of them were.
            KeyError: there is no such suite.
        """
        checkpoint = self._suites[suite]
        started = time.perf_counter()
        with self._lock:
            findings = checkpoint.run(rows) if rows else []
        return report(suite, [row[self._by] for row in rows], findings, seconds=time.perf_counter() - started)


class _Nowhere:
    """Where results are kept: they may hold values, and writing one down took a sixth of each check."""

    cloud_mode = False

    def store_validation_results(self, **_result: Any) -> bool:
        return True


class _Validation(gx.ValidationDefinition):
    """Never edited after it was made, so comparing it with its stored copy before each run finds nothing; it took a third."""

    def is_fresh(self) -> ValidationDefinitionFreshnessDiagnostics:
        return ValidationDefinitionFreshnessDiagnostics(errors=[])

    @property
    def _validation_results_store(self) -> Any:
        return _Nowhere()


class _Checkpoint(gx.Checkpoint):
    """Never edited after it was made, as its validation."""

    def is_fresh(self) -> CheckpointFreshnessDiagnostics:
        return CheckpointFreshnessDiagnostics(errors=[])


class _Suite:
    """One path's suite with two checkpoints: the verdict, at half the cost, and the rows, asked for only when it is not clean."""

    def __init__(self, context: AbstractDataContext, name: str, routes: Mapping[type[Named], Route], by: str) -> None:
        named = [expectation() for expectation in routes]
        suite = context.suites.add(gx.ExpectationSuite(name, expectations=named))
        self._source = context.data_sources.add_pandas(name)
        batch = self._source.add_dataframe_asset(name).add_batch_definition_whole_dataframe(name)
        validation = _Validation(name=name, data=batch, suite=suite)
        context.validation_definitions.add(validation)
        self._by = by
        self._rules = {each.expectation_type: _rule(each, routes[type(each)]) for each in named}
        self._verdict = _Checkpoint(name=f"{name} verdict", validation_definitions=[validation], result_format=VERDICT)
        rows = {**ROWS, "unexpected_index_column_names": [by]}
        self._rows = _Checkpoint(name=f"{name} rows", validation_definitions=[validation], result_format=rows)
        context.checkpoints.add(self._verdict)
        context.checkpoints.add(self._rows)

    def run(self, rows: Sequence[Row]) -> list[Finding]:
        try:
            batch = pd.DataFrame({column: pd.Series([row[column] for row in rows], dtype=object) for column in rows[0]})
            found = self._run(self._verdict, batch)
            if not all(result.success for result in found.values()):
                found = self._run(self._rows, batch)
        except Exception as error:  # its text may hold values of the batch
            raise GateError(f"the checkpoint could not be run: {type(error).__name__}", cause="gate") from None
        finally:
            self._source._execution_engine = None  # it would keep the batch and its metrics until the next one
        return [_finding(rule, found.get(name), [row[self._by] for row in rows], self._by) for name, rule in self._rules.items()]

    def _run(self, checkpoint: gx.Checkpoint, batch: Any) -> dict[str, ExpectationValidationResult]:
        results = checkpoint.run(batch_parameters={"dataframe": batch}).run_results
        return {_type_of(each): each for result in results.values() for each in result.results}


def _type_of(result: ExpectationValidationResult) -> str:
    return result.expectation_config.type if result.expectation_config else ""


def _rule(expectation: Named, route: Route) -> Failure:
    return Failure(
        rule=expectation.expectation_type,
        description=str(expectation.description),
        column=_column(expectation),
        severity=expectation.severity.value,
        route=route,
        kind=expectation.kind,
        fix=expectation.fix,
        why=expectation.why,
    )


def _column(expectation: Expectation) -> str:
    """The column to correct: of a pair the first, of several the last; none where the table as a whole is meant."""
    several = [*getattr(expectation, "column_list", ())]
    return str(getattr(expectation, "column", None) or getattr(expectation, "column_A", None) or "".join(several[-1:]))


def _finding(rule: Failure, result: Any, names: Sequence[Any], by: str) -> Finding:
    if result is None or _raised(result.exception_info):
        raise GateError(f"expectation {rule.rule} could not be evaluated", cause="gate")
    refused = [entry[by] for entry in result.result.get("unexpected_index_list") or ()]
    if not result.success and not refused:
        refused = list(names)  # it speaks of the table as a whole, so of every row
    return Finding(rule, bool(result.success), result.result.get("element_count", len(names)), tuple(dict.fromkeys(refused)))


def _raised(info: Mapping[str, Any]) -> bool:
    """Whether Great Expectations caught an exception; its report is flat or has one entry per metric."""
    return bool(info.get("raised_exception")) or any(isinstance(each, Mapping) and _raised(each) for each in info.values())
