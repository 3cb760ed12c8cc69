"""All suites by the flow whose batch they check; the third path's suite is one more line."""

from __future__ import annotations

from collections.abc import Mapping

from expectations.discovery import DISCOVERY
from expectations.lead import LEAD
from expectations.named import Expectation
from expectations.report import Route

SUITES: Mapping[str, Mapping[type[Expectation], Route]] = {"lead": LEAD, "discovery": DISCOVERY}
