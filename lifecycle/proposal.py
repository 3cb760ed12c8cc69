"""The paths of `discovery.completed` and `change.requested`: an offer is drafted, and a person is asked to stand for it."""

from __future__ import annotations

from datetime import date, timedelta

from contracts.billing import LineItem
from contracts.proposal import Offer
from contracts.values import Money
from lifecycle.path import Once, Path, Step

STEPS = (
    Step("create_proposal", system="docs", undo="trash_document"),
    Step("save_proposal_pdf", system="docs", undo="trash_document"),
    Step("upsert_customer", system="billing", undo="delete_customer", once=Once.ACCOUNT),
    Step("open_estimate", system="billing", undo="cancel_estimate"),
    Step("propose_deal", system="crm", undo="restore_deal"),
    Step("ask_approval", system="chat", undo=None),
)
PROPOSAL = Path("discovery.completed", *STEPS)
CHANGE = Path("change.requested", *STEPS)

VALID_DAYS = 30


def lines_of(offer: Offer, title: str) -> tuple[LineItem, ...]:
    """Return the positions of an offer; one that names none is one position of its whole amount."""
    if offer.lines:
        return tuple(LineItem(line.description, line.amount) for line in offer.lines)
    if offer.amount is None:
        raise ValueError("an offer needs an amount")
    return (LineItem(f"{offer.service.value.capitalize()} services" if offer.service else title, offer.amount),)


def total_of(lines: tuple[LineItem, ...]) -> Money:
    """Return the sum of positions, which are in one currency."""
    return Money(minor=sum(line.amount.minor for line in lines), currency=lines[0].amount.currency)


def valid_until(drafted_on: date) -> date:
    """Return the last day on which an offer can be accepted."""
    return drafted_on + timedelta(days=VALID_DAYS)
