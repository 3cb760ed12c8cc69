"""The quality gate of a path: failing rows leave the batch with cause, route and owner, the rest go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from prefect import task
from prefect.cache_policies import NO_CACHE

from contracts.catalog import catalog
from contracts.event import CONTRACTS, newest
from contracts.values import Contract
from expectations.report import GateReport
from expectations.rows import row
from ledger.gates import NewWarning
from runtime.wiring import runtime
from tasks.batch import Batch, Item

if TYPE_CHECKING:
    from expectations.gate import Gate

C = TypeVar("C", bound=Contract)
MANY_KINDS = ("lead.qualified", "milestone.reached")
"""Events whose suites hold every kind of expectation between them."""


@cache
def gate() -> Gate:
    """Return this process's gate; the first call imports Great Expectations, which takes seconds."""
    from expectations.gate import Gate

    return Gate()


def warm_up() -> None:
    """Check blank events of two paths once, so that what any first check imports is there when processes are forked."""
    for event in MANY_KINDS:
        contract = CONTRACTS[event][newest(event)]
        missing = {name: None for name, field in contract.model_fields.items() if field.is_required()}
        blank = contract.model_construct(**missing)
        gate().check(catalog()[event].flow, [row(blank, event=uuid4(), case=uuid4(), facts={})])


def nothing(_item: Item[Any]) -> Mapping[str, Any]:
    """Return no facts, where a path's gate looks at the event alone."""
    return {}


def deal_owner(item: Item[C]) -> str | None:
    """Return the deal's own owner, where they are in the owners' file and so can be told."""
    return item.owner if item.owner in runtime().catalog.owners.owners else None


def _known(item: Item[C], facts: Callable[[Item[C]], Mapping[str, Any]]) -> Mapping[str, Any]:
    return {"late": (item.received - item.occurred).total_seconds(), **facts(item)}


@task(name="Check data quality", cache_policy=NO_CACHE, persist_result=False)
async def check(batch: Batch[C], facts: Callable[[Item[C]], Mapping[str, Any]] = nothing) -> None:
    """Validate the batch by its path's suite and keep the verdict; what fails leaves as an exception for its owner."""
    if not batch.items:
        return
    suite = batch.entry.flow
    async with runtime().ledger.begin() as books:
        answered = await books.suggestions.answered(list(batch.items))
    rows = [
        row(
            item.payload,
            event=item.event,
            case=item.case,
            facts={**_known(item, facts), "answered": answered.get(item.event, ())},
        )
        for item in batch
    ]
    report = await asyncio.to_thread(gate().check, suite, rows)
    async with runtime().ledger.begin() as books:
        failed = len(report.failures)
        await books.gates.keep(suite, flow_run_id=batch.run, checked=len(rows), failed=failed, summary=dict(report.summary))
        await books.gates.warn([item.event for item in batch], [one for item in batch for one in _warnings(item, suite, report)])
    for item in batch:
        if failure := report.failures.get(item.event):
            owner = getattr(batch.entry, failure.route, None) or deal_owner(item) or batch.entry.process_owner
            cause = f"gate/{suite}/{failure.rule}" + (f"/{owner}" if owner == deal_owner(item) else "")
            route = f"{failure.fix}, then `towline replay --cause {cause}`"
            batch.leave(item, cause=cause, reason=failure.reason, route=route, column=failure.column, owner=owner)


def _warnings(item: Item[C], suite: str, report: GateReport) -> list[NewWarning]:
    found = report.warnings.get(item.event, ())
    return [NewWarning(item.event, item.case, suite, one.rule, one.column, one.reason) for one in found]
