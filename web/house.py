"""What every handler needs, in one value; it must not know any route."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from connectors.drift import Drift
from contracts.catalog import Catalog
from ledger.database import Ledger
from runtime.settings import Settings
from web.gateway.counter import Counter
from web.gateway.sources import Source
from web.live import Live
from web.metrics import Metrics
from web.quotas import Quotas


@dataclass(frozen=True, slots=True)
class House:
    """The open house: what was agreed, what happened, and the clock."""

    settings: Settings
    catalog: Catalog
    ledger: Ledger
    counter: Counter
    sources: Mapping[str, Source]
    metrics: Metrics
    drift: Drift
    live: Live
    quotas: Quotas
    now: Callable[[], datetime]

    def bears_token(self, authorization: str) -> bool:
        """Say whether an Authorization header carries the API token, in a time that does not tell how much of it is right."""
        scheme, _, token = authorization.partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), self.settings.api_token.encode())

    def known_type(self, event_type: str) -> str:
        """Return an event's type where the catalog has it, `unknown` otherwise: a label must not be whatever somebody sends."""
        return event_type if event_type in self.catalog.entries else "unknown"

    def age(self, moment: datetime) -> float:
        """Return how many seconds ago that was."""
        return max(0.0, (self.now() - moment).total_seconds())

    def today(self) -> datetime:
        """Return when this day began, by UTC."""
        return self.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

    def run(self, flow_run_id: UUID | None) -> str | None:
        """Return where a run is shown in the Prefect UI."""
        return f"{self.settings.prefect_ui}/runs/flow-run/{flow_run_id}" if flow_run_id else None
