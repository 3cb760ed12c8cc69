"""Keeps owners informed: one chat message per cause, posted once, brought up to date as its count changes, closed with it.

An alert that nobody has seen in time goes on along its route; one that chat does not take becomes an alarm by mail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any

from contracts.alerting import Alerting
from contracts.alerting import alerting as house_alerting
from contracts.drift import is_expected
from contracts.errors import RefusedError, TowlineError
from contracts.records import Message, Ref, Wanted
from contracts.systems import System
from deployments.alarms import Alarms
from deployments.notices import Notices
from deployments.outages import is_outage
from lifecycle import keys
from lifecycle.alerting import Notice, Sight, alert_message, escalated_note, escalation
from runtime.logs import get_logger
from runtime.wiring import Runtime

PAUSE = 2.0
"""Seconds between looks at the causes; a count that runs is so said every two seconds, not for each deal."""
MINUTE = 60.0

log = get_logger("alerts")


class Alerts:
    """Says in the owners' channels what the ledger's open exceptions are, and which systems are down."""

    def __init__(
        self, house: Runtime, alerting: Alerting | None = None, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._house, self._alerting, self._now = house, alerting or house_alerting(), now
        self._notices, self._alarms = Notices(house), Alarms(house)

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
            paused = {row.name for row in await books.switches.open()}
            if System.CHAT in paused:
                return
            notices = await self._notices.now(books)
            told = {row.cause: row for row in await books.alerts.open()}
            over = {cause: await self._notices.last_words(books, known) for cause, known in told.items() if cause not in notices}
        for notice in notices.values():
            await self._look_at(notice, told.get(notice.cause))
        for cause, message in over.items():
            await self._try(self._close(told[cause], message))
        if System.MAIL not in paused:
            await self._try(self._alarm(notices))

    async def _look_at(self, notice: Notice, known: Any | None) -> None:
        if known is None and self._is_quiet(notice):
            return
        seen_since = known is not None and known.acknowledged_at is not None and known.acknowledged_at > known.changed_at
        if known is None or known.message_id is None or known.said != notice.deals or seen_since or _is_stale(notice, known):
            await self._try(self._say(notice, known))
        if known is not None and self._is_overdue(notice, known) and not self._is_quiet(notice):
            await self._try(self._escalate(notice, known))

    async def _try(self, delivery: Coroutine[Any, Any, None]) -> None:
        try:
            await delivery
        except TowlineError as error:
            log.warning("an alert could not be delivered", error=error.text)

    async def _say(self, notice: Notice, known: Any | None) -> None:
        """Post or update one message; of two workers who look at once one does, and the other at a later look."""
        async with self._house.ledger.begin() as books:
            number = known.id if known else await books.alerts.announce(notice.cause, notice.message.channel, notice.owner)
        if number is None:
            return
        async with self._house.ledger.begin() as books:
            if alert := await books.alerts.take(number):
                went_on = notice.escalate if alert.escalated_at else ""
                ref = await self._deliver(alert, self._shown(alert, notice.message, went_on=went_on))
                if alert.escalation_id:
                    minutes = self._alerting.acknowledge_within_minutes[notice.criticality]
                    await self._update(alert.escalation_id, self._shown(alert, escalation(notice, minutes)))
                await books.alerts.said(number, message_id=ref.id, deals=notice.deals)

    async def _escalate(self, notice: Notice, known: Any) -> None:
        """Tell the next channel of the route, once, and say so in the alert's own thread."""
        chat, minutes = self._house.chat, self._alerting.acknowledge_within_minutes[notice.criticality]
        async with self._house.ledger.begin() as books:
            alert = await books.alerts.take(known.id)
            if alert is None or alert.escalated_at or alert.acknowledged_at:
                return
            ref = await self._once(f"alert {alert.id} escalation", self._shown(alert, escalation(notice, minutes)))
            await self._update(alert.message_id, self._shown(alert, notice.message, went_on=notice.escalate))
            thread = Ref(alert.message_id)
            key = keys.effect_key(keys.HOUSE, f"alert {alert.id} went on")
            if not await chat.find(alert.channel, [key], thread):
                await chat.post(Wanted(key, Message(alert.channel, *escalated_note(notice, minutes), thread=thread)))
            await books.alerts.escalated(alert.id, message_id=ref.id)
        log.warning("an alert went on, because nobody had seen it", cause=notice.cause)

    def _shown(self, alert: Any, message: Message, *, went_on: str = "") -> Message:
        owners = self._house.catalog.owners.owners
        by = owners[alert.acknowledged_by].name if alert.acknowledged_by in owners else alert.acknowledged_by or ""
        sight = Sight(alert.id, by, alert.acknowledged_at, went_on)
        return alert_message(message, sight, with_button=bool(self._house.settings.chat_signing_secrets))

    async def _deliver(self, alert: Any, message: Message) -> Ref:
        try:
            if alert.message_id:
                return await self._house.chat.update(Ref(alert.message_id), message)
            return await self._once(f"alert {alert.id}", message)
        except RefusedError:  # somebody has deleted it
            return await self._house.chat.post(Wanted(keys.effect_key(keys.HOUSE, f"alert {alert.id}"), message))

    async def _once(self, what: str, message: Message) -> Ref:
        """Post a message, or bring the one up to date whose answer was lost."""
        chat, key = self._house.chat, keys.effect_key(keys.HOUSE, what)
        ref = (await chat.find(message.channel, [key])).get(key)
        return await chat.update(ref, message) if ref else await chat.post(Wanted(key, message))

    async def _update(self, message_id: str, message: Message) -> None:
        try:
            await self._house.chat.update(Ref(message_id), message)
        except RefusedError:
            log.info("an alert's message was gone")

    async def _alarm(self, notices: Mapping[str, Notice]) -> None:
        """Send by mail what chat has not taken, now that this was tried once more."""
        async with self._house.ledger.begin() as books:
            rows = [row for row in await books.alerts.open() if row.cause in notices]
        if late := {row.id: notices[row.cause] for row in rows if self._is_late(notices[row.cause], row)}:
            await self._alarms.send(late)

    async def _close(self, known: Any, message: Message) -> None:
        """Say that it is over; of an outage that could not be told while it lasted (chat itself was down), say it now."""
        async with self._house.ledger.begin() as books:
            alert = await books.alerts.take(known.id)
            if alert is None:
                return
            for said in filter(None, (alert.message_id, alert.escalation_id)):
                await self._update(said, message)
            if not alert.message_id and is_outage(alert.cause):
                await self._deliver(alert, message)
            await books.alerts.close([alert.id])

    def _is_quiet(self, notice: Notice) -> bool:
        """Say whether it is night for the owner, and this can wait for the morning."""
        zone = self._house.catalog.owners.owners[notice.owner].zone
        return self._alerting.quiet.holds(notice.criticality, zone, self._now())

    def _is_overdue(self, notice: Notice, known: Any, *, more: float = 0.0) -> bool:
        """Say whether an alert should have been seen by now, and has gone no further."""
        patience = (self._alerting.acknowledge_within_minutes[notice.criticality] + more) * MINUTE
        is_open = known.message_id and not known.acknowledged_at and not known.escalated_at
        return bool(is_open and known.unseen is not None and known.unseen > patience)

    def _is_late(self, notice: Notice, known: Any) -> bool:
        """Say whether chat has not taken an alert, or its escalation, for so long that it goes by mail, and has not gone yet."""
        if known.mailed_at or self._is_quiet(notice):
            return False
        patience = self._alerting.mail_after_minutes
        unsaid = not known.message_id and known.unsaid > patience * MINUTE
        return unsaid or self._is_overdue(notice, known, more=patience)


async def settle(house: Runtime) -> None:
    """Close what tells of a difference that today's shapes expect."""
    async with house.ledger.begin() as books:
        await books.drift.settle([cause for cause in await books.drift.open() if is_expected(cause)])


def _is_stale(notice: Notice, known: Any) -> bool:
    return notice.stale_after is not None and known.unchanged > notice.stale_after
