"""What people do with a mailbox: somebody writes to it, somebody sorts what lies in it."""

from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any

from sandbox.gmail.errors import invalid
from sandbox.gmail.labels import Labels
from sandbox.gmail.mailbox import ACCOUNT, LABELS, MESSAGES, Mailbox
from sandbox.gmail.parsing import ADDRESS, addresses
from sandbox.store import Record

Fields = dict[str, Any]
_WRITTEN = {"from", "to", "subject", "text", "html", "in_reply_to", "labels", "message_id"}


class People:
    """People at work; labels are called by their names, as people see them."""

    def __init__(self, mailbox: Mailbox, labels: Labels) -> None:
        self.mailbox, self.labels = mailbox, labels

    def write(self, properties: Fields) -> Record:
        """Let somebody write to the account; `in_reply_to` is the id or the Message-ID of the letter that is answered."""
        unknown = set(properties) - _WRITTEN
        if unknown:
            raise invalid(f"Unknown properties: {', '.join(sorted(unknown))}")
        raw = self._letter(properties).as_bytes()
        return self.mailbox.add(raw, ["INBOX", "UNREAD", *self._ids(properties.get("labels"))], self.mailbox.thread_for(raw))

    def sort(self, message_id: str, properties: Fields) -> Record:
        """Give a letter just these labels of people's own, mark it as read, or throw it away."""
        record = self.mailbox.message(message_id)
        if set(properties) - {"labels", "read", "trashed"}:
            raise invalid("A person can change labels, read and trashed")
        if "labels" in properties:
            wanted = set(self._ids(properties["labels"]))
            own = {label.id for label in self.mailbox.store.all(LABELS)}
            record = self.mailbox.relabel(record, wanted, own - wanted)
        for name, label, puts_on in (("read", "UNREAD", False), ("trashed", "TRASH", True)):
            if name in properties:
                on = bool(properties[name]) is puts_on
                record = self.mailbox.relabel(record, [label] if on else [], [] if on else [label])
        return record

    def _letter(self, properties: Fields) -> EmailMessage:
        letter = EmailMessage()
        try:
            letter["From"] = str(properties.get("from") or "somebody@client.example")
            letter["To"] = str(properties.get("to") or ACCOUNT)
            letter["Subject"] = str(properties.get("subject") or "")
            letter["Message-ID"] = str(properties.get("message_id") or make_msgid(domain="mail.client.example"))
        except ValueError as wrong:
            raise invalid(f"Invalid header: {wrong}") from None
        if not all(ADDRESS.fullmatch(one) for one in addresses(letter, "From", "To")):
            raise invalid("Invalid From or To header")
        if answered := self._answered(properties.get("in_reply_to")):
            letter["In-Reply-To"] = letter["References"] = answered
        letter.set_content(str(properties.get("text") or ""))
        if properties.get("html"):
            letter.add_alternative(str(properties["html"]), subtype="html")
        return letter

    def _answered(self, name: Any) -> str | None:
        if not name:
            return None
        known = self.mailbox.store.get(MESSAGES, str(name))
        return known.object["messageId"] if known else f"<{str(name).strip().strip('<>')}>"

    def _ids(self, names: Any) -> list[str]:
        """Return the labels' ids; labels that are not there yet are made."""
        if not isinstance(names or [], list):
            raise invalid("labels must be a list of names")
        known = self.labels.names()
        return [known.get(str(name).lower()) or self.labels.make({"name": str(name)}).id for name in names or []]
