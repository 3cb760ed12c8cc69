"""Taking messages back: one about deals that are all undone is deleted, one that still tells of others is corrected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from prefect import task

from contracts.errors import RefusedError
from contracts.records import EffectKey, Message, Ref
from contracts.values import Money
from ledger.going_back import settle
from lifecycle.announcements import Deal, announcement
from lifecycle.undo import Ending, reason_to_stay
from runtime.wiring import Runtime, runtime
from tasks.holding import not_while_paused
from tasks.judging import deed_of
from tasks.options import retries_of

CORRECTED = "{} of the deals that this message was about were taken back; these stand."


@task(name="Take messages back", **retries_of("lead.qualified"))
async def undo_messages(rollback: UUID) -> None:
    """Take back what a rollback's steps have said in chat, once per message; the rest of one stays said."""
    house = runtime()
    async with house.ledger.begin() as books:
        rows = [row for row in await books.rollbacks.deeds(rollback) if row.system == "chat" and row.outcome is None]
    kept = {row.key: (Ending.KEPT, reason) for row in rows if (reason := reason_to_stay(deed_of(row)))}
    await _write(house, rollback, rows, kept)
    messages: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        if row.key not in kept:
            messages[row.vendor_id or ""].append(row)
    for message, some in messages.items():
        async with not_while_paused("chat"):
            ending = await _undone(house, message, some)
        await _write(house, rollback, some, dict.fromkeys([row.key for row in some], ending))


async def _undone(house: Runtime, message: str, rows: Sequence[Any]) -> tuple[Ending, str]:
    gone = {row.key for row in rows}
    async with house.ledger.begin() as books:
        rest = [row for row in await books.effects.by_records("chat", [message]) if row.key not in gone]
        cases = await books.cases.get([row.case_id for row in rest])
    try:
        if rest:
            text, paragraphs = announcement(rows[0].event_type, [_deal(cases[row.case_id]) for row in rest])
            said = Message(message.partition(":")[0], text, [CORRECTED.format(len(rows)), *paragraphs])
            await house.chat.update(Ref(message), said)
        else:
            await house.chat.delete(Ref(message))
    except RefusedError as error:
        return Ending.KEPT, error.text  # too old for the workspace's rules, for instance: it stays said
    return Ending.UNDONE, ""


def _deal(case: Any) -> Deal:
    amount = Money(minor=case.amount_minor, currency=case.currency) if case.currency else None
    return Deal(case.title, case.owner or "", amount, "", "")


async def _write(house: Runtime, rollback: UUID, rows: Sequence[Any], endings: Mapping[EffectKey, tuple[Ending, str]]) -> None:
    async with house.ledger.begin() as books:
        about = await books.rollbacks.get(rollback)
        if about is not None:
            await settle(books, about, {row.key: row for row in rows}, endings)
