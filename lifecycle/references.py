"""By which outside records an event tells its deal: the ids that lead to a case."""

from __future__ import annotations

from typing import Any

FIELDS = {"deal_id": "deal", "request_id": "request", "invoice_id": "invoice", "payment_id": "payment"}


def references_of(data: Any) -> list[str]:
    """Return the references in an event's data, the surest first: `deal:123`, `request:456`, `invoice:in_1`."""
    if not isinstance(data, dict):
        return []
    return [reference(kind, data[field]) for field, kind in FIELDS.items() if isinstance(data.get(field), str)]


def reference(kind: str, vendor_id: str) -> str:
    """Return the reference to a record of this kind."""
    return f"{kind}:{vendor_id}"
