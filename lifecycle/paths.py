"""All paths by the event that starts them; one more event's path is one more name."""

from __future__ import annotations

from lifecycle.cancellation import CANCELLATION
from lifecycle.delivery import DELIVERY, MILESTONE
from lifecycle.discovery import DISCOVERY
from lifecycle.invoice import INVOICE, RECEIVABLE, REMINDER, VOID
from lifecycle.lead import LEAD
from lifecycle.path import Once
from lifecycle.payment import DUNNING, PAYMENT, REFUND
from lifecycle.proposal import CHANGE, PROPOSAL

PATHS = {
    path.event: path
    for path in (
        *(LEAD, DISCOVERY, PROPOSAL, CHANGE, DELIVERY, MILESTONE, INVOICE, RECEIVABLE, PAYMENT),
        *(REMINDER, VOID, DUNNING, REFUND, CANCELLATION),
    )
}
OF_ACCOUNTS = frozenset(step.name for path in PATHS.values() for step in path if step.once is Once.ACCOUNT)
"""The steps that are done once for all deals of an account."""
