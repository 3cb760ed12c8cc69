from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from expectations.gate import Gate
from expectations.rows import Row

RowOf = Callable[..., Row]


@pytest.fixture(scope="session")
def gate() -> Gate:
    """The gate as every process has it: one, warm."""
    return Gate()


@pytest.fixture
def good_row() -> RowOf:
    """Rows that pass their suite, each of its own event and case, with columns to be changed."""

    def of(suite: str, **changed: Any) -> Row:
        return {"event_id": uuid4(), "case_id": uuid4(), **GOOD[suite], **changed}

    return of


GOOD: dict[str, Row] = {
    "lead": {
        "company": "Northwind GmbH",
        "domain": "northwind.example",
        "email": "ada@northwind.example",
        "owner": "sales-1",
        "confidence": 0.93,
        "amount": 15000.0,
        "currency": "EUR",
    },
    "discovery": {"account": "Northwind GmbH", "owner": "sales-1", "stage": "engaging", "amount": 15000.0, "currency": "EUR"},
}
