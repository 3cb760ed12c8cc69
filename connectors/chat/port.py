"""What the company needs from its chat; it must not know any vendor."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from connectors.guard import Fields, changes, sets_up
from contracts.interactions import Form, Interaction, Member, Said
from contracts.records import EffectKey, Message, Ref, Wanted


class Chat(Protocol):
    """What the company needs from its chat.

    A message carries our key, but `post` does not look for it: after an uncertain answer ask `find` before repeating it.
    A message's `text` is shown as it is; what comes from outside goes into paragraphs through `connectors.chat.text.plain`.
    """

    async def post(self, wanted: Wanted[Message]) -> Ref:
        """Post a message; the reference names channel and message."""

    async def update(self, ref: Ref, message: Message) -> Ref:
        """Replace the text of a message of ours. Raises RefusedError when it is gone."""

    async def look(self) -> None:
        """Return when the chat answers."""

    async def delete(self, ref: Ref) -> None:
        """Take a message of ours away; one that is gone stays so."""

    async def find(self, channel: str, keys: Collection[EffectKey], thread: Ref | None = None) -> Mapping[EffectKey, Ref]:
        """Return our recent messages in a channel, or below one message, that carry these keys."""

    async def read_member(self, person: str) -> Member | None:
        """Return a full member of the workspace; None for a guest, a stranger, a bot and whoever has left."""

    async def read_message(self, message: str) -> Said:
        """Return a message that somebody has pointed at, as an interaction names it. Raises RefusedError when it is gone."""

    async def open_form(self, done: Interaction, form: Form) -> None:
        """Show a form to whoever did that, within three seconds of it. Raises RefusedError when that is over."""

    async def answer(self, done: Interaction, text: str) -> None:
        """Say something to whoever did that, to nobody else. Raises RefusedError when it is too late for that."""


WRITES: Mapping[str, Fields] = {
    "post": changes("message", "text"),
    "update": changes("message", "text"),
    "delete": changes("message"),
    "open_form": sets_up(),
    "answer": changes("message", "text"),
}
"""The methods that change something, and which fields of which entities (`connectors/guard.py`)."""
