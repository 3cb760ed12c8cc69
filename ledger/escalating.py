"""What waits too long for an answer goes to the next of its route, who is told by an exception; all may answer still."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from contracts.catalog import Catalog
from ledger.database import Books
from ledger.deciding import rules_of
from ledger.exceptions import NewException

CAUSE = "decision/waits-for/"
ASKED_BY = "discovery.completed"
ROUTE = "read the proposal, then answer in the console or by `towline decide`; its other approvers may still answer, too"


async def escalate(books: Books, catalog: Catalog) -> int:
    """Give every decision that has waited for too long to the next of its route, and close what told of those that wait no more.

    Returns:
        How many went on to somebody.
    """
    gone_on = 0
    for kind, policy in catalog.policies.items():
        for asked in await books.decisions.overdue(kind, hours=policy.within_hours, turns=len(policy.route)):
            turns, owner = rules_of(catalog, asked).next_turn(asked.turns) or (len(policy.route), None)
            await books.decisions.turn(asked.id, turns)
            if owner is not None:
                causes = [f"{CAUSE}{one}" for one in policy.route]
                await books.exceptions.close_case(asked.case_id, causes, closed_as=f"went on to {owner}")
                await books.exceptions.open([_exception(catalog, asked, owner, policy.within_hours)])
                gone_on += 1
    await books.decisions.close_told(CAUSE)
    return gone_on


def _exception(catalog: Catalog, asked: Row[Any], owner: str, hours: float) -> NewException:
    entry = catalog[ASKED_BY]
    return NewException(
        event_id=None,
        case_id=asked.case_id,
        event_type=entry.event,
        contract=f"{entry.event}/{entry.contract}",
        cause=f"{CAUSE}{owner}",
        reason=f"nobody has answered within {hours:g} hours; it is the turn of {owner}",
        route=ROUTE,
        owner=owner,
        amount_minor=asked.minor,
        currency=asked.currency,
    )
