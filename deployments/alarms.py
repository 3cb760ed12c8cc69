"""Alarms by mail: what chat does not take is written to whoever speaks for the owner, once per alert and person."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from contracts.errors import RefusedError, TowlineError
from contracts.letters import Letter
from contracts.records import Ref, Wanted
from contracts.runbooks import runbooks
from deployments.notices import ENGINEERS
from lifecycle import keys
from lifecycle.alerting import Notice, by_mail
from runtime.logs import get_logger
from runtime.wiring import Runtime

CAUSE = "alarm/chat"
"""What a runbook is found by: chat does not take what owners are told."""
LONG_PAUSE = 60.0
"""Seconds after which a mail system that did not take an alarm is tried again: some shut out who tries too often."""

log = get_logger("alarms")


class Alarms:
    """Writes to owners whom chat does not reach. It must not know why."""

    def __init__(self, house: Runtime) -> None:
        self._house = house
        self._not_before = 0.0

    async def send(self, notices: Mapping[int, Notice]) -> None:
        """Write one letter a person about alerts, by number, that chat has not taken; they are then not written of again.

        Raises:
            RetryableError, UncertainError, MisconfiguredError: the mail does not go either; it is tried again after a minute.
        """
        if asyncio.get_running_loop().time() < self._not_before:
            return
        letters: dict[str, list[int]] = defaultdict(list)
        for number, notice in notices.items():
            for person in self._people(notice.owner):
                letters[person].append(number)
        try:
            for person, numbers in letters.items():
                await self._write(person, numbers, [notices[number] for number in numbers])
        except TowlineError:
            self._not_before = asyncio.get_running_loop().time() + LONG_PAUSE
            raise
        async with self._house.ledger.begin() as books:
            await books.alerts.mailed(list(notices))
        log.warning("alerts went by mail, because chat does not take them", alerts=len(notices), letters=len(letters))

    def _people(self, owner: str) -> Sequence[str]:
        """Return who is written to: those who speak for the owner, or the engineers where nobody does."""
        owners = self._house.catalog.owners.owners
        return owners[owner].people or owners[ENGINEERS].people

    async def _write(self, person: str, numbers: Sequence[int], notices: Sequence[Notice]) -> None:
        key = keys.batch_key(f"alarm to {person}", [keys.effect_key(keys.HOUSE, f"alert {number}") for number in numbers])
        mail = self._house.mail
        if isinstance((await mail.find([key])).get(key), Ref):
            return
        runbook = runbooks().of(CAUSE, "").file
        subject, text, html = by_mail(notices, f"{self._house.settings.runbooks_url}/{runbook}")
        outcome = (await mail.send([Wanted(key, Letter(person, "", subject, text, html))]))[key]
        if isinstance(outcome, RefusedError):
            log.error("an alarm was refused by mail", error=outcome.text)
        elif not isinstance(outcome, Ref):
            raise outcome
