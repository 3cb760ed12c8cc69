"""The CRM's records as flat rows for their suites. It must stay free of Great Expectations, which takes seconds to import."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from expectations.rows import Row

Record = Mapping[str, str]
OVER: Final = ("won", "lost")
SUITE_OF: Final = {"company": "companies", "contact": "contacts", "deal": "deals"}
ONCE: Final = {"company": ("key", "domain"), "contact": ("key", "email"), "deal": ("key",)}
"""What may stand at one record of its kind only."""


class Rows:
    """Makes the rows of one kind, page by page; knows which earlier record had a value first, by the value's digest."""

    def __init__(self, kind: str, now: datetime) -> None:
        self._kind, self._now = kind, now
        self._first: dict[bytes, str] = {}

    def row(self, record: Record) -> Row:
        """Return the row of a record: its id, what its suite judges, the earlier record with the same key, domain or address."""
        same = {f"same_{name}": self._earlier(name, record) for name in ONCE[self._kind]}
        return {"record": record["id"], **_OF_KIND[self._kind](record, self._now), **same}

    def _earlier(self, name: str, record: Record) -> str | None:
        value = _written(record, name)
        if value is None:
            return None
        told = f"{name} {value}"
        first = self._first.setdefault(blake2b(told.encode(), digest_size=12).digest(), record["id"])
        return None if first == record["id"] else first


def case_row(deal_id: str, currency: str | None, deal: Mapping[str, str | None] | None) -> Row:
    """Return the row of a case that is under way: whether its deal is in the CRM, and how that stands."""
    theirs = deal.get("currency") if deal else None
    agrees = currency is None or theirs is None or currency == theirs
    return {"record": deal_id, "in_crm": deal is not None, "stage": deal.get("stage") if deal else None, "same_currency": agrees}


def _company(record: Record, _now: datetime) -> Row:
    return {"name": record.get("name"), "domain": _written(record, "domain")}


def _contact(record: Record, _now: datetime) -> Row:
    return {"name": record.get("last_name") or record.get("first_name"), "email": _written(record, "email")}


def _deal(record: Record, now: datetime) -> Row:
    return {
        "name": record.get("name"),
        "stage": record.get("stage"),
        "owner": record.get("owner") or record.get("owner_user"),
        "amount": _number(record.get("amount")),
        "currency": record.get("currency"),
        "is_open": record.get("stage") not in OVER,
        "idle_days": _days_since(record.get("changed"), now),
    }


def _written(record: Record, name: str) -> str | None:
    """What people wrote, without what does not count: case and blanks around it."""
    return record.get(name, "").strip().casefold() or None


def _number(text: str | None) -> float | None:
    """An amount; what is no number is endless, so that no range holds it."""
    try:
        amount = float(text) if text else None
    except ValueError:
        return float("inf")
    return float("inf") if amount is not None and amount != amount else amount


def _days_since(moment: str | None, now: datetime) -> float | None:
    """How long ago a moment was, in days; None for one that does not say its zone or is none."""
    try:
        then = datetime.fromisoformat(moment) if moment else None
    except ValueError:
        return None
    return (now - then).total_seconds() / 86400 if then and then.tzinfo else None


_OF_KIND: Mapping[str, Any] = {"company": _company, "contact": _contact, "deal": _deal}
