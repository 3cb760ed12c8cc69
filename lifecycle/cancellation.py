"""The path of `deal.cancelled`: what binds is taken back, what was said and made stays and is written down."""

from __future__ import annotations

from lifecycle.lead import LEAD
from lifecycle.path import KEEP, PARK, RETRY, Path, Step

CANCELLATION = Path(
    "deal.cancelled",
    Step(
        "cancel_estimate",
        system="billing",
        undo=None,
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="what is taken back of a deal that is given up is not put back: it only goes on",
    ),
    Step(
        "void_invoice",
        system="billing",
        undo=None,
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="the same",
    ),
    Step(
        "close_request",
        system="crm",
        undo=None,
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="the same",
    ),
    Step(
        "lose_deal",
        system="crm",
        undo=None,
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="the same",
    ),
    Step(
        "note_cancellation",
        system="crm",
        undo=None,
        refused=KEEP,
        uncertain=RETRY,
        later_failure=KEEP,
        why="nothing binds any more, with or without the note",
    ),
    LEAD["tell_owner"],
)

STAYS = "the account's folder and its documents, messages and letters that were sent, company and contact in the CRM"


def cancellation_note(undone: list[str], reason: str) -> str:
    """Return what the CRM keeps of a cancellation: what was taken back, and what stays."""
    taken_back = ", ".join(undone) if undone else "nothing, for nothing bound anybody yet"
    return f"Deal cancelled{f': {reason}' if reason else ''}.\nTaken back: {taken_back}.\nStays: {STAYS}."
