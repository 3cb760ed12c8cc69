"""Looks at what stopped all the time: what can be mended is done or suggested, as far as outcomes so far allow it."""

from __future__ import annotations

import asyncio

from contracts.autonomy import Autonomy
from contracts.autonomy import autonomy as house_autonomy
from contracts.errors import TowlineError
from ledger.correcting import consider
from ledger.standing import fall_back
from runtime.logs import get_logger
from runtime.wiring import Runtime

PAUSE = 1.0
"""Seconds between looks; alerts look every two, so that what is done alone is seldom told to anybody."""

log = get_logger("proposer")


class Proposer:
    """Considers each event that stopped once, follows up what became of it, and lets actions fall back."""

    def __init__(self, house: Runtime, autonomy: Autonomy | None = None) -> None:
        self._house = house
        self._autonomy = autonomy or house_autonomy()

    async def run(self) -> None:
        """Look until cancelled; a ledger that is gone is waited for."""
        while True:
            try:
                await self.look()
            except TowlineError as error:
                log.warning("what stopped could not be looked at", error=error.text)
            await asyncio.sleep(PAUSE)

    async def look(self) -> None:
        """Look once: what levels allow is judged first, so that nothing more is done alone once the evidence is broken."""
        ledger = self._house.ledger
        async with ledger.begin() as books:
            await books.suggestions.follow()
        for name in await fall_back(ledger, self._autonomy):
            log.warning("an action fell back", action=name)
        await consider(ledger, self._house.catalog, self._autonomy)
