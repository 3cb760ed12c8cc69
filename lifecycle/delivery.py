"""The paths of `proposal.approved` and `milestone.reached`: work begins, and the client hears how far it is."""

from __future__ import annotations

from lifecycle.path import Once, Path, Step

DELIVERY = Path(
    "proposal.approved",
    Step("lock_proposal", system="docs", undo="unlock_document"),
    Step("win_deal", system="crm", undo="restore_deal"),
    Step("open_request", system="crm", undo="close_request", once=Once.CASE),
    Step("create_project_folder", system="docs", undo="trash_folder", once=Once.CASE),
    Step("cancel_replaced", system="billing", undo=None),
    Step("kick_off", system="chat", undo=None),
    Step("send_summary", system="mail", undo=None),
)

MILESTONE = Path(
    "milestone.reached",
    Step("note_milestone", system="crm", undo="archive_note"),
    Step("tell_milestone", system="chat", undo=None),
    Step("send_update", system="mail", undo=None),
)
