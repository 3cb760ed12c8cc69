"""The steps of the milestone path: the CRM, the team and, by what was approved for them, the client hear how far the work is."""

from __future__ import annotations

from typing import Any

from prefect import task

from contracts.delivery import MilestoneReachedV1
from contracts.letters import Letter
from lifecycle.letters import milestone
from lifecycle.references import reference
from runtime.wiring import runtime
from tasks.announce import in_its_channel, telling
from tasks.batch import Batch, Item
from tasks.deal import person_facts
from tasks.effects import once, together
from tasks.letters import addressed, letter, read_threads
from tasks.options import retries_of

Milestones = Batch[MilestoneReachedV1]
RETRIES = retries_of("milestone.reached")
REQUEST = "open_request"


@task(name="Read approved notes", **RETRIES)
async def read_notes(batch: Milestones) -> None:
    """Gather what somebody has approved for each client and no earlier letter has told them."""
    found = await runtime().crm.read_notes({item.deal_id for item in batch if item.deal_id})
    approved = {item.event: [note for note in found.get(item.deal_id or "", ()) if note.approved_by] for item in batch}
    names = [reference("note", note.id) for notes in approved.values() for note in notes]
    async with runtime().ledger.begin() as books:
        told = await books.cases.of_references(names) if names else {}
        requests = await books.effects.latest([item.case for item in batch], (REQUEST,))
    for item in batch:
        fresh = [note for note in approved[item.event] if reference("note", note.id) not in told]
        item.references += [reference("note", note.id) for note in fresh]
        request = requests.get((item.case, REQUEST))
        item.facts["request"] = item.payload.request_id or (request.vendor_id if request else None)
        own = [note.text for note in item.payload.notes if note.approved_by]
        item.facts |= {"notes": [*own, *(note.text for note in fresh)], "detail": item.payload.milestone}


def milestone_facts(item: Item[MilestoneReachedV1]) -> dict[str, Any]:
    """Return what the gate of a milestone looks at beside its payload."""
    return person_facts(item) | {
        "request": item.facts["request"],
        "approved_notes": len(item.facts["notes"]),
        "milestone": item.payload.milestone,
    }


@task(name="Note milestones in the CRM", **RETRIES)
async def note_milestones(batch: Milestones) -> None:
    """Add a note on each milestone to its deal in the CRM."""
    crm = runtime().crm
    await once(batch, "note_milestone", record=_note, act=crm.add_notes, image=crm.images)


@task(name="Tell of milestones", **RETRIES)
async def tell_milestones(batch: Milestones) -> None:
    """Tell the delivery team of the milestones, in one message for the batch."""
    await together(batch, "tell_milestone", groups=in_its_channel(batch), **telling(batch))


@task(name="Send updates", **RETRIES)
async def send_updates(batch: Milestones) -> None:
    """Write to the client where somebody has approved notes for them; without any, nothing is written."""
    items = [item for item in batch if item.facts["notes"]]
    await read_threads(batch, items)
    await once(batch, "send_update", record=_update, act=runtime().mail.send, find=runtime().mail.find, items=items)


def _note(item: Item[MilestoneReachedV1]) -> tuple[str, str]:
    return item.deal_id or "", f"Milestone reached: {item.payload.milestone}"


def _update(item: Item[MilestoneReachedV1]) -> Letter:
    return letter(
        item,
        milestone(
            **addressed(item),
            milestone=item.payload.milestone,
            notes=item.facts["notes"],
        ),
    )
