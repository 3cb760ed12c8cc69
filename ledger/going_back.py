"""What an undone effect means for our own books: its event, its case, its money and its documents go back with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from contracts.records import EffectKey
from ledger.database import Books
from ledger.exceptions import NewException
from lifecycle import stages
from lifecycle.events import OURSELVES
from lifecycle.undo import Ending

CLOSED_AS = "rolled back"


async def settle(
    books: Books,
    rollback: Row[Any],
    deeds: Mapping[EffectKey, Row[Any]],
    endings: Mapping[EffectKey, tuple[Ending, str]],
    exceptions: Sequence[NewException] = (),
) -> None:
    """Write down what became of effects; a case of which nothing is open any more goes back, in the same transaction."""
    if not endings:
        return
    await books.rollbacks.settle(rollback.id, endings)
    undone = [deeds[key] for key, (ending, _) in endings.items() if ending is Ending.UNDONE]
    await books.effects.undone({row.key: row.generation for row in undone})
    await books.documents.forget([row.vendor_id for row in undone if row.undo in ("trash_folder", "trash_document")])
    await books.cases.forget_deals([row.vendor_id for row in undone if row.undo == "archive_deal"])
    if not rollback.after_failure:
        await go_back(books, rollback.id, {deeds[key].case_id for key in endings})
    await books.exceptions.open(exceptions)


async def go_back(books: Books, rollback: UUID, cases: Collection[UUID]) -> None:
    """Take events as undone whose effects are, with what would have followed them; their cases stand where what is left says."""
    events = await books.rollbacks.undo_events(rollback, cases)
    if not events:
        return
    await books.exceptions.close(events, closed_as=CLOSED_AS)
    await books.suggestions.revert(events)
    await books.continuity.take_back(events)
    decisions = await books.decisions.take_back(events)
    followers = await books.inbox.let_lie([*events, *decisions], source=OURSELVES)
    await books.exceptions.close(followers, closed_as=CLOSED_AS)
    left: dict[UUID, list[str]] = defaultdict(list)
    back = set(events.values())
    for row in await books.inbox.done_in(back):
        left[row.case_id].append(row.type)
    await books.cases.put_back({case: stages.left_by(left[case]) for case in back})
