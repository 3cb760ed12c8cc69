"""Comparing outside records with the ledger: what somebody changed past us becomes an incident. No Prefect is needed."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.errors import RefusedError
from contracts.systems import Route
from contracts.traces import Trace, Traces
from ledger.database import Books
from ledger.incidents import NewIncident, Record
from ledger.routing import BY_RULE, ask, over, take_over
from lifecycle.reconciling import (
    RECORD,
    STAGE,
    SYSTEMS,
    THERE,
    YOUNG,
    Expected,
    Finding,
    IncidentState,
    Kind,
    Known,
    Watched,
    hashed,
    judge,
    watched,
    way_of,
    whole,
)
from runtime.wiring import Runtime

Sight = tuple[Watched, Expected, Trace]


async def compare(house: Runtime, kind: Kind, ids: Sequence[str], *, young: float = YOUNG) -> Counter[str]:
    """Compare records with the ledger and write down what differs, once while it lasts; return how many of each finding.

    What somebody works on meanwhile is left to the next time, and so is a stage that was moved less than `young` seconds ago.
    Safe to repeat.

    Raises:
        RetryableError, MisconfiguredError: a system does not tell what stands there; nothing was written.
    """
    async with house.ledger.begin() as books:
        before = await books.incidents.expected(kind, ids)
    ready = {one.id: one for one in before.values() if not one.is_busy}
    fields = watched(kind, house.catalog.systems)
    traces = await read_traces(house, kind, list(ready))
    settled_by = datetime.now(UTC) - timedelta(seconds=young)
    async with house.ledger.begin(wake=True) as books:
        await books.incidents.alone()
        now = await books.incidents.expected(kind, list(ready))
        sights = {
            one: _sights(kind, record, fields, traces.get(one), settled_by) for one, record in now.items() if record == ready[one]
        }
        return await _write(books, house, kind, {one: now[one] for one in sights}, sights)


async def read_traces(house: Runtime, kind: Kind, ids: Sequence[str]) -> Traces:
    """Return the watched fields of records as they stand outside."""
    ports: Mapping[str, Any] = {"crm": house.crm, "docs": house.docs, "billing": house.billing}
    fields = [one.field for one in watched(kind, house.catalog.systems)]
    traces: Traces = await ports[SYSTEMS[kind]].read_traces(kind.value, fields, ids) if ids else {}
    return traces


def _sights(
    kind: Kind, record: Record, fields: Sequence[Watched], traces: Mapping[str, Trace] | None, settled_by: datetime
) -> list[Sight]:
    """Put what should stand in each field beside what does; a stage that an event on its way may explain is no sight."""
    there = Trace(RECORD, THERE if traces is not None else None)
    found: list[Sight] = [(whole(kind), Expected(THERE), there)]
    for one in fields:
        trace = (traces or {}).get(one.field)
        expected = record.fields.get(trace.name) if trace else None
        if trace and expected and not (one.field == STAGE and (record.may_move or (trace.at and trace.at > settled_by))):
            found.append((one, expected, trace))
    return found


async def _write(
    books: Books, house: Runtime, kind: Kind, records: Mapping[str, Record], sights: Mapping[str, Sequence[Sight]]
) -> Counter[str]:
    known = await books.incidents.newest(SYSTEMS[kind], list(records))
    counted, looks = Counter[str](), Counter[tuple[str, str]]()
    closed: dict[IncidentState, list[Any]] = {IncidentState.SETTLED: [], IncidentState.OVERTAKEN: []}
    right_again: list[Any] = []  # of documents, which are locked again before it is over
    new: list[NewIncident] = []
    for one, record in records.items():
        for what, expected, trace in sights[one]:
            row = known.get((one, what.field))
            before = _known(row)
            finding = judge(expected, trace, before)
            counted[finding] += 1
            looks[one, what.entity] += what.field != RECORD
            if finding is Finding.OVER:
                is_text = kind is Kind.DOCUMENT and what.field != RECORD
                (right_again if is_text else closed[IncidentState.SETTLED]).append(row)
            elif finding is Finding.NEW:
                if row is not None and row.state == IncidentState.OPEN:
                    closed[IncidentState.OVERTAKEN].append(row)
                way = way_of(what.route, trace, before)
                new.append(_incident(house, kind, record, replace(what, route=way), expected, trace))
    await books.incidents.reroute([row.id for row in right_again if row.route != Route.PUT_BACK], Route.PUT_BACK)
    for state, rows in closed.items():
        await over(books, rows, state)
    await _go(books, house, await books.incidents.open(new))
    await books.incidents.looked(SYSTEMS[kind], looks)
    return counted


async def _go(books: Books, house: Runtime, incidents: Sequence[Any]) -> None:
    """Let new incidents go the way of their rule; what is put back is done by itself, when all were compared."""
    await ask(books, [one for one in incidents if one.route == Route.ASK])
    for one in incidents:
        if one.route == Route.TAKE_OVER:
            try:
                await take_over(books, house.catalog, one, by=BY_RULE)
            except RefusedError as error:
                await ask(books, [one], why=error.text)


def _known(row: Any | None) -> Known | None:
    return None if row is None else Known(IncidentState(row.state), row.salt, row.found_hash, row.closed_at)


def _incident(house: Runtime, kind: Kind, record: Record, what: Watched, expected: Expected, trace: Trace) -> NewIncident:
    system, salt = SYSTEMS[kind], secrets.token_hex(16)
    is_known = record.owner in house.catalog.owners.owners
    return NewIncident(
        system=system.value,
        kind=kind.value,
        vendor_id=record.id,
        entity=what.entity,
        field=what.field,
        case_id=record.case,
        owner=record.owner if is_known and record.owner else house.catalog.systems.systems[system].process_owner,
        salt=salt,
        our_hash=hashed(expected.value, salt),
        found_hash=hashed(trace.value, salt),
        by=trace.by.value,
        who=trace.who,
        changed_at=trace.at,
        route=what.route.value,
    )
