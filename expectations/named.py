"""Great Expectations as this house uses it: quiet and without telemetry. It must be imported from nowhere else."""

from __future__ import annotations

import os
import shutil
import warnings
from typing import Any, ClassVar

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
with warnings.catch_warnings():
    # 1.24 imports the standard library's deprecated sre_constants on Python 3.11 to 3.13.
    warnings.filterwarnings("ignore", message=".*sre_", category=DeprecationWarning)
    import great_expectations as gx
    from great_expectations.compatibility.pydantic import PrivateAttr
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult, RunIdentifier
    from great_expectations.core.freshness_diagnostics import (
        CheckpointFreshnessDiagnostics,
        ValidationDefinitionFreshnessDiagnostics,
    )
    from great_expectations.data_context.data_context.abstract_data_context import AbstractDataContext
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )
    from great_expectations.expectations.core.expect_column_pair_values_a_to_be_greater_than_b import (
        ExpectColumnPairValuesAToBeGreaterThanB,
    )
    from great_expectations.expectations.core.expect_column_pair_values_to_be_equal import ExpectColumnPairValuesToBeEqual
    from great_expectations.expectations.core.expect_column_values_to_be_between import ExpectColumnValuesToBeBetween
    from great_expectations.expectations.core.expect_column_values_to_be_in_set import ExpectColumnValuesToBeInSet
    from great_expectations.expectations.core.expect_column_values_to_be_null import ExpectColumnValuesToBeNull
    from great_expectations.expectations.core.expect_column_values_to_be_unique import ExpectColumnValuesToBeUnique
    from great_expectations.expectations.core.expect_column_values_to_match_regex import ExpectColumnValuesToMatchRegex
    from great_expectations.expectations.core.expect_column_values_to_not_be_in_set import ExpectColumnValuesToNotBeInSet
    from great_expectations.expectations.core.expect_column_values_to_not_be_null import ExpectColumnValuesToNotBeNull
    from great_expectations.expectations.core.expect_column_values_to_not_match_regex import ExpectColumnValuesToNotMatchRegex
    from great_expectations.expectations.core.expect_compound_columns_to_be_unique import ExpectCompoundColumnsToBeUnique
    from great_expectations.expectations.expectation import Expectation
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.metadata_types import FailureSeverity
    from great_expectations.expectations.row_conditions import Column

from expectations.report import Kind

EITHER_MISSING = "either_value_is_missing"
"""A pair of columns is then compared where both of them are known, and only there."""


class _Configuration(ExpectationConfiguration):
    """A configuration that is asked for its expectation eight times a run, and makes it once."""

    _known: tuple[Any, Expectation] | None = None

    def to_domain_obj(self) -> Expectation:
        """Return the expectation; made anew only for another batch."""
        batch = self.kwargs.get("batch_id")
        if self._known is None or self._known[0] != batch:
            self._known = batch, super().to_domain_obj()
        return self._known[1]


class Named(Expectation):
    """An expectation that says what it is about (`kind`) and what mends a row that it refuses (`fix`).

    `why` is the reason of the threshold that it holds rows to, where it draws a line.
    It is never edited after it was made; its configuration, asked for eighty times a run, is made once.
    """

    kind: ClassVar[Kind]
    fix: ClassVar[str]
    why: ClassVar[str] = ""
    _made: Any = PrivateAttr(default=None)

    @property
    def configuration(self) -> ExpectationConfiguration:
        """The expectation as Great Expectations hands it around; made anew only for another id."""
        if self._made is None or self._made.id != self.id:
            made = super().configuration
            self._made = _Configuration(
                made.type, made.kwargs, made.meta, made.notes, made.description, severity=made.severity, id=made.id
            )
        return self._made  # type: ignore[no-any-return]


def quiet_context() -> AbstractDataContext:
    """Return an empty context in memory, without progress bars, and without the folder for pages that it makes unasked."""
    context = gx.get_context(mode="ephemeral")
    for site in (context.variables.data_docs_sites or {}).values():
        shutil.rmtree(site["store_backend"]["base_directory"], ignore_errors=True)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


__all__ = [
    "EITHER_MISSING",
    "AbstractDataContext",
    "CheckpointFreshnessDiagnostics",
    "Column",
    "ExpectColumnPairValuesAToBeGreaterThanB",
    "ExpectColumnPairValuesToBeEqual",
    "ExpectColumnValuesToBeBetween",
    "ExpectColumnValuesToBeInSet",
    "ExpectColumnValuesToBeNull",
    "ExpectColumnValuesToBeUnique",
    "ExpectColumnValuesToMatchRegex",
    "ExpectColumnValuesToNotBeInSet",
    "ExpectColumnValuesToNotBeNull",
    "ExpectColumnValuesToNotMatchRegex",
    "ExpectCompoundColumnsToBeUnique",
    "Expectation",
    "ExpectationSuiteIdentifier",
    "ExpectationSuiteValidationResult",
    "ExpectationValidationResult",
    "FailureSeverity",
    "Named",
    "RunIdentifier",
    "ValidationDefinitionFreshnessDiagnostics",
    "ValidationResultIdentifier",
    "gx",
    "quiet_context",
]
