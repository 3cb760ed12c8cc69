"""The paths of `payment.confirmed`, `payment.failed` and `payment.refunded`: what became of the money."""

from __future__ import annotations

from lifecycle.invoice import VOID
from lifecycle.path import Path

MARK, FINANCE, OWNER = VOID

PAYMENT = Path("payment.confirmed", MARK, OWNER)
DUNNING = Path("payment.failed", MARK, FINANCE, OWNER)
REFUND = Path("payment.refunded", MARK, FINANCE, OWNER)

MARKS = {
    "payment.confirmed": "paid",
    "payment.failed": "failed",
    "payment.refunded": "refunded",
    "invoice.voided": "void",
}
"""What the deal in the CRM says of its payment after each event."""
