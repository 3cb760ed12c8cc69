"""What came into an IMAP inbox since a place in it. Blocks, and changes nothing in the mailbox.

A cursor is `UIDVALIDITY:UIDNEXT:time`. When a server has numbered its mailbox anew, letters are listed by date instead, from a
day before the last look on, so that none is lost; https://www.rfc-editor.org/rfc/rfc9051#section-2.3.1.1
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

from imap_tools import AND, BaseMailBox, MailMessage, UidRange

from contracts.errors import RefusedError
from contracts.letters import Post, Received
from contracts.records import Ref


def standing(box: BaseMailBox) -> str:
    """Return the cursor of now."""
    status = box.folder.status("INBOX", ["UIDVALIDITY", "UIDNEXT"])
    return f"{status['UIDVALIDITY']}:{status['UIDNEXT']}:{int(time.time())}"


def letters_since(box: BaseMailBox, since: str) -> Post:
    """Return what came after a cursor; the folder is opened for reading."""
    validity, following, at = [*since.split(":"), "1", "0"][:3]
    cursor = standing(box)
    now_validity = cursor.partition(":")[0]
    known = validity == now_validity
    day = (datetime.fromtimestamp(int(at), UTC) - timedelta(days=1)).date()
    criteria = AND(uid=UidRange(following, "*")) if known else AND(date_gte=day)
    found = box.fetch(criteria, mark_seen=False, headers_only=True, bulk=True)
    # `n:*` names the last letter also when its number is smaller than n
    letters = [one for one in found if one.uid and (not known or int(one.uid) >= int(following))]
    top = max((int(str(one.uid)) + 1 for one in letters), default=0)
    head, last, tail = cursor.split(":")
    return Post([_received(one, now_validity) for one in letters], f"{head}:{max(int(last), top)}:{tail}")


def uid_of(box: BaseMailBox, letter: str) -> str:
    """Open the inbox for writing and return a letter's number. Raises RefusedError when the numbers are others now."""
    _, validity, uid = letter.split(":")
    box.folder.set("INBOX")
    if str(box.folder.status("INBOX", ["UIDVALIDITY"])["UIDVALIDITY"]) != validity:
        raise RefusedError("mail: the mailbox was numbered anew", cause="mail.imap_gone")
    return uid


def _received(message: MailMessage, validity: str) -> Received:
    letter = line_of(message, "message-id")
    answered = f"{line_of(message, 'references')} {line_of(message, 'in-reply-to')}"
    return Received(
        ref=Ref(f"inbox:{validity}:{message.uid}", f"mid:{letter.strip('<>')}" if letter else ""),
        message_id=letter,
        references=list(dict.fromkeys(re.findall(r"<[^<>\s]+>", answered))),
        sender=message.from_values.full if message.from_values else "",
        subject=message.subject,
        labels=[flag for flag in message.flags if not flag.startswith("\\")],
        received_at=_dated(message),
    )


def line_of(message: MailMessage, name: str) -> str:
    """Return a header on one line; "" without one."""
    return " ".join(" ".join(map(str, message.obj.get_all(name, []))).split())


def _dated(message: MailMessage) -> datetime:
    """Return the date in the letter's header, never later than now; now, where there is none that can be read."""
    now = datetime.now(UTC)
    written = message.date if message.date_str else now
    written = written if written.tzinfo else written.replace(tzinfo=UTC)
    return min(written, now)
