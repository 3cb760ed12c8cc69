"""What becomes of events whose process died: all are given back, and the one that killed it is parked and named."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row

from contracts.catalog import Catalog
from ledger.database import Books
from ledger.deaths import CERTAIN, PARKED
from ledger.exceptions import NewException
from ledger.tables import EventStatus

LOOK_AT_THE_RUN = "let engineering look at what kills the process in its run, then replay it, or leave it with `towline leave`"


async def process_died(books: Books, catalog: Catalog, process: UUID, ids: Collection[UUID], *, alone: bool) -> None:
    """Give back what a run worked on in a process that died, `alone` when it was the only run there."""
    rows = await books.inbox.release_dead(ids)
    await _judge(books, catalog, process, rows, alone=alone and len(rows) == 1)


async def worker_died(books: Books, catalog: Catalog, worker: str) -> Sequence[Row[Any]]:
    """Give back what a dead worker held; return what it was."""
    rows = await books.inbox.release_of(worker)
    if rows:
        await _judge(books, catalog, uuid4(), rows, alone=len(rows) == 1)
    return rows


async def leases_ended(books: Books, catalog: Catalog) -> Sequence[Row[Any]]:
    """Give back what nobody has prolonged, the end of a dead worker's leases being a death; return what it was."""
    rows = await books.inbox.release_expired()
    dead = sorted((row for row in rows if row.is_dead), key=lambda row: str(row.leased_by))
    for _, held in groupby(dead, key=lambda row: row.leased_by):
        together = list(held)
        await _judge(books, catalog, uuid4(), together, alone=len(together) == 1)
    return rows


async def _judge(books: Books, catalog: Catalog, process: UUID, rows: Sequence[Row[Any]], *, alone: bool) -> None:
    """Note the death; park the event that died alone again and again, unless processes die elsewhere, too."""
    await books.deaths.note(process, [row.id for row in rows])
    for row in rows:
        if alone and row.deaths >= PARKED and (row.deaths >= CERTAIN or not await books.deaths.happen_elsewhere(row.id)):
            await books.inbox.settle({row.id: EventStatus.PARKED})
            await books.exceptions.open([_killer(catalog, row)])


def _killer(catalog: Catalog, row: Row[Any]) -> NewException:
    entry = catalog[row.type]
    return NewException(
        event_id=row.id,
        case_id=row.case_id,
        event_type=row.type,
        contract=row.contract,
        cause=f"{entry.flow}/process-died",
        reason=f"the process died {row.deaths} times at the same place while it worked on this",
        route=LOOK_AT_THE_RUN,
        owner=entry.process_owner,
        flow_run_id=row.flow_run_id,
    )
