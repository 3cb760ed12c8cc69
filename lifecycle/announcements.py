"""What people are told when deals move, in business words; long lists are cut, and say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.values import Money

HEADLINES = {
    "lead.qualified": ("New deal", "new deals"),
    "opportunity.created": ("Discovery packet ready", "discovery packets are ready"),
    "discovery.completed": ("Proposal waits for approval", "proposals wait for approval"),
    "change.requested": ("Changed proposal waits for approval", "changed proposals wait for approval"),
    "proposal.approved": ("Kick-off", "kick-offs"),
    "milestone.reached": ("Milestone reached", "milestones are reached"),
    "delivery.completed": ("Delivery completed", "deliveries are completed"),
    "invoice.issued": ("Invoice issued", "invoices are issued"),
    "invoice.overdue": ("Invoice overdue", "invoices are overdue"),
    "invoice.voided": ("Invoice taken back", "invoices are taken back"),
    "payment.confirmed": ("Paid", "deals are paid"),
    "payment.failed": ("Payment failed", "payments failed"),
    "payment.refunded": ("Payment refunded", "payments are refunded"),
    "deal.cancelled": ("Deal cancelled", "deals are cancelled"),
}
LONGEST_LIST = 20


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal as it is announced; `detail` is what this event adds, in a few words."""

    title: str
    owner: str
    amount: Money | None
    url: str
    detail: str = ""


def announcement(event: str, deals: Sequence[Deal]) -> tuple[str, list[str]]:
    """Return the one-line plain text and the paragraphs, in Slack's Markdown, of a message about deals."""
    one, many = HEADLINES[event]
    text = f"{one}: {deals[0].title}" if len(deals) == 1 else f"{len(deals)} {many}"
    lines = [_line(deal) for deal in deals[:LONGEST_LIST]]
    if len(deals) > LONGEST_LIST:
        lines.append(f"… and {len(deals) - LONGEST_LIST} more")
    return text, [f"*{escaped(text)}*", "\n".join(lines)]


def escaped(text: str) -> str:
    """Return text that Slack shows as it is. https://docs.slack.dev/messaging/formatting-message-text#escaping"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _line(deal: Deal) -> str:
    title = f"<{deal.url}|{escaped(deal.title)}>" if deal.url else escaped(deal.title)
    facts = (str(deal.amount) if deal.amount else "", escaped(deal.owner), escaped(deal.detail))
    return "• " + " · ".join([title, *filter(None, facts)])


@dataclass(frozen=True, slots=True)
class Stopped:
    """Deals that stopped for one cause, as their owner is told."""

    title: str
    deals: int
    reason: str
    route: str
    owner: str
    amounts: Sequence[Money]
    oldest: datetime
    escalate: str = ""
    goes_on: bool = False


WITHOUT = "without"
"""Stands in the cause of deals that go on without a step which was refused."""
BUSY_CODES, SILENT_CODES = ("http_429", "budget"), ("unreachable", "no_answer", "not_json", "http_5")


def reason_in_words(cause: str, reason: str, systems: Mapping[str, str]) -> str:
    """Return why deals stopped as their owner reads it: what a system answered becomes what that means.

    A `cause` such as `lead/open_deal/crm.http_503` ends with step and the system's code; any other keeps its reason.
    """
    *_, step, code = ("", "", *cause.split("/"))
    name, _, detail = code.partition(".")
    if name not in systems or not step:
        return reason
    if detail.startswith(SILENT_CODES):
        return f"{systems[name]} does not answer (“{step.replace('_', ' ')}”)"
    if detail.startswith(BUSY_CODES):
        return f"{systems[name]} is too busy (“{step.replace('_', ' ')}”)"
    return f"{systems[name]} did not take it (“{step.replace('_', ' ')}”: {detail or 'refused'})"


def alert(stopped: Stopped) -> tuple[str, list[str]]:
    """Return the one-line text and the paragraphs of an alert."""
    deals = "1 deal" if stopped.deals == 1 else f"{stopped.deals:,} deals"
    waits = "waits" if stopped.deals == 1 else "wait"
    if stopped.goes_on:
        waits = f"{'goes' if stopped.deals == 1 else 'go'} on without a step"
    text = f"{deals} {waits} at “{stopped.title}”: {stopped.reason}"
    stake = f"At stake: {', '.join(map(str, stopped.amounts))}. " if stopped.amounts else ""
    return text, [
        f"*{escaped(text)}*",
        f"{stake}Oldest since {stopped.oldest:%d %b %Y %H:%M} UTC. Owner: {escaped(stopped.owner)}.",
        f"What to do: {escaped(stopped.route)}." + (f" If that does not help: {stopped.escalate}." if stopped.escalate else ""),
    ]


def proposal(title: str, reason: str, route: str, owner: str) -> tuple[str, list[str]]:
    """Return the one-line text and the paragraphs of an alert in which a rule proposes something."""
    text = f"{title}: {reason}"
    return text, [f"*{escaped(text)}*", f"Owner: {escaped(owner)}.", f"What to do: {escaped(route)}."]


def drifted(difference: str, route: str, owner: str, kept: int) -> tuple[str, list[str]]:
    """Return the one-line text and the paragraphs of an alert about what a vendor sends and we did not expect."""
    goes_on = f"{kept:,} of what came could not be read and is kept." if kept else "What came was read, and goes on."
    text = f"A vendor sends something else: {difference}"
    return text, [f"*{escaped(text)}*", f"{goes_on} Owner: {escaped(owner)}.", f"What to do: {escaped(route)}."]


def settled() -> tuple[str, list[str]]:
    """Return what such an alert is replaced by when we expect what comes, or have read it."""
    text = "Settled: what the vendor sends is expected now"
    return text, [f"*{text}.*"]


def confirmed() -> tuple[str, list[str]]:
    """Return what an alert about an action that fell back is replaced by when somebody has looked at it."""
    text = "Settled: a person has said how far this action goes"
    return text, [f"*{text}.*"]


def withdrawn() -> tuple[str, list[str]]:
    """Return what such an alert is replaced by when its rule no longer holds."""
    text = "Over: the rule no longer holds"
    return text, [f"*{text}.*"]


def all_clear(deals: int) -> tuple[str, list[str]]:
    """Return what an alert is replaced by when its last deal goes on."""
    text = f"Solved: the {'deal goes' if deals == 1 else f'{deals:,} deals go'} on"
    return text, [f"*{text}.*"]
