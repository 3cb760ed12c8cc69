"""Reads RFC 5322 letters, however badly written: headers, text, parts, addresses; knows no mailbox and no requests."""

import html
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any

Fields = dict[str, Any]
ADDRESS = re.compile(r"[^\s@<>,;:]+@[^\s@<>,;:]+")
_REPLY = re.compile(r"^\s*((re|fwd?|aw|wg|sv)\s*(\[\d+\])?\s*:\s*)+", re.I)
_TAG = re.compile(r"<(style|script).*?</\1>|<[^>]+>", re.S | re.I)
SNIPPET = 200


def parsed(raw: bytes) -> EmailMessage:
    """Return a letter's parts."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - what this policy makes
    return message


def header(message: EmailMessage, name: str) -> str:
    """Return a header as text on one line, decoded; "" without one, and as it stands when it cannot be read."""
    try:
        return " ".join(str(message.get(name, "")).split())
    except (ValueError, IndexError, AttributeError):
        return " ".join(next((str(v) for k, v in message.raw_items() if k.lower() == name.lower()), "").split())


def headers(message: EmailMessage) -> list[tuple[str, str]]:
    """Return all headers in their order; one that is there twice comes twice."""
    try:
        return [(name, " ".join(str(value).split())) for name, value in message.items()]
    except (ValueError, IndexError, AttributeError):
        return [(name, " ".join(str(value).split())) for name, value in message.raw_items()]


def addresses(message: EmailMessage, *names: str) -> list[str]:
    """Return the addresses in these headers, without their names."""
    return [address for _, address in getaddresses([header(message, name) for name in names]) if address]


def bare(subject: str) -> str:
    """Return a subject as conversations are told apart by it: without `Re:`, blanks and case."""
    return " ".join(_REPLY.sub("", subject).lower().split())


def mentioned(message: EmailMessage) -> list[str]:
    """Return the Message-IDs of the letters that this one answers."""
    return re.findall(r"<[^<>\s]+>", f"{header(message, 'References')} {header(message, 'In-Reply-To')}")


def text_of(message: EmailMessage) -> str:
    """Return a letter's words: its plain text, else its HTML without tags."""
    try:
        body = message.get_body(preferencelist=("plain", "html"))
        content = body.get_content() if body is not None else ""
    except (LookupError, ValueError, AttributeError, KeyError):
        return ""
    if not isinstance(content, str):
        return ""
    return html.unescape(_TAG.sub(" ", content)) if body is not None and body.get_content_subtype() == "html" else content


def leaves(message: EmailMessage, number: str = "") -> Iterator[tuple[str, EmailMessage]]:
    """Return every part that is no container, with Gmail's number of it (a letter without parts is number 0)."""
    if not message.is_multipart():
        yield number or "0", message
        return
    for n, part in enumerate(message.iter_parts() if message.get_content_maintype() == "multipart" else ()):
        assert isinstance(part, EmailMessage)  # noqa: S101 - what this policy makes
        yield from leaves(part, f"{number}.{n}" if number else str(n))


def content(part: EmailMessage) -> bytes:
    """Return the bytes of a part that is no container."""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def file_name(part: EmailMessage) -> str:
    """Return the name of an attached file, "" for what is no attachment."""
    try:
        return part.get_filename() or ""
    except (ValueError, LookupError):
        return ""


def facts(message: EmailMessage) -> Fields:
    """Return what a mailbox looks letters up by."""
    text = " ".join(text_of(message).split())
    return {
        "messageId": header(message, "Message-ID"),
        "subject": header(message, "Subject"),
        "from": header(message, "From"),
        "to": ", ".join(value for name in ("To", "Cc", "Bcc") if (value := header(message, name))),
        "text": text,
        "snippet": html.escape(text[:SNIPPET].strip(), quote=True).replace("&#x27;", "&#39;"),
        "files": [name for _, part in leaves(message) if (name := file_name(part))],
    }
