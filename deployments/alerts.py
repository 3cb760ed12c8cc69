"""Keeps owners informed: one chat message per cause, posted once, brought up to date as its count changes, closed with it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contracts.drift import UNREADABLE, is_expected
from contracts.errors import RefusedError, TowlineError
from contracts.owners import Owner
from contracts.records import Message, Ref, Wanted
from contracts.runbooks import runbooks
from contracts.systems import System
from contracts.values import Money
from deployments.outages import Outages, is_outage
from ledger.database import Books
from lifecycle import autonomy, keys, rules
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
from runtime.logs import get_logger
from runtime.wiring import Runtime

PAUSE = 2.0
"""Seconds between looks at the causes; a count that runs is so said every two seconds, not for each deal."""
STALE = 60.0
"""Seconds after which an outage, or a rule that fired, is told anew though as many wait: its figures move."""

log = get_logger("alerts")


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be said about a cause now, and about how many deals it is."""

    cause: str
    deals: int
    message: Message
    stale_after: float | None = None


class Alerts:
    """Says in the owners' channels what the ledger's open exceptions are, and which systems are down."""

    def __init__(self, house: Runtime) -> None:
        self._house = house
        self._outages = Outages(house)

    async def run(self) -> None:
        """Keep owners informed until cancelled; what could not be said is said at the next look."""
        while True:
            try:
                await self.look()
            except TowlineError as error:
                log.warning("the causes could not be read", error=error.text)
            await asyncio.sleep(PAUSE)

    async def look(self) -> None:
        """Say what is new or has changed since the last look; one that cannot be delivered does not hold up the others.

        While somebody has paused chat itself, nothing is said.
        """
        async with self._house.ledger.begin() as books:
            if any(row.name == System.CHAT for row in await books.switches.open()):
                return
            notices = await self._notices(books)
            told = {row.cause: row for row in await books.alerts.open()}
            over = {cause: await self._last_words(books, known) for cause, known in told.items() if cause not in notices}
        for notice in notices.values():
            known = told.get(notice.cause)
            if known is None or known.said != notice.deals or _is_stale(notice, known):
                await self._try(self._say(notice, known))
        for cause, message in over.items():
            await self._try(self._close(told[cause], message))

    async def _notices(self, books: Books) -> Mapping[str, Notice]:
        stopped = [
            Notice(cause.cause, cause.deals, self._message(cause), STALE if rules.is_rule(cause.cause) else None)
            for cause in await books.exceptions.causes()
        ]
        down = [Notice(cause, deals, message, STALE) for cause, (deals, message) in (await self._outages.messages(books)).items()]
        return {notice.cause: notice for notice in (*stopped, *down)}

    async def _last_words(self, books: Books, known: Any) -> Message:
        if is_outage(known.cause):
            return await self._outages.last_words(books, known)
        if is_drift(known.cause):
            return Message(known.channel, *settled())
        if known.cause.startswith(autonomy.CAUSE):
            return Message(known.channel, *confirmed())
        return Message(known.channel, *(withdrawn() if rules.is_rule(known.cause) else all_clear(known.said)))

    async def _try(self, delivery: Coroutine[Any, Any, None]) -> None:
        try:
            await delivery
        except TowlineError as error:
            log.warning("an alert could not be delivered", error=error.text)

    async def _say(self, notice: Notice, known: Any | None) -> None:
        """Post or update one message; of two workers who look at once one does, and the other at a later look."""
        async with self._house.ledger.begin() as books:
            number = known.id if known else await books.alerts.announce(notice.cause, notice.message.channel)
        if number is None:
            return
        async with self._house.ledger.begin() as books:
            if alert := await books.alerts.take(number):
                ref = await self._deliver(alert, notice.message)
                await books.alerts.said(number, message_id=ref.id, deals=notice.deals)

    async def _deliver(self, alert: Any, message: Message) -> Ref:
        chat, key = self._house.chat, keys.effect_key(keys.HOUSE, f"alert {alert.id}")
        ref = Ref(alert.message_id) if alert.message_id else (await chat.find(message.channel, [key])).get(key)
        try:
            return await chat.update(ref, message) if ref else await chat.post(Wanted(key, message))
        except RefusedError:  # somebody has deleted it
            return await chat.post(Wanted(key, message))

    async def _close(self, known: Any, message: Message) -> None:
        """Say that it is over; of an outage that could not be told while it lasted (chat itself was down), say it now."""
        async with self._house.ledger.begin() as books:
            alert = await books.alerts.take(known.id)
            if alert is None:
                return
            if alert.message_id:
                try:
                    await self._house.chat.update(Ref(alert.message_id), message)
                except RefusedError:
                    log.info("a closed alert's message was gone")
            elif is_outage(alert.cause):
                await self._deliver(alert, message)
            await books.alerts.close([alert.id])

    def _owner(self, cause: Any) -> Owner:
        owners = self._house.catalog.owners.owners
        return owners.get(cause.owner) or owners["integration"]

    def _message(self, cause: Any) -> Message:
        house, owner = self._house, self._owner(cause)
        links = {"Runbook": f"{house.settings.runbooks_url}/{runbooks().of(cause.cause, cause.event_type).file}"}
        if rules.is_rule(cause.cause):
            title = house.catalog[cause.event_type].title
            return Message(owner.channel, *proposal(title, cause.reason, cause.route, owner.name), links)
        if cause.cause.startswith(autonomy.CAUSE):
            return Message(owner.channel, *proposal("Autonomy", cause.reason, cause.route, owner.name), links)
        if is_drift(cause.cause):
            kept = cause.deals if cause.event_type == UNREADABLE else 0
            return Message(owner.channel, *drifted(cause.reason, cause.route, owner.name, kept), links)
        entry = house.catalog.entries.get(cause.event_type)
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


async def settle(house: Runtime) -> None:
    """Close what tells of a difference that today's shapes expect."""
    async with house.ledger.begin() as books:
        await books.drift.settle([cause for cause in await books.drift.open() if is_expected(cause)])


def _is_stale(notice: Notice, known: Any) -> bool:
    if notice.stale_after is None:
        return False
    return bool((datetime.now(UTC) - known.changed_at).total_seconds() > notice.stale_after)
