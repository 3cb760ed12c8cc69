"""The nightly audit of the CRM's records: each kind read from the first to the last, judged a thousand at a time, and counted."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from prefect import task

from expectations.record_rows import SUITE_OF, Rows, case_row
from expectations.report import Route
from expectations.rows import Row
from ledger.audits import DAYS, Count
from ledger.exceptions import NewException
from lifecycle.stages import Stage
from runtime.wiring import runtime
from tasks.options import retries_of

if TYPE_CHECKING:
    from expectations.gate import Gate

PAGE = 1000
"""Records that one check judges."""
NAMED = 20
"""Records that an exception names, by the CRM's ids; the first ones, which are the oldest."""
LIKE = "opportunity.created"
"""The event whose owners answer for the records that deals are made of."""
OVER = (Stage.PAID, Stage.CANCELLED)
OF_CASES = ("stage", "currency")
CASES, CLEAN = "cases", "clean"
RETRIES = retries_of(LIKE)


@dataclass(slots=True)
class Tally:
    """What one rule says of a suite so far: how many rows it judged and refused, and the first that it refused."""

    rule: Mapping[str, Any]
    checked: int = 0
    refused: int = 0
    named: list[str] = field(default_factory=list)


Tallies = dict[str, Tally]
Deals = dict[str, dict[str, str | None]]
"""Of deals, by their ids, what is held against their cases."""


@cache
def record_gate() -> Gate:
    """Return this process's gate of records; the first call imports Great Expectations, which takes seconds."""
    from expectations.gate import Gate
    from expectations.records import RECORDS

    return Gate(RECORDS, by="record")


@task(name="Judge records of the CRM", **RETRIES)
async def judge_records(kind: str, ours: Collection[str] = ()) -> tuple[Tallies, Deals]:
    """Judge all records of a kind; return what each rule says, and what is held against cases of those that are `ours`."""
    rows, found, tallies = Rows(kind, datetime.now(UTC)), Deals(), Tallies()
    batch: list[Row] = []
    async for page in runtime().crm.read_all(kind):
        found |= {record["id"]: {name: record.get(name) for name in OF_CASES} for record in page if record["id"] in ours}
        batch += [rows.row(record) for record in page]
        if len(batch) >= PAGE:
            await _judge(SUITE_OF[kind], batch, tallies)
            batch = []
    await _judge(SUITE_OF[kind], batch, tallies)
    return tallies, found


@task(name="Hold cases against their deals", **RETRIES)
async def judge_cases(cases: Mapping[str, Any], deals: Deals) -> Tallies:
    """Judge the cases that are under way by what the CRM has of their deals, both by the deal's id."""
    tallies = Tallies()
    for part in _parts(list(cases)):
        await _judge(CASES, [case_row(deal, cases[deal].currency, deals.get(deal)) for deal in part], tallies)
    return tallies


@task(name="Keep what the night has found", **RETRIES)
async def keep(night: date, suite: str, tallies: Tallies) -> None:
    """Keep the counts; open, renew or close the exception of each rule that blocks."""
    counts = [
        Count(suite, name, one.rule["kind"], one.rule["severity"], one.checked, one.refused) for name, one in tallies.items()
    ]
    broken = [_exception(suite, one) for one in tallies.values() if one.refused and one.rule["severity"] == "critical"]
    async with runtime().ledger.begin() as books:
        await books.audits.keep(night, counts)
        known = {cause for cause in await books.audits.open() if cause.startswith(f"audit/{suite}/")}
        await books.exceptions.open([one for one in broken if one.cause not in known])
        for one in broken:
            await books.exceptions.restate(one.cause, one.reason)
        for cause in known - {one.cause for one in broken}:
            await books.exceptions.close_cause(cause, closed_as=CLEAN)


@task(name="Build Data Docs", **RETRIES)
async def build_docs() -> None:
    """Build the pages that people read, from the counts of this audit and of the paths' gates."""
    from expectations.data_docs import Result, build

    house = runtime()
    async with house.ledger.begin() as books:
        counted = await books.audits.counted()
    results = [Result(*row) for row in counted]
    await asyncio.to_thread(build, house.settings.data_docs, results, at=datetime.now(UTC), days=DAYS)


async def open_cases() -> Mapping[str, Any]:
    """Return the cases that are under way, by their deal in the CRM."""
    async with runtime().ledger.begin() as books:
        return await books.audits.open_deals(OVER)


async def _judge(suite: str, rows: Sequence[Row], tallies: Tallies) -> None:
    if not rows:
        return
    report = await asyncio.to_thread(record_gate().check, suite, rows)
    for said in report.summary["expectations"]:
        tally = tallies.setdefault(said["rule"], Tally(said))
        tally.checked += len(rows)
        tally.refused += said["unexpected"]
        tally.named += said["events"][: NAMED - len(tally.named)]


def _exception(suite: str, tally: Tally) -> NewException:
    rule, owners = tally.rule, runtime().catalog[LIKE]
    named = [*tally.named, *([f"and {tally.refused - NAMED:,} more"] if tally.refused > NAMED else [])]
    because = f", because {rule['why']}" if rule["why"] else ""
    broken = f"{tally.refused:,} of {tally.checked:,} {suite} do not hold to “{rule['description']}”{because}"
    return NewException(
        event_id=None,
        case_id=None,
        event_type="audit",
        contract="",
        cause=f"audit/{suite}/{rule['rule']}",
        field=rule["column"],
        reason=f"{broken}: {', '.join(named)}",
        route=f"{rule['fix']}; the exception closes by itself in a night that finds none",
        owner=str(getattr(owners, Route(rule["route"]))),
    )


def _parts(of: Sequence[str]) -> Iterable[Sequence[str]]:
    return (of[start : start + PAGE] for start in range(0, len(of), PAGE))
