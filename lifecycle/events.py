"""Events that we cause ourselves, in the envelope that every event travels in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

OURSELVES = "towline"


def envelope(event_type: str, external_id: str, contract: str, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return a CloudEvent of ours."""
    return {
        "specversion": "1.0",
        "id": external_id,
        "source": OURSELVES,
        "type": event_type,
        "time": now.isoformat(),
        "dataschema": contract,
        "datacontenttype": "application/json",
        "data": dict(data),
    }
