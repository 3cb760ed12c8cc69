"""What a refused step leaves behind: the failure matrix says what is taken back, and of what a person is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ledger.database import Books
from lifecycle.path import ASK, UNDO
from lifecycle.paths import PATHS
from tasks.batch import Batch


async def reckon(books: Books, batch: Batch[Any]) -> None:
    """Have taken back what the refusal of a step takes back, and let its event's exception say so, and what stands."""
    done = await books.effects.done_for(batch.refused) if batch.refused else {}
    path = PATHS[batch.entry.event]
    for event, step in batch.refused.items():
        place = max(place for place, one in enumerate(batch.exceptions) if one.event_id == event)
        told = batch.exceptions[place]
        if back := path.left(done.get(event, ()), UNDO, refused=step):
            await books.rollbacks.of_failed_event(event, back, f"{batch.entry.flow}: {step} was refused")
            told = replace(told, reason=f"{told.reason}; taken back: {', '.join(back)}")
        if stands := path.left(done.get(event, ()), ASK, refused=step):
            told = replace(
                told,
                reason=f"{told.reason}; stands: {', '.join(stands)}",
                route=f"{told.route}, or take back what stands with `towline rollback`",
            )
        batch.exceptions[place] = told
