"""The paths of `delivery.completed`, `invoice.issued`, `invoice.overdue` and `invoice.voided`: what was delivered is owed."""

from __future__ import annotations

from lifecycle.path import Path, Step
from lifecycle.proposal import PROPOSAL

INVOICE = Path(
    "delivery.completed",
    PROPOSAL["upsert_customer"],
    Step("draft_invoice", system="billing", undo="void_invoice"),
    Step("finalise_invoice", system="billing", undo="void_invoice"),
    Step("record_invoice", system="crm", undo="restore_deal"),
    Step("send_invoice", system="billing", undo=None),
    Step("send_cover_note", system="mail", undo=None),
)

RECEIVABLE = Path(
    "invoice.issued",
    Step("tell_finance", system="chat", undo=None),
    Step("tell_owner", system="chat", undo=None),
)

REMINDER = Path(
    "invoice.overdue",
    Step("tell_owner", system="chat", undo=None),
    Step("send_reminder", system="mail", undo=None),
)

VOID = Path(
    "invoice.voided",
    Step("mark_payment", system="crm", undo="restore_deal"),
    Step("tell_finance", system="chat", undo=None),
    Step("tell_owner", system="chat", undo=None),
)

REMINDED_AFTER = (7, 14, 30)
"""Days after the due date on which a client is reminded."""
