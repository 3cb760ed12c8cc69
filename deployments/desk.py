"""Works off what people do in chat: finds out who they are, does it, and tells them alone where it was not taken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from contracts.errors import HeldError, RefusedError, RetryableError, TowlineError, UncertainError
from contracts.interactions import Action, Form, Interaction, Speaker, Way
from contracts.systems import System
from deployments.desk_answers import acknowledge, answer, ask_question
from deployments.desk_lists import listing
from deployments.desk_records import promote
from ledger.interactions import interaction_of
from lifecycle.asking import FORMS
from lifecycle.talk import TOO_LATE, promote_form
from runtime.logs import get_logger
from runtime.wiring import Runtime

PAUSE = 0.25
"""Seconds between looks when there is nothing to do: a form must be open three seconds after somebody asked for it."""
LEASE = 30.0
ATTEMPTS = 10
"""So often something is tried whose system does not answer, each time a lease more apart: for half an hour."""

log = get_logger("desk")
Act = Callable[[Runtime, Interaction, Speaker], Awaitable[str]]


class Desk:
    """Takes one act after the other, each once; of several workers each takes another."""

    def __init__(self, house: Runtime) -> None:
        self._house = house

    async def run(self) -> None:
        """Work until cancelled; a ledger that is gone is waited for."""
        while True:
            try:
                while await self.look():
                    pass
            except TowlineError as error:
                log.warning("what people did in chat could not be worked off", error=error.text)
            await asyncio.sleep(PAUSE)

    async def look(self) -> bool:
        """Work off the oldest act; say whether there was one. While somebody has paused chat itself, all of them wait."""
        async with self._house.ledger.begin() as books:
            if any(row.name == System.CHAT for row in await books.switches.open()):
                return False
            row = await books.interactions.take(seconds=LEASE)
        if row is None:
            return False
        done = interaction_of(row)
        try:
            said, outcome = await self._done(done), "done"
        except (RetryableError, UncertainError, HeldError) as error:
            if row.attempts < ATTEMPTS or isinstance(error, HeldError):
                log.warning("an act in chat waits", action=done.action, error=error.text)
                return True
            said, outcome = "it could not be done: a system does not answer", error.cause
        except TowlineError as error:
            said, outcome = TOO_LATE if error.cause.endswith("_trigger_id") else error.text, error.cause
        except Exception as error:  # one act that nobody foresaw must not end the worker, again and again
            log.exception("an act in chat failed", action=done.action)
            said, outcome = "it could not be done; the fault is ours, and was logged", type(error).__name__
        if said:
            await self._tell(done, said)
        async with self._house.ledger.begin() as books:
            await books.interactions.settle(done.id, outcome)
        return True

    async def _done(self, done: Interaction) -> str:
        speaker = await self._speaker(done)
        if (form := _form_of(done)) is not None:
            await self._house.chat.open_form(done, form)
            return ""
        return await ACTS[done.action](self._house, done, speaker)

    async def _speaker(self, done: Interaction) -> Speaker:
        """Return who did something. Raises RefusedError for whoever speaks for nobody."""
        member = await self._house.chat.read_member(done.person)
        owners = tuple(self._house.catalog.owners.spoken_for(member.email)) if member else ()
        if member is None or not owners:
            raise RefusedError("you speak for nobody of contracts/owners.yaml", cause="chat.nobody")
        return Speaker(member.email, owners)

    async def _tell(self, done: Interaction, said: str) -> None:
        try:
            await self._house.chat.answer(done, said)
        except TowlineError as error:
            log.warning("somebody could not be answered in chat", error=error.text)


def _form_of(done: Interaction) -> Form | None:
    """Return the form that somebody has asked for, if they have."""
    if done.way is Way.BUTTON:
        return FORMS.get(done.action)
    if done.way is Way.SHORTCUT and done.action is Action.PROMOTE:
        return promote_form(of_message=True)
    return promote_form(of_message=False) if done.way is Way.COMMAND and done.subject == "promote" else None


ACTS: Mapping[Action, Act] = {
    Action.APPROVE: answer,
    Action.REJECT: answer,
    Action.QUESTION: ask_question,
    Action.ACKNOWLEDGE: acknowledge,
    Action.PROMOTE: promote,
    Action.ASK: listing,
}
