"""What owners are to be told now: open causes, rules that have fired, systems that are down. It must not know how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.catalog import Criticality, Entry
from contracts.drift import UNREADABLE
from contracts.owners import Owner
from contracts.records import Message
from contracts.runbooks import runbooks
from contracts.values import Money
from deployments.outages import Outages, is_outage, system_of
from ledger.database import Books
from lifecycle import autonomy, rules
from lifecycle.alerting import DRILL, Notice, drill_over, drill_told
from lifecycle.announcements import (
    WITHOUT,
    Stopped,
    alert,
    all_clear,
    confirmed,
    drifted,
    proposal,
    reason_in_words,
    settled,
    withdrawn,
)
from runtime.wiring import Runtime

STALE = 60.0
"""Seconds after which an outage, or a rule that fired, is told anew though as many wait: its figures move."""
ENGINEERS = "integration"
"""Who hears of what has no route of its own in the catalog."""


class Notices:
    """Words, owner, criticality and route of all that is open."""

    def __init__(self, house: Runtime) -> None:
        self._house = house
        self._outages = Outages(house)

    async def now(self, books: Books) -> Mapping[str, Notice]:
        """Return, by cause, what is to be said."""
        found = [self._of_cause(cause) for cause in await books.exceptions.causes()]
        found += [self._of_outage(cause, *told) for cause, told in (await self._outages.messages(books)).items()]
        return {notice.cause: notice for notice in found}

    async def last_words(self, books: Books, known: Any) -> Message:
        """Return what an alert is replaced by whose cause is gone."""
        if is_outage(known.cause):
            return await self._outages.last_words(books, known)
        if known.cause.startswith(DRILL):
            return Message(known.channel, *drill_over())
        if is_drift(known.cause):
            return Message(known.channel, *settled())
        if known.cause.startswith(autonomy.CAUSE):
            return Message(known.channel, *confirmed())
        return Message(known.channel, *(withdrawn() if rules.is_rule(known.cause) else all_clear(known.said)))

    def _of_cause(self, cause: Any) -> Notice:
        entry = self._house.catalog.entries.get(cause.event_type)
        engineers = self._house.catalog.owners.owners[ENGINEERS].channel
        return Notice(
            cause.cause,
            cause.deals,
            self._message(cause, entry),
            self._key_of(cause.owner),
            _criticality(cause.cause, entry),
            entry.escalate if entry else engineers,
            STALE if rules.is_rule(cause.cause) else None,
        )

    def _of_outage(self, cause: str, deals: int, message: Message) -> Notice:
        owners, entry = self._house.catalog.owners.owners, self._house.catalog.systems.systems[system_of(cause)]
        escalate = owners[entry.integration_owner].channel
        return Notice(cause, deals, message, entry.process_owner, Criticality.HIGH, escalate, STALE)

    def _key_of(self, owner: str) -> str:
        return owner if owner in self._house.catalog.owners.owners else ENGINEERS

    def _message(self, cause: Any, entry: Entry | None) -> Message:
        house, owner = self._house, self._house.catalog.owners.owners[self._key_of(cause.owner)]
        links = {"Runbook": f"{house.settings.runbooks_url}/{runbooks().of(cause.cause, cause.event_type).file}"}
        if cause.cause.startswith(DRILL):
            return Message(owner.channel, *drill_told(owner.name), links)
        if rules.is_rule(cause.cause):
            title = house.catalog[cause.event_type].title
            return Message(owner.channel, *proposal(title, cause.reason, cause.route, owner.name), links)
        if cause.cause.startswith(autonomy.CAUSE):
            return Message(owner.channel, *proposal("Autonomy", cause.reason, cause.route, owner.name), links)
        if is_drift(cause.cause):
            kept = cause.deals if cause.event_type == UNREADABLE else 0
            return Message(owner.channel, *drifted(cause.reason, cause.route, owner.name, kept), links)
        return self._of_stopped(cause, entry, owner, links)

    def _of_stopped(self, cause: Any, entry: Entry | None, owner: Owner, links: dict[str, str]) -> Message:
        house = self._house
        operation = next((one for one in house.catalog.operations if one.flow == cause.event_type), None)
        # Each amount was checked as it came in; their sum may be larger than any one may be.
        sums = sorted((cause.amounts or {}).items())
        amounts = [Money.model_construct(minor=int(minor), currency=currency) for currency, minor in sums]
        systems = {system.value: told.title for system, told in house.catalog.systems.systems.items()}
        stopped = Stopped(
            title=entry.title if entry else operation.title if operation else "Unknown event",
            deals=cause.deals,
            reason=reason_in_words(cause.cause, cause.reason, systems),
            route=cause.route,
            owner=owner.name,
            amounts=amounts,
            oldest=cause.oldest,
            escalate=entry.escalate if entry else "",
            goes_on=f"/{WITHOUT}/" in cause.cause,
        )
        if cause.flow_run_id:
            links["Run in Prefect"] = f"{house.settings.prefect_ui}/runs/flow-run/{cause.flow_run_id}"
        text, paragraphs = alert(stopped)
        return Message(owner.channel, text, paragraphs, links)


def is_drift(cause: str) -> bool:
    """Say whether a cause tells of something that a vendor sends and we did not expect."""
    return cause.startswith("drift/")


def _criticality(cause: str, entry: Entry | None) -> Criticality:
    """Return how soon somebody must look: as the catalog says of what stopped; a test alert goes the way of the most urgent."""
    if cause.startswith(DRILL):
        return Criticality.HIGH
    if is_drift(cause) or cause.startswith(autonomy.CAUSE):
        return Criticality.LOW
    return entry.criticality if entry else Criticality.NORMAL
