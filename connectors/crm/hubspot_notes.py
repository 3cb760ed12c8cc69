"""Notes on deals: ours and people's. A note's body is HTML at HubSpot and plain text with us.

https://developers.hubspot.com/docs/api-reference/crm-notes-v3/guide
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from connectors.crm import hubspot_words as words
from connectors.crm.hubspot_calls import Calls, Input, by_key, decimals
from connectors.crm.hubspot_words import KEY, NOTE
from contracts.records import EffectKey, NoteSnapshot, Outcomes, Wanted


async def add_notes(calls: Calls, wanted: Sequence[Wanted[tuple[str, str]]]) -> Outcomes:
    """Add a note (deal id, text) to a deal, once per key: note and association are made in one call."""
    now = datetime.now(UTC)
    inputs: dict[str, Input] = {}
    for one in wanted:
        deal_id, text = one.record
        link = words.link_to(deal_id, words.NOTE_TO_DEAL)
        inputs[str(one.key)] = {"properties": _properties(one.key, text, now), "associations": [link]}
    return by_key(await calls.create_once("notes", inputs, KEY))


async def read_notes(calls: Calls, deal_ids: Collection[str]) -> Mapping[str, Sequence[NoteSnapshot]]:
    """Return the notes on deals, oldest first; a deal without any is left out, as one that does not exist."""
    linked = await calls.linked("deals", "notes", decimals(deal_ids))
    ids_of = {deal: {str(other["toObjectId"]) for other in others} for deal, others in linked.items()}
    notes = await calls.read("notes", set().union(*ids_of.values()), NOTE.reads)
    shown = {number: _snapshot(number, note) for number, note in notes.items()}
    found = {deal: [shown[one] for one in ids if one in shown] for deal, ids in ids_of.items()}
    return {deal: sorted(some, key=_age) for deal, some in found.items() if some}


def written(key: EffectKey, text: str) -> dict[str, str]:
    """Return what a note of ours says, and under which key."""
    return NOTE.out(key=key, text=text)


def _properties(key: EffectKey, text: str, now: datetime) -> dict[str, str]:
    # Nobody has released it; the empty field is there so that one which somebody removed is missed, and so made again.
    return NOTE.new(key=key, text=text, written_at=now, approved_by=None)


def _snapshot(note_id: str, item: Input) -> NoteSnapshot:
    found = NOTE.back(item["properties"])
    written_at = found["written_at"] or datetime.fromisoformat(item["createdAt"])
    return NoteSnapshot(note_id, found["text"] or "", (found["approved_by"] or "").strip() or None, written_at)


def _age(note: NoteSnapshot) -> tuple[datetime, int]:
    return note.written_at, int(note.id)
