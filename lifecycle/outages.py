"""What owners are told of a system that is down, in business words: who waits, for how long, what is in it, what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from contracts.values import Money
from lifecycle.spans import span

NOUNS: Mapping[str, tuple[str, str]] = {
    "lead.qualified": ("lead", "leads"),
    "opportunity.created": ("opportunity", "opportunities"),
    "discovery.completed": ("proposal", "proposals"),
    "change.requested": ("changed proposal", "changed proposals"),
    "proposal.approved": ("approved proposal", "approved proposals"),
    "milestone.reached": ("milestone", "milestones"),
    "delivery.completed": ("delivery to invoice", "deliveries to invoice"),
    "invoice.issued": ("invoice", "invoices"),
    "invoice.overdue": ("reminder", "reminders"),
    "invoice.voided": ("voided invoice", "voided invoices"),
    "payment.confirmed": ("payment", "payments"),
    "payment.failed": ("failed payment", "failed payments"),
    "payment.refunded": ("refund", "refunds"),
    "deal.cancelled": ("cancellation", "cancellations"),
}
"""What an event is called while it waits: one of them, and several."""


NOTHING = "What to do: nothing in Towline. All of it goes on by itself, oldest first, once each, when the system is back."
RENEW = (
    "What to do: renew the credentials or their rights, and restart Towline with them. All of it then goes on by itself, oldest"
    " first, once each."
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The events of one type that wait: how many, the oldest, their waiting hours in all, and what one hour of one costs."""

    event: str
    events: int
    oldest: datetime
    hours: Fraction
    rate: Money

    @property
    def called(self) -> str:
        """How many of what: `847 leads`."""
        one, many = NOUNS[self.event]
        return f"1 {one}" if self.events == 1 else f"{self.events:,} {many}"


@dataclass(frozen=True, slots=True)
class Outage:
    """A system that is down, or that does not take our credentials: who waits for it, and the amounts that are in what waits."""

    title: str
    owner: str
    since: datetime
    until: datetime
    waiting: Sequence[Waiting]
    amounts: Sequence[Money] = ()
    is_locked: bool = False

    @property
    def events(self) -> int:
        """How many events wait in all."""
        return sum(one.events for one in self.waiting)


def cost(waiting: Sequence[Waiting]) -> list[Money]:
    """Return what the waiting has cost so far, by currency: hours times rate, rounded once."""
    sums: dict[str, Fraction] = {}
    for one in waiting:
        sums[one.rate.currency] = sums.get(one.rate.currency, Fraction()) + one.hours * one.rate.minor
    return [Money.model_construct(minor=round(minor), currency=currency) for currency, minor in sorted(sums.items())]


def outage_alert(outage: Outage) -> tuple[str, list[str]]:
    """Return the one-line text and the paragraphs of the alert about a system that is down."""
    what = "does not take our credentials" if outage.is_locked else "does not answer"
    if not outage.waiting:
        text = f"{outage.title} {what}: nothing waits for it yet"
        return text, [f"*{text}*", f"Since {outage.since:%d %b %Y %H:%M} UTC. Owner: {outage.owner}."]
    oldest = span((outage.until - min(one.oldest for one in outage.waiting)).total_seconds())
    parts = [_and([one.called for one in outage.waiting]) + (" waits" if outage.events == 1 else " wait"), f"oldest {oldest}"]
    parts += [f"{_and([str(amount) for amount in outage.amounts])} in {'it' if outage.events == 1 else 'them'}"] * bool(
        outage.amounts
    )
    parts += [f"about {_and([str(amount) for amount in cost(outage.waiting)])} lost so far ({_rates(outage.waiting)})"]
    text = f"{outage.title} {what}: {', '.join(parts)}"
    return text, [
        f"*{text}*",
        f"Since {outage.since:%d %b %Y %H:%M} UTC. Owner: {outage.owner}. It is asked again all the time.",
        RENEW if outage.is_locked else NOTHING,
    ]


def outage_over(outage: Outage) -> tuple[str, list[str]]:
    """Return what the alert is replaced by when the system is back: how long, how many, what it cost."""
    away = span((outage.until - outage.since).total_seconds())
    waited = f"{_and([one.called for one in outage.waiting])} waited" if outage.waiting else "nothing waited"
    lost = f", which cost about {_and([str(amount) for amount in cost(outage.waiting)])}" if outage.waiting else ""
    text = f"{outage.title} is back after {away}: {waited}{lost}"
    return text, [f"*{text}.*", "What waited goes on by itself, oldest first."]


def outage_forgotten(outage: Outage) -> tuple[str, list[str]]:
    """Return what the alert is replaced by when nobody waits for the system any more, so that nobody asks it either."""
    text = f"Nothing waits for {outage.title} any more"
    return text, [f"*{text}.*", "Whether it answers again, the next event finds out by itself."]


def _rates(waiting: Sequence[Waiting]) -> str:
    rates = [f"{one.rate} per waiting {NOUNS[one.event][0]} and hour" for one in waiting]
    return f"catalog: {_and(rates[:3])}" + " and so on" * (len(rates) > 3)


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
