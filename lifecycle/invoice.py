"""The paths of `delivery.completed`, `invoice.issued`, `invoice.overdue` and `invoice.voided`: what was delivered is owed."""

from __future__ import annotations

from contracts.thresholds import thresholds
from lifecycle.lead import LEAD
from lifecycle.path import ASK, KEEP, PARK, RETRY, Path, Step
from lifecycle.proposal import PROPOSAL

INVOICE = Path(
    "delivery.completed",
    PROPOSAL["upsert_customer"],
    Step(
        "draft_invoice",
        system="billing",
        undo="void_invoice",
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="a draft is not owed, and finance can look at it",
    ),
    Step(
        "finalise_invoice",
        system="billing",
        undo="void_invoice",
        refused=PARK,
        uncertain=RETRY,
        later_failure=ASK,
        why="what is owed is taken back by finance, not by a machine",
    ),
    Step(
        "record_invoice",
        system="crm",
        speaks_for=("crm", "billing"),
        undo="restore_deal",
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="it says of the invoice what is so, sent or not",
    ),
    Step(
        "send_invoice",
        system="billing",
        undo=None,
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="an invoice that the client does not have must not be told as issued",
    ),
    Step(
        "send_cover_note",
        system="mail",
        undo=None,
        refused=KEEP,
        uncertain=ASK,
        later_failure=KEEP,
        why="the invoice is out: finance must hear of it, letter or not",
    ),
)

RECEIVABLE = Path(
    "invoice.issued",
    Step(
        "tell_finance",
        system="chat",
        undo=None,
        refused=KEEP,
        uncertain=RETRY,
        later_failure=KEEP,
        why="billing shows it, and a payment must find the deal ready",
    ),
    LEAD["tell_owner"],
)

REMINDER = Path(
    "invoice.overdue",
    LEAD["tell_owner"],
    Step(
        "send_reminder",
        system="mail",
        undo=None,
        refused=KEEP,
        uncertain=ASK,
        later_failure=KEEP,
        why="the payment that comes next must not wait behind it, and the owner knows",
    ),
)

VOID = Path(
    "invoice.voided",
    Step(
        "mark_payment",
        system="crm",
        speaks_for=("billing",),
        undo="restore_deal",
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="billing says so, whoever hears of it",
    ),
    RECEIVABLE["tell_finance"],
    LEAD["tell_owner"],
)

REMINDED_AFTER = thresholds().reminder_days.value
"""Days after the due date on which a client is reminded."""
