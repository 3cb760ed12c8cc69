"""A deal as far as a proposal that waits for a person, written into the ledger as the path would."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from ledger.database import Ledger
from ledger.decisions import NewDecision
from lifecycle.keys import CaseId, case_id, decision_id


def question(case: UUID, *, content: str = "c0ffee" * 10, **changes: Any) -> NewDecision:
    """A proposal of EUR 15,000.00 that waits for its approval."""
    asked: dict[str, Any] = {
        "id": decision_id(case, "doc-1", content),
        "kind": "proposal",
        "case_id": case,
        "event_id": uuid4(),
        "title": "Northwind GmbH",
        "document": "doc-1",
        "url": "https://docs.example/doc-1",
        "content_hash": content,
        "minor": 1500000,
        "currency": "EUR",
        "terms": {"lines": [], "payment_days": 30},
        "owner": "sales-1",
    }
    return NewDecision(**(asked | changes))


def case_called(name: str) -> CaseId:
    """The id of a case of these tests."""
    return case_id("test", name)


async def stand(ledger: Ledger, case: UUID, stage: str, *, deal: str | None = "9001") -> None:
    """Let a case stand at a stage."""
    fields = {"account_id": None, "title": "Northwind GmbH", "owner": "sales-1", "amount_minor": 1500000, "currency": "EUR"}
    async with ledger.begin() as books:
        await books.cases.open([case])
        await books.cases.advance([{"id": case, "stage": stage, "crm_deal_id": deal, **fields}])


async def ask(ledger: Ledger, *decisions: NewDecision) -> None:
    """Let decisions wait."""
    for number, one in enumerate(decisions):
        await stand(ledger, one.case_id, "proposed", deal=f"900{number}")
        async with ledger.begin() as books:
            await books.decisions.ask([one])
