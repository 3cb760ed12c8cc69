"""What the company needs from its mail system; it must not know any vendor."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from connectors.guard import Fields, changes, sets_up
from contracts.letters import Letter, Post
from contracts.records import EffectKey, Outcome, Outcomes, Ref, Wanted


class Mail(Protocol):
    """What the company needs from its mail system.

    A letter's Message-ID is made of its key (`connectors.mail.mime.message_id`), but `send` does not look for it: after an
    uncertain answer ask `find` before repeating it. A letter that is refused has its error among the outcomes; so has one whose
    call failed otherwise, unless all of them did: then it is raised.
    """

    async def prepare(self) -> None:
        """Make the mailbox ready for us (our label or folder), once; safe to repeat."""

    async def send(self, wanted: Sequence[Wanted[Letter]]) -> Outcomes:
        """Send letters, filed under our label; the reference names the letter and its conversation."""

    async def find(self, keys: Collection[EffectKey]) -> Mapping[EffectKey, Outcome]:
        """Return our sent letters that carry these keys as their Message-ID.

        Where nobody can tell whether a letter went out, there is an UncertainError instead: a person must look, and sending it
        again could write to a client twice.
        """

    async def label(self, letter: Ref, label: str) -> None:
        """Put a label on a letter (by IMAP: a keyword); one that it has already stays."""

    async def received(self, since: str | None) -> Post:
        """Return what came since a cursor, and the next cursor; without one, nothing but the cursor of now.

        A letter may come a second time, after the mailbox was numbered anew or got a label: tell letters apart by Message-ID.
        """

    async def read_words(self, letter: Ref) -> str:
        """Return what somebody wrote in a letter that came, as plain text. Raises RefusedError when it is gone."""

    async def aclose(self) -> None:
        """Close all connections."""


WRITES: Mapping[str, Fields] = {
    "prepare": sets_up(),
    "send": changes("letter", "text"),
    "find": changes("letter", "label"),
    "label": changes("letter", "label"),
}
"""The methods that change something, and which fields of which entities (`connectors/guard.py`)."""
