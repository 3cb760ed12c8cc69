"""Keeps the messages that ask for decisions up to date: whoever answered, by whatever door, stands there, and the buttons go."""

from __future__ import annotations

import asyncio

from contracts.errors import RefusedError, TowlineError
from contracts.records import Message, Ref
from contracts.systems import System
from lifecycle.asking import ask_message, asked_of
from runtime.logs import get_logger
from runtime.wiring import Runtime

PAUSE = 1.0

log = get_logger("asks")


class Asks:
    """Brings what chat shows of decisions up to date. It must not know how they are answered."""

    def __init__(self, house: Runtime) -> None:
        self._house = house

    async def run(self) -> None:
        """Look until cancelled; what could not be shown is shown at a later look."""
        while True:
            try:
                await self.look()
            except TowlineError as error:
                log.warning("answers could not be shown in chat", error=error.text)
            await asyncio.sleep(PAUSE)

    async def look(self) -> None:
        """Show what was answered since the last look; one that was never asked in chat is left alone after an hour."""
        async with self._house.ledger.begin() as books:
            if any(row.name == System.CHAT for row in await books.switches.open()):
                return
            rows = await books.decisions.untold()
            await books.decisions.tell({row.id: row.state for row in rows if row.message is None and row.is_old})
        for message in dict.fromkeys(row.message for row in rows if row.message):
            await self._show(message)
            async with self._house.ledger.begin() as books:
                await books.decisions.tell({row.id: row.state for row in rows if row.message == message})

    async def _show(self, message: str) -> None:
        house = self._house
        async with house.ledger.begin() as books:
            rows = await books.decisions.on_message(message)
        if not rows:  # its events were retired meanwhile
            return
        shown = [asked_of(row, house.catalog.owners) for row in rows]
        channel = house.catalog[rows[0].event_type].notify
        text, paragraphs = ask_message(rows[0].event_type, shown, with_buttons=bool(house.settings.chat_signing_secrets))
        try:
            await house.chat.update(Ref(message), Message(channel, text, paragraphs))
        except RefusedError:
            log.info("a message that asked for a decision was gone")
