"""The mail port on any mail server, by SMTP and IMAP. Knows no flow, and what stands in a letter.

SMTP cannot be asked what it did. So a copy of each letter is filed among the sent ones before it goes out, starred, and the star
is taken off when the server has accepted the letter. A copy that is starred still is a letter whose end nobody saw: the
connection broke after its text was on its way, or this process died. `find` reports such a letter as uncertain, and it is parked
for a person instead of being sent twice. The person deletes the copy (then the letter is sent again) or takes its star off (then
it counts as sent). Where the server files what it sends by itself, that copy is proof, too. What was surely not sent loses its
copy.

A reference's id is a letter's Message-ID for what we sent, and `inbox:UIDVALIDITY:UID` for what came.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from email.headerregistry import Address

import aiosmtplib

from connectors.brake import pass_brake
from connectors.guard import guarded, pass_guard
from connectors.mail.imap import Box, Server
from connectors.mail.mime import message_id, recipient, sender_of, words_of, written
from connectors.mail.port import WRITES
from connectors.mail.smtp_errors import refused, unreachable
from connectors.mail.smtp_url import Account, account_of
from connectors.network import tls
from connectors.outcomes import settled
from contracts.errors import RefusedError, TowlineError, UncertainError
from contracts.letters import Letter, Post
from contracts.records import EffectKey, Outcome, Outcomes, Ref, Wanted
from contracts.systems import System

TIMEOUT = 60.0  # seconds for each answer: servers look into a letter before they accept it (RFC 5321 4.5.3.2)


@dataclass(frozen=True, slots=True)
class _Written:
    """A letter ready to go."""

    message_id: str
    to: Address
    raw: bytes


@guarded(System.MAIL, WRITES)
class SmtpImap:
    """Our mail port on a mail server. Letters of one call go out one after another, over one connection."""

    def __init__(self, smtp_url: str, imap_url: str, sender: str, *, timeout: float = TIMEOUT) -> None:
        """Send by `smtps://user:password@host:465` (or `smtp://` with STARTTLS) and look by `imaps://` (or `imap://`).

        On this machine itself `smtp://` and `imap://` go without TLS, and without a user there is no login.

        Raises:
            MisconfiguredError: an address is none.
        """
        self._sender = sender_of(sender)
        self._smtp = account_of(smtp_url, "smtp", {"smtps": 465, "smtp": 587})
        self._imap = Server(account_of(imap_url, "imap", {"imaps": 993, "imap": 143}), min(timeout, 30.0))
        self._timeout = timeout

    async def aclose(self) -> None:
        """Do nothing: no connection outlives a call."""

    async def prepare(self) -> None:
        """Make the folder of sent letters, if there is none."""
        await asyncio.to_thread(self._imap.prepare)

    async def send(self, wanted: Sequence[Wanted[Letter]]) -> Outcomes:
        """Send letters, each filed among the sent ones before it goes out."""
        outcomes: dict[EffectKey, Outcome] = {}
        ready: dict[EffectKey, _Written] = {}
        for one in wanted:
            try:
                ready[one.key] = _Written(
                    message_id(one.key, self._sender), recipient(one.record), written(one.key, one.record, self._sender)
                )
            except RefusedError as error:
                outcomes[one.key] = error
        if ready:
            outcomes |= await self._send_all(ready)
        return settled(outcomes)

    async def find(self, keys: Collection[EffectKey]) -> Mapping[EffectKey, Outcome]:
        """Return our sent letters; one whose end nobody saw is an UncertainError."""
        ids = {key: message_id(key, self._sender) for key in keys}
        sent = await asyncio.to_thread(self._imap.sent, set(ids.values())) if ids else {}
        return {key: _outcome(letter, sent[letter]) for key, letter in ids.items() if letter in sent}

    async def label(self, letter: Ref, label: str) -> None:
        """Put a keyword on a letter. Raises RefusedError when it is gone, or the label cannot be a keyword."""
        await asyncio.to_thread(self._imap.label, letter.id, label)

    async def received(self, since: str | None) -> Post:
        """Return what came into the inbox since a cursor; keywords that letters get later are not seen."""
        return await asyncio.to_thread(self._imap.received, since)

    async def read_words(self, letter: Ref) -> str:
        """Return a letter's words."""
        return words_of(await asyncio.to_thread(self._imap.raw, letter.id))

    async def _send_all(self, ready: Mapping[EffectKey, _Written]) -> dict[EffectKey, Outcome]:
        outcomes: dict[EffectKey, Outcome] = {}
        async with self._opened() as box, _Line(self._smtp, self._sender.domain, self._timeout) as line:
            for key, letter in ready.items():
                try:
                    outcomes[key] = await self._send(letter, box, line)
                except TowlineError as error:
                    outcomes[key] = error
        return outcomes

    async def _send(self, letter: _Written, box: Box, line: _Line) -> Ref:
        """File, send, mark as sent. A letter that went out is sent, whatever becomes of its copy."""
        pass_brake()
        pass_guard()
        await asyncio.to_thread(box.file, letter.message_id, letter.raw)
        try:
            await line.send(self._sender.addr_spec, letter.to.addr_spec, letter.raw)
        except UncertainError:
            raise
        except TowlineError:
            with contextlib.suppress(TowlineError):
                await asyncio.to_thread(box.forget, letter.message_id)
            raise
        with contextlib.suppress(TowlineError):
            await asyncio.to_thread(box.mark_sent, letter.message_id)
        return _ref(letter.message_id)

    @contextlib.asynccontextmanager
    async def _opened(self) -> AsyncIterator[Box]:
        box = await asyncio.to_thread(self._imap.open_sent)
        try:
            yield box
        finally:
            await asyncio.to_thread(box.close)


class _Line:
    """A connection to the server that takes letters; opened when it is needed, and again after it broke."""

    def __init__(self, account: Account, name: str, timeout: float) -> None:
        self._account, self._name, self._timeout = account, name, timeout
        self._client: aiosmtplib.SMTP | None = None

    async def __aenter__(self) -> _Line:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._leave()

    async def send(self, sender: str, to: str, raw: bytes) -> None:
        """Hand one letter over.

        Raises:
            UncertainError: its text was on its way, and no answer came.
        """
        client = await self._ready()
        try:
            await client.mail(sender)
            await client.rcpt(to)
        except (aiosmtplib.SMTPException, OSError) as error:
            await self._leave()
            raise refused(error) from None
        try:
            await client.data(raw)
        except aiosmtplib.SMTPResponseException as error:
            await self._leave()
            raise refused(error) from None
        except (aiosmtplib.SMTPException, OSError):
            await self._leave()
            raise UncertainError(
                "mail: the letter was on its way when the connection broke", cause="mail.smtp_no_answer"
            ) from None

    async def _ready(self) -> aiosmtplib.SMTP:
        if self._client and self._client.is_connected:
            return self._client
        account = self._account
        client = aiosmtplib.SMTP(
            hostname=account.host,
            port=account.port,
            username=account.user or None,
            password=account.password or None,
            use_tls=account.encrypted,
            start_tls=account.starts_tls,
            tls_context=tls() if account.encrypted or account.starts_tls else None,
            local_hostname=self._name,
            timeout=self._timeout,
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise unreachable(error) from None
        self._client = client
        return client

    async def _leave(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        try:
            await client.quit(timeout=5)
        except (aiosmtplib.SMTPException, OSError):
            client.close()


def _outcome(letter: str, is_sent: bool) -> Outcome:
    if is_sent:
        return _ref(letter)
    return UncertainError("mail: nobody saw whether a letter went out; its copy is starred", cause="mail.unseen_end")


def _ref(letter: str) -> Ref:
    plain = letter.strip("<>")
    return Ref(plain, f"mid:{plain}")
