"""What an event's path has done outside so far, in the order of the path; for whoever shows it. Knows no screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from ledger.database import Books
from lifecycle import keys
from lifecycle.path import Once
from lifecycle.paths import PATHS


async def effects_of(books: Books, event: Row[Any]) -> Sequence[Row[Any]]:
    """Return the effects of an event's path in the path's order, `event` being its row in the inbox.

    A step that is done once per case or account shows also where another event did it; a step not begun is left out.
    """
    path = PATHS.get(event.type)
    if path is None:
        return []
    case = (await books.cases.get([event.case_id])).get(event.case_id)
    subjects = {Once.EVENT: event.id, Once.CASE: event.case_id, Once.ACCOUNT: case.account_id if case else None}
    wanted = [keys.effect_key(subject, step.name) for step in path if (subject := subjects[step.once]) is not None]
    found = {row.key: row for row in await books.effects.get(wanted)}
    return [found[key] for key in wanted if key in found]
