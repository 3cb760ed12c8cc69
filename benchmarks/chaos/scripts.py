"""What people do with a deal, act by act, and which events each act must bring; every path of the house is some script's."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Act:
    """What a person does when the deal is at `stage` and nothing of it is open; `brings` are the events that must follow."""

    name: str
    stage: str
    brings: tuple[str, ...]


DISCOVER = Act("discover", "discovery", ("discovery.completed",))
APPROVE = Act("approve", "proposed", ("proposal.approved",))
REACH = Act("reach a milestone", "delivery", ("milestone.reached",))
CHANGE = Act("change the offer", "delivery", ("change.requested",))
APPROVE_CHANGE = Act("approve", "delivery", ("proposal.approved",))
CLOSE = Act("close the request", "delivery", ("delivery.completed", "invoice.issued"))
OVERDUE = Act("wait too long", "invoiced", ("invoice.overdue",))
DECLINE = Act("decline", "invoiced", ("payment.failed",))
VOID = Act("void", "invoiced", ("invoice.voided",))
CLOSE_AGAIN = Act("close the request again", "delivery", ("delivery.completed", "invoice.issued"))
PAY = Act("pay", "invoiced", ("payment.confirmed",))
REFUND = Act("refund", "paid", ("payment.refunded",))
GIVE_UP = Act("give up", "proposed", ("deal.cancelled",))
GIVE_UP_LATE = Act("give up", "invoiced", ("deal.cancelled", "invoice.voided"))

TO_DELIVERY = (DISCOVER, APPROVE)
SCRIPTS: dict[str, tuple[Act, ...]] = {
    "paid": (*TO_DELIVERY, REACH, CLOSE, PAY),
    "changed": (*TO_DELIVERY, CHANGE, APPROVE_CHANGE, CLOSE, PAY),
    "given up": (DISCOVER, GIVE_UP),
    "refunded": (*TO_DELIVERY, CLOSE, PAY, REFUND),
    "voided": (*TO_DELIVERY, CLOSE, VOID, CLOSE_AGAIN, PAY),
    "declined": (*TO_DELIVERY, REACH, CLOSE, DECLINE, PAY),
    "overdue": (*TO_DELIVERY, CLOSE, OVERDUE, PAY),
    "given up late": (*TO_DELIVERY, CLOSE, GIVE_UP_LATE),
}
LAST_STAGE = dict.fromkeys(SCRIPTS, "paid") | {"given up": "cancelled", "given up late": "cancelled"}
BEGINNING = ("lead.qualified", "opportunity.created")


def events_of(script: str) -> Counter[str]:
    """Return which events a deal of this script must have had in the end."""
    return Counter([*BEGINNING, *(event for act in SCRIPTS[script] for event in act.brings)])


LEAVES: dict[str, dict[str, int]] = {
    "lead.qualified": {"crm companies": 1, "crm contacts": 1, "crm deals": 1, "docs folders": 1, "chat messages": 1},
    "opportunity.created": {"docs documents": 1, "chat messages": 1},
    "discovery.completed": {
        "docs documents": 1,
        "docs files": 1,
        "billing quotes": 1,
        "billing customers": 1,
        "chat messages": 1,
    },
    "change.requested": {"docs documents": 1, "docs files": 1, "billing quotes": 1, "billing customers": 1, "chat messages": 1},
    "proposal.approved": {"crm tickets": 1, "docs folders": 1, "chat messages": 1, "mail messages": 1},
    "milestone.reached": {"crm notes": 1, "chat messages": 1},
    "delivery.completed": {"billing invoices": 1, "mail messages": 1},
    "invoice.issued": {"chat messages": 2},
    "invoice.overdue": {"chat messages": 1, "mail messages": 1},
    "invoice.voided": {"chat messages": 2},
    "payment.confirmed": {"chat messages": 1},
    "payment.failed": {"chat messages": 2},
    "payment.refunded": {"chat messages": 2},
    "deal.cancelled": {"crm notes": 1, "chat messages": 1},
}
"""What one event leaves outside, by the lifecycle's own tables (docs/lifecycle.md); messages count where they name the deal."""
ONCE_PER_DEAL = frozenset({"crm companies", "crm contacts", "crm deals", "crm tickets", "billing customers"})
"""Of these a deal has one, whatever else happens to it."""


def demand(events: Counter[str]) -> Counter[str]:
    """Return what a deal with these events must have outside, by system and kind: no more and no less."""
    wanted: Counter[str] = Counter()
    for event, number in events.items():
        for kind, each in LEAVES[event].items():
            wanted[kind] += each * number
    for kind in ONCE_PER_DEAL & set(wanted):
        wanted[kind] = 1
    if "docs folders" in wanted:
        wanted["docs folders"] = ("lead.qualified" in events) + ("proposal.approved" in events)
    return wanted
