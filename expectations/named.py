"""Great Expectations as this house uses it: quiet, no telemetry, and every expectation named, described and routed."""

from __future__ import annotations

import os
import warnings
from enum import StrEnum

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
with warnings.catch_warnings():
    # 1.24 imports the standard library's deprecated sre_constants on Python 3.11 to 3.13.
    warnings.filterwarnings("ignore", message=".*sre_", category=DeprecationWarning)
    import great_expectations as gx
    from great_expectations import expectations as gxe
    from great_expectations.expectations.expectation import Expectation
    from great_expectations.expectations.metadata_types import FailureSeverity
    from great_expectations.expectations.row_conditions import Column

__all__ = ["Column", "Expectation", "FailureSeverity", "Route", "gx", "gxe"]


class Route(StrEnum):
    """Which way a failing row goes: the deal's own seller, or one of the owners that the catalog names for the event."""

    DEAL_OWNER = "deal_owner"
    PROCESS_OWNER = "process_owner"
    INTEGRATION_OWNER = "integration_owner"
