"""Keeping what was said with its deal: in the ledger, and as a note in the CRM; each once, however often it is tried."""

from __future__ import annotations

from typing import Any

from contracts.errors import HeldError, TowlineError
from contracts.interactions import Said
from contracts.records import Wanted
from contracts.systems import System
from ledger.records import NewRecord
from lifecycle import keys
from lifecycle.recording import note_of
from runtime.wiring import Runtime


async def keep(house: Runtime, record: NewRecord, case: Any) -> None:
    """Put words on a deal's record.

    Raises:
        HeldError: somebody has paused the CRM; nothing was kept.
        RetryableError, UncertainError: the CRM has not taken the note yet; the same again is safe.
    """
    async with house.ledger.begin() as books:
        if why := await books.switches.pauses("", System.CRM):
            raise HeldError(why)
        await books.records.put(record)
    if case.crm_deal_id:
        said = Said(record.words, record.author, record.said_at, record.link)
        text = note_of(record.kind, said, house.catalog.owners.owners[record.by].name)
        key = keys.effect_key(record.id, "note")
        outcome = (await house.crm.add_notes([Wanted(key, (case.crm_deal_id, text))]))[key]
        if isinstance(outcome, TowlineError):
            raise outcome
