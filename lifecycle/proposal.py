"""The paths of `discovery.completed` and `change.requested`: an offer is drafted, and a person is asked to stand for it."""

from __future__ import annotations

from datetime import date, timedelta

from contracts.billing import LineItem
from contracts.proposal import Offer
from contracts.thresholds import thresholds
from contracts.values import Money
from lifecycle.path import KEEP, PARK, RETRY, UNDO, Once, Path, Step

STEPS = (
    Step(
        "create_proposal",
        system="docs",
        undo="trash_document",
        refused=PARK,
        uncertain=RETRY,
        later_failure=UNDO,
        why="what was refused is corrected in the deal, and a draft of the deal as it was must not be offered",
    ),
    Step(
        "save_proposal_pdf",
        system="docs",
        undo="trash_document",
        refused=PARK,
        uncertain=RETRY,
        later_failure=UNDO,
        why="as the draft that it shows",
    ),
    Step(
        "upsert_customer",
        system="billing",
        speaks_for=("crm",),
        undo="delete_customer",
        once=Once.ACCOUNT,
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="all deals of the account share it",
    ),
    Step(
        "open_estimate",
        system="billing",
        undo="cancel_estimate",
        refused=PARK,
        uncertain=RETRY,
        later_failure=UNDO,
        why="as the draft: an offer that nobody was asked about must not be accepted",
    ),
    Step(
        "propose_deal",
        system="crm",
        speaks_for=("crm", "docs"),
        undo="restore_deal",
        refused=PARK,
        uncertain=RETRY,
        later_failure=KEEP,
        why="nothing behind it stops the offer",
    ),
    Step(
        "ask_approval",
        system="chat",
        undo=None,
        refused=KEEP,
        uncertain=RETRY,
        later_failure=KEEP,
        why="the decision waits all the same: `towline decide` and the daily digest show it",
    ),
)
PROPOSAL = Path("discovery.completed", *STEPS)
CHANGE = Path("change.requested", *STEPS)


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
    return drafted_on + timedelta(days=thresholds().offer_days.value)
