"""Keeps owners informed: one chat message per cause, posted once, brought up to date as its count changes, closed with it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from contracts.errors import RefusedError, TowlineError
from contracts.owners import Owner
from contracts.records import Message, Ref, Wanted
from contracts.values import Money
from lifecycle import keys, rules
from lifecycle.announcements import Stopped, alert, all_clear, proposal, reason_in_words, withdrawn
from runtime.logs import get_logger
from runtime.wiring import Runtime

PAUSE = 2.0
"""Seconds between looks at the causes; a count that runs is so said every two seconds, not for each deal."""

log = get_logger("alerts")


class Alerts:
    """Says in the owners' channels what the ledger's open exceptions are."""

    def __init__(self, house: Runtime) -> None:
        self._house = house

    async def run(self) -> None:
        """Keep owners informed until cancelled; what could not be said is said at the next look."""
        while True:
            try:
                await self.look()
            except TowlineError as error:
                log.warning("the causes could not be read", error=error.text)
            await asyncio.sleep(PAUSE)

    async def look(self) -> None:
        """Say what is new or has changed since the last look; one that cannot be delivered does not hold up the others."""
        async with self._house.ledger.begin() as books:
            causes = {row.cause: row for row in await books.exceptions.causes()}
            told = {row.cause: row for row in await books.alerts.open()}
        for cause, row in causes.items():
            known = told.get(cause)
            if known is None or known.said != row.deals:
                await self._try(self._say(row, known))
        for cause, known in told.items():
            if cause not in causes:
                await self._try(self._close(known))

    async def _try(self, delivery: Coroutine[Any, Any, None]) -> None:
        try:
            await delivery
        except TowlineError as error:
            log.warning("an alert could not be delivered", error=error.text)

    async def _say(self, cause: Any, known: Any | None) -> None:
        owner = self._owner(cause)
        message = self._message(cause, owner)
        async with self._house.ledger.begin() as books:
            number = known.id if known else await books.alerts.announce(cause.cause, owner.channel)
        ref = await self._deliver(number, known, message)
        async with self._house.ledger.begin() as books:
            await books.alerts.said(number, message_id=ref.id, deals=cause.deals)

    async def _deliver(self, number: int, known: Any | None, message: Message) -> Ref:
        chat, key = self._house.chat, keys.effect_key(keys.HOUSE, f"alert {number}")
        if known is None:
            return await chat.post(Wanted(key, message))
        ref = Ref(known.message_id) if known.message_id else (await chat.find(message.channel, [key])).get(key)
        try:
            return await chat.update(ref, message) if ref else await chat.post(Wanted(key, message))
        except RefusedError:  # somebody has deleted it
            return await chat.post(Wanted(key, message))

    async def _close(self, known: Any) -> None:
        if known.message_id:
            try:
                await self._house.chat.update(Ref(known.message_id), Message(known.channel, *_end_of(known)))
            except RefusedError:
                log.info("a closed alert's message was gone")
        async with self._house.ledger.begin() as books:
            await books.alerts.close([known.id])

    def _owner(self, cause: Any) -> Owner:
        owners = self._house.catalog.owners.owners
        return owners.get(cause.owner) or owners["integration"]

    def _message(self, cause: Any, owner: Owner) -> Message:
        house = self._house
        if cause.cause.startswith(rules.CAUSE):
            title = house.catalog[cause.event_type].title
            links = {"Runbook": f"{house.settings.runbooks_url}/rules.md"}
            return Message(owner.channel, *proposal(title, cause.reason, cause.route, owner.name), links)
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
        )
        runbook = entry.runbook if entry else operation.runbook if operation else "docs/runbooks/unknown-event.md"
        links = {"Runbook": f"{house.settings.runbooks_url}/{runbook.removeprefix('docs/runbooks/')}"}
        if cause.flow_run_id:
            links["Run in Prefect"] = f"{house.settings.prefect_ui}/runs/flow-run/{cause.flow_run_id}"
        text, paragraphs = alert(stopped)
        return Message(owner.channel, text, paragraphs, links)


def _end_of(alert: Any) -> tuple[str, list[str]]:
    return withdrawn() if alert.cause.startswith(rules.CAUSE) else all_clear(alert.said)
