"""What a refused step leaves behind: the failure matrix says what of it a person is asked about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ledger.database import Books
from lifecycle.path import ASK
from lifecycle.paths import PATHS
from tasks.batch import Batch


async def reckon(books: Books, batch: Batch[Any]) -> None:
    """Let the exception of each event that a refused step has parked say which of its work stands."""
    done = await books.effects.done_for(batch.refused) if batch.refused else {}
    path = PATHS[batch.entry.event]
    for event, step in batch.refused.items():
        if stands := path.left(done.get(event, ()), ASK, refused=step):
            place = max(place for place, one in enumerate(batch.exceptions) if one.event_id == event)
            told = batch.exceptions[place]
            batch.exceptions[place] = replace(
                told, reason=f"{told.reason}; stands: {', '.join(stands)}", route=f"{told.route}, or take back what stands"
            )
