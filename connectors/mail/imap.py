"""The mailbox by IMAP: the copies of what we sent, and what came. All of it blocks: call it from a thread. Knows no business.

A copy is starred until its letter is sent (`connectors.mail.smtp` says why); what we sent has the keyword `Towline` where the
server lets us make keywords.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from imap_tools import AND, BaseMailBox, H, MailBox, MailBoxStartTls, MailBoxUnencrypted, MailMessage, MailMessageFlags

from connectors.mail.inbox import letters_since, line_of, standing, uid_of
from connectors.mail.smtp_errors import IMAP_FAILURES, imap_error
from connectors.mail.smtp_url import Account
from connectors.network import tls
from contracts.errors import RefusedError
from contracts.letters import Post

KEYWORD = "Towline"
SENT = "Sent"
_KEYWORD = re.compile(r"[A-Za-z0-9_.$-]{1,64}")


class Server:
    """A mailbox on a server; each call has a connection of its own."""

    def __init__(self, account: Account, timeout: float) -> None:
        self._account, self._timeout = account, timeout

    def prepare(self) -> None:
        """Make the folder of sent letters, if there is none."""
        with self._box() as box:
            _sent_folder(box)

    def open_sent(self) -> Box:
        """Return the opened folder of sent letters; close it in the end."""
        with failing_plainly():
            box = self._connected()
            try:
                box.folder.set(_sent_folder(box))
            except BaseException:
                _leave(box)
                raise
            return Box(box)

    def sent(self, letters: Collection[str]) -> dict[str, bool]:
        """Return which of these Message-IDs are filed as sent; False for one that is starred still."""
        with self._box() as box:
            box.folder.set(_sent_folder(box), readonly=True)
            found: dict[str, bool] = {}
            for letter in letters:
                copies = list(_copies(box, letter))
                if copies:
                    found[letter] = any(KEYWORD in one.flags or MailMessageFlags.FLAGGED not in one.flags for one in copies)
            return found

    def label(self, letter: str, label: str) -> None:
        """Put a keyword on a letter of ours (by Message-ID) or on one that came. Raises RefusedError."""
        keyword = "_".join(label.split())
        if not _KEYWORD.fullmatch(keyword):
            raise RefusedError("mail: the label cannot be an IMAP keyword", cause="mail.imap_keyword")
        with self._box() as box:
            if letter.startswith("inbox:"):
                uids = [uid_of(box, letter)]
            else:
                box.folder.set(_sent_folder(box))
                uids = [str(one.uid) for one in _copies(box, f"<{letter}>")]
            if not uids or not box.uids(AND(uid=",".join(uids))):
                raise RefusedError("mail: the letter is not there any more", cause="mail.imap_gone")
            box.flag(uids, keyword, True)

    def received(self, since: str | None) -> Post:
        """Return what came into the inbox since a cursor; without one, the cursor of now."""
        with self._box() as box:
            box.folder.set("INBOX", readonly=True)
            return letters_since(box, since) if since else Post((), standing(box))

    def raw(self, letter: str) -> bytes:
        """Return a letter that came, as it came. Raises RefusedError when it is gone."""
        with self._box() as box:
            uid = uid_of(box, letter)
            found = next(box.fetch(AND(uid=uid), mark_seen=False), None)
            if found is None:
                raise RefusedError("mail: the letter is not there any more", cause="mail.imap_gone")
            return bytes(found.obj)

    @contextmanager
    def _box(self) -> Iterator[BaseMailBox]:
        with failing_plainly():
            box = self._connected()
            try:
                yield box
            finally:
                _leave(box)

    def _connected(self) -> BaseMailBox:
        account = self._account
        box: BaseMailBox
        if account.encrypted:
            box = MailBox(account.host, account.port, self._timeout, ssl_context=tls())
        elif account.starts_tls:
            box = MailBoxStartTls(account.host, account.port, self._timeout, ssl_context=tls())
        else:
            box = MailBoxUnencrypted(account.host, account.port, self._timeout)
        try:
            return box.login(account.user, account.password, initial_folder=None)
        except BaseException:
            _leave(box)
            raise


class Box:
    """The opened folder of sent letters."""

    def __init__(self, box: BaseMailBox) -> None:
        self._box = box

    def file(self, letter: str, raw: bytes) -> None:
        """File a copy, starred, unless one is there that is starred already."""
        with failing_plainly():
            if not any(MailMessageFlags.FLAGGED in one.flags for one in _copies(self._box, letter)):
                flags = [MailMessageFlags.SEEN, MailMessageFlags.FLAGGED]
                self._box.append(raw, self._box.folder.get() or SENT, flag_set=flags)
                self._box.client.noop()

    def mark_sent(self, letter: str) -> None:
        """Take the star off a copy, for its letter is sent, and put our keyword on."""
        with failing_plainly():
            uids = [str(one.uid) for one in _copies(self._box, letter)]
            self._box.flag(uids, MailMessageFlags.FLAGGED, False)
            self._box.flag(uids, KEYWORD, True)

    def forget(self, letter: str) -> None:
        """Delete the starred copy of a letter that was not sent."""
        with failing_plainly():
            self._box.delete([str(one.uid) for one in _copies(self._box, letter) if MailMessageFlags.FLAGGED in one.flags])

    def close(self) -> None:
        """Close the connection."""
        _leave(self._box)


@contextmanager
def failing_plainly() -> Iterator[None]:
    """Raise our errors for the library's and the network's."""
    try:
        yield
    except IMAP_FAILURES as error:
        raise imap_error(error) from None


def _copies(box: BaseMailBox, letter: str) -> Iterator[MailMessage]:
    """Return the copies of a letter: the search finds also those whose Message-ID only contains the one asked for."""
    found = box.fetch(AND(header=H("Message-ID", letter)), mark_seen=False, headers_only=True, bulk=True)
    return (one for one in found if line_of(one, "message-id") == letter)


def _sent_folder(box: BaseMailBox) -> str:
    """Return the folder that the server says is for sent letters, or else `Sent`, made if it is not there."""
    folders = box.folder.list()
    special = [one.name for one in folders if "\\sent" in {flag.lower() for flag in one.flags}]
    names = {one.name for one in folders}
    known = next((one for one in (*special, SENT, f"INBOX.{SENT}", f"INBOX/{SENT}") if one in names), None)
    if known is None:
        box.folder.create(SENT)
        box.folder.subscribe(SENT, True)
    return known or SENT


def _leave(box: BaseMailBox) -> None:
    try:
        box.logout()
    except IMAP_FAILURES:
        box.client.shutdown()
