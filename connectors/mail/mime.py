"""How a letter is written down: an RFC 5322 message in one way, whoever carries it. Knows no vendor and no mailbox.

Nothing that stands in a name, a subject or a file's name can become a header of its own: they are put on one line first.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.headerregistry import Address, BaseHeader, HeaderRegistry, MessageIDHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import cast

from contracts.errors import MisconfiguredError, RefusedError
from contracts.letters import Attachment, Letter
from contracts.records import EffectKey
from contracts.rich_text import plain

_HEADERS = HeaderRegistry()
for _name in ("references", "in-reply-to"):  # as plain text a long one would be encoded, and name no letter any more
    _HEADERS.map_to_type(_name, cast("type[BaseHeader]", MessageIDHeader))
POLICY = SMTP.clone(cte_type="7bit", header_factory=_HEADERS)
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)


def sender_of(text: str) -> Address:
    """Return a sender given as `Name <address>`. Raises MisconfiguredError."""
    name, address = parseaddr(text)
    try:
        return _address(name, address)
    except ValueError:
        raise MisconfiguredError("mail: the sender is no address", cause="mail.sender") from None


def message_id(key: EffectKey, sender: Address) -> str:
    """Return the Message-ID of the letter that is sent once per key."""
    return f"<{key}@{sender.domain}>"


def recipient(letter: Letter) -> Address:
    """Return whom a letter is to. Raises RefusedError when that is no single address that every mail system takes."""
    try:
        return _address(letter.name, letter.to)
    except ValueError:
        raise RefusedError("mail: the recipient's address cannot be written to", cause="mail.address") from None


def written(key: EffectKey, letter: Letter, sender: Address) -> bytes:
    """Return a letter as the bytes that are sent, text and HTML as alternatives and files after them.

    The same key gives the same Message-ID; a thread's first letter is named as what this one answers.

    Raises:
        RefusedError: the recipient's address is none.
    """
    message = EmailMessage(policy=POLICY)
    message["From"] = sender
    message["To"] = recipient(letter)
    message["Subject"] = one_line(letter.subject)
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = message_id(key, sender)
    if letter.thread:
        message["In-Reply-To"] = message["References"] = message_id(letter.thread.key, sender)
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    for attachment in letter.attachments:
        _attach(message, attachment)
    return message.as_bytes()


def one_line(text: str) -> str:
    """Return text without line breaks and other control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _address(name: str, address: str) -> Address:
    """Return an address with its domain in ASCII. Raises ValueError."""
    if any(char.isspace() or not char.isprintable() for char in address):
        raise ValueError("blanks")
    local, _, domain = address.rpartition("@")
    try:
        plain = f"{local}@{domain.encode('idna').decode('ascii')}"
        plain.encode("ascii")
        found = Address(one_line(name), addr_spec=plain)
    except (HeaderParseError, IndexError, AttributeError) as wrong:
        raise ValueError("unreadable") from wrong
    if not found.username or not found.domain:
        raise ValueError("incomplete")
    return found


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    known = _MEDIA_TYPE.fullmatch(attachment.media_type)
    maintype, subtype = (attachment.media_type if known else "application/octet-stream").lower().split("/")
    if maintype in ("multipart", "message"):  # containers are taken apart on the way; a file must arrive as it is
        maintype, subtype = "application", "octet-stream"
    message.add_attachment(attachment.content, maintype=maintype, subtype=subtype, filename=one_line(attachment.name))


def words_of(raw: bytes) -> str:
    """Return what the sender of a letter wrote, as plain text: no files, and nothing of the letters that it quotes."""
    body = message_from_bytes(raw, policy=policy.default).get_body(("plain", "html"))
    if body is None:
        return ""
    try:
        text = str(body.get_content())
    except (LookupError, UnicodeError):  # a character set that nobody knows
        text = bytes(body.get_payload(decode=True)).decode("latin-1")
    return _without_quotes(plain(text) if body.get_content_subtype() == "html" else text).replace("\0", "")


def _without_quotes(text: str) -> str:
    """Leave out what a letter quotes, with the line that says whom; what stands between quotes is the sender's own."""
    kept: list[str] = []
    for line in text.splitlines():
        if line.strip().startswith("-----Original Message"):
            break
        if line.startswith(">"):
            if kept and kept[-1].endswith(":"):
                kept.pop()
        elif line.strip() or not (kept and kept[-1].endswith(":")):  # a blank line may stand before the quote
            kept.append(line.rstrip())
    return "\n".join(kept).strip()
