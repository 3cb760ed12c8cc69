"""The paths of `proposal.approved` and `milestone.reached`: work begins, and the client hears how far it is."""

from __future__ import annotations

from lifecycle.path import ASK, KEEP, PARK, RETRY, UNDO, Once, Path, Step

DELIVERY = Path(
    "proposal.approved",
    Step(
        "lock_proposal",
        system="docs",
        undo="unlock_document",
        refused=PARK,
        uncertain=RETRY,
        later_failure=UNDO,
        why="a proposal is locked for a deal that is won, and for no other",
    ),
    Step(
        "win_deal",
        system="crm",
        speaks_for=("crm", "docs"),
        undo="restore_deal",
        refused=PARK,
        uncertain=RETRY,
        later_failure=UNDO,
        why="a deal is won when its delivery is open and the client has it in writing, not before",
    ),
    Step(
        "open_request",
        system="crm",
        undo="close_request",
        once=Once.CASE,
        refused=PARK,
        uncertain=RETRY,
        later_failure=UNDO,
        why="as the deal: nobody begins to work",
    ),
    Step(
        "create_project_folder",
        system="docs",
        undo="trash_folder",
        once=Once.CASE,
        refused=PARK,
        uncertain=RETRY,
        later_failure=UNDO,
        why="as the deal",
    ),
    Step(
        "send_summary",
        system="mail",
        undo=None,
        refused=PARK,
        uncertain=ASK,
        later_failure=KEEP,
        why="refused, it takes back all before it; once it is sent, nothing behind it stops the delivery",
    ),
    Step(
        "cancel_replaced",
        system="billing",
        undo=None,
        refused=KEEP,
        uncertain=RETRY,
        later_failure=KEEP,
        why="an old offer ends by itself after its 30 days",
    ),
    Step(
        "kick_off",
        system="chat",
        undo=None,
        refused=KEEP,
        uncertain=RETRY,
        later_failure=KEEP,
        why="the team is told last; the request stands in the CRM without it",
    ),
)

MILESTONE = Path(
    "milestone.reached",
    Step(
        "note_milestone",
        system="crm",
        undo="archive_note",
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="the milestone is reached, whoever hears of it",
    ),
    Step(
        "tell_milestone",
        system="chat",
        undo=None,
        refused=KEEP,
        uncertain=RETRY,
        later_failure=KEEP,
        why="it stays true when the letter is refused; the daily digest names it again",
    ),
    Step(
        "send_update",
        system="mail",
        undo=None,
        refused=PARK,
        uncertain=ASK,
        later_failure=KEEP,
        why="the client was promised it: it goes out when the address is corrected",
    ),
)
