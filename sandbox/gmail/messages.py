"""Gmail's calls about letters: send, look, search, label, throw away.

https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages
"""

import time
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.gmail.errors import invalid
from sandbox.gmail.labels import Labels
from sandbox.gmail.mailbox import ACCOUNT, MESSAGES, Mailbox
from sandbox.gmail.paging import flag, page_of
from sandbox.gmail.parsing import ADDRESS, addresses, header, parsed
from sandbox.gmail.search import message_id_in, test_of, wants_everything
from sandbox.gmail.shapes import FORMATS, LIST_SHAPE, MESSAGE_SHAPE, attachment, brief, labelled, message
from sandbox.gmail.uploads import letter_of
from sandbox.gmail.users import UPLOAD, USER
from sandbox.google.calls import answer, object_of, query_of
from sandbox.store import Record

Fields = dict[str, Any]
MOST_IDS = 1000


class Messages:
    """The calls about single letters, and about many of them."""

    def __init__(self, mailbox: Mailbox, labels: Labels) -> None:
        self.mailbox, self.labels = mailbox, labels

    def routes(self) -> list[Route]:
        """Return the routes, paths below Google's mount."""
        every, one = USER + "/messages", USER + "/messages/{message_id}"
        posts = {"send": self.send, "import": self.take_in, "batchModify": self.modify_many, "batchDelete": self.delete_many}
        changes = {"modify": self.modify, "trash": self.trash, "untrash": self.untrash}
        return [
            *(Route(f"{every}/{name}", act, methods=["POST"]) for name, act in posts.items()),
            Route(UPLOAD + "/messages/send", self.send, methods=["POST"]),
            Route(UPLOAD + "/messages/import", self.take_in, methods=["POST"]),
            Route(UPLOAD + "/messages", self.insert, methods=["POST"]),
            Route(every, self.listed, methods=["GET"]),
            Route(every, self.insert, methods=["POST"]),
            Route(one, self.shown, methods=["GET"]),
            Route(one, self.deleted, methods=["DELETE"]),
            *(Route(f"{one}/{name}", act, methods=["POST"]) for name, act in changes.items()),
            Route(one + "/attachments/{attachment_id}", self.attached, methods=["GET"]),
        ]

    async def send(self, request: Request) -> Response:
        """Send a letter: it is filed under SENT, and comes in, too, when it is to the account itself."""
        metadata, raw = letter_of(request)
        to = _recipients(parsed(raw))
        labels = ["SENT", *(["INBOX", "UNREAD"] if ACCOUNT in to else [])]
        record = self.mailbox.add(raw, labels, self._thread(metadata, raw))
        return answer(request, labelled(record), MESSAGE_SHAPE, "*")

    async def take_in(self, request: Request) -> Response:
        """Take a letter in as if it had come by SMTP: it finds its conversation."""
        metadata, raw = letter_of(request)
        labels = self.labels.known(metadata.get("labelIds")) or ["INBOX", "UNREAD"]
        thread = self._thread(metadata, raw) or self.mailbox.thread_for(raw)
        record = self.mailbox.add(raw, labels, thread, _dated(request, raw, "dateHeader"))
        return answer(request, labelled(record), MESSAGE_SHAPE, "*")

    async def insert(self, request: Request) -> Response:
        """Put a letter in as it is, as IMAP's APPEND does; or list, where the official client posts a long search."""
        if request.headers.get("x-http-method-override") == "GET":
            return await self.listed(request)
        metadata, raw = letter_of(request)
        labels = self.labels.known(metadata.get("labelIds"))
        record = self.mailbox.add(raw, labels, self._thread(metadata, raw), _dated(request, raw, "receivedTime"))
        return answer(request, labelled(record), MESSAGE_SHAPE, "*")

    async def shown(self, request: Request) -> Response:
        """Show a letter in one of the four formats."""
        record = self.mailbox.message(request.path_params["message_id"])
        form = form_of(request)
        wanted = query_of(request).getlist("metadataHeaders")
        return answer(request, message(record, form, wanted), MESSAGE_SHAPE, "*")

    async def listed(self, request: Request) -> Response:
        """List letters by search and labels, newest first."""
        found = self.found(request)
        page, following = page_of(found, query_of(request))
        listed: Fields = {"messages": [brief(record) for record in page]} if page else {}
        listed |= {"nextPageToken": following} if following else {}
        return answer(request, listed | {"resultSizeEstimate": len(found)}, LIST_SHAPE, "*")

    async def modify(self, request: Request) -> Response:
        """Put labels on a letter and take others off."""
        record = self.mailbox.message(request.path_params["message_id"])
        changed = self.mailbox.relabel(record, *self.change_of(object_of(request)))
        return answer(request, labelled(changed), MESSAGE_SHAPE, "*")

    async def modify_many(self, request: Request) -> Response:
        """Put labels on many letters; ids that name nothing are passed over."""
        body = object_of(request)
        change = self.change_of(body)
        for record in self._many(body):
            self.mailbox.relabel(record, *change)
        return Response(status_code=204)

    async def delete_many(self, request: Request) -> Response:
        """Delete many letters for good."""
        for record in self._many(object_of(request)):
            self.mailbox.delete(record)
        return Response(status_code=204)

    async def trash(self, request: Request) -> Response:
        """Throw a letter into the bin."""
        record = self.mailbox.message(request.path_params["message_id"])
        return answer(request, labelled(self.mailbox.relabel(record, ["TRASH"], ["INBOX"])), MESSAGE_SHAPE, "*")

    async def untrash(self, request: Request) -> Response:
        """Take a letter out of the bin."""
        record = self.mailbox.message(request.path_params["message_id"])
        return answer(request, labelled(self.mailbox.relabel(record, [], ["TRASH"])), MESSAGE_SHAPE, "*")

    async def deleted(self, request: Request) -> Response:
        """Delete a letter for good."""
        self.mailbox.delete(self.mailbox.message(request.path_params["message_id"]))
        return Response(status_code=204)

    async def attached(self, request: Request) -> Response:
        """Show an attached file."""
        found = attachment(self.mailbox.message(request.path_params["message_id"]), request.path_params["attachment_id"])
        if found is None:
            raise invalid("Invalid attachment token")
        return answer(request, found, {"size": {}, "data": {}, "attachmentId": {}}, "*")

    def found(self, request: Request) -> list[Record]:
        """Return the letters that a call's `q` and `labelIds` name; spam and bin only when they are asked for."""
        query = query_of(request)
        q, wanted = query.get("q", ""), set(self.labels.known(query.getlist("labelIds")))
        only = message_id_in(q)
        records = self.mailbox.by_message_id(only) if only else self.mailbox.store.all(MESSAGES)
        test = test_of("" if only else q, self.labels.names())
        hidden: set[str] = set()
        if not (flag(query, "includeSpamTrash") or wants_everything(q)):
            hidden = {"SPAM", "TRASH"} - wanted
        return [
            record
            for record in records
            if wanted <= (has := set(record.object["labelIds"])) and not has & hidden and test(record.object)
        ]

    def change_of(self, body: Fields) -> tuple[list[str], list[str]]:
        """Return the labels that a body adds and removes. Raises Gmail's 400."""
        add, remove = self.labels.known(body.get("addLabelIds")), self.labels.known(body.get("removeLabelIds"))
        if not add and not remove:
            raise invalid("No label add or removes specified")
        if set(add) & set(remove):
            raise invalid("Cannot both add and remove the same label")
        if {"SENT", "DRAFT"} & {*add, *remove}:
            raise invalid(f"Invalid label: {next(iter({'SENT', 'DRAFT'} & {*add, *remove}))}")
        return add, remove

    def _many(self, body: Fields) -> list[Record]:
        ids = body.get("ids")
        if not isinstance(ids, list) or not ids or len(ids) > MOST_IDS:
            raise invalid("No message ids specified" if not ids else "Too many message ids specified")
        return [record for one in ids if (record := self.mailbox.store.get(MESSAGES, str(one)))]

    def _thread(self, metadata: Fields, raw: bytes) -> str | None:
        """Return the conversation that a caller named, if there is one and the letter answers it under its subject."""
        wanted = metadata.get("threadId")
        if not wanted:
            return None
        self.mailbox.thread(str(wanted))
        return self.mailbox.thread_for(raw, str(wanted))


def form_of(request: Request) -> str:
    """Return the format that a call asks for. Raises Gmail's 400."""
    form = (query_of(request).get("format") or "full").lower()
    if form not in FORMATS:
        raise invalid(f"Invalid value at 'format' (type.googleapis.com/google.apps.gmail.v1.MessageFormat), \"{form}\"")
    return form


def _recipients(letter: EmailMessage) -> list[str]:
    for name in ("To", "Cc", "Bcc"):
        found = addresses(letter, name)
        if any(not ADDRESS.fullmatch(one) for one in found) or (header(letter, name) and not found):
            raise invalid(f"Invalid {name} header")
    everybody = addresses(letter, "To", "Cc", "Bcc")
    if not everybody:
        raise invalid("Recipient address required")
    return [one.lower() for one in everybody]


def _dated(request: Request, raw: bytes, default: str) -> float:
    """Return when a letter counts as received: now, or as its Date header says."""
    if request.query_params.get("internalDateSource", default) != "dateHeader":
        return time.time()
    try:
        return parsedate_to_datetime(header(parsed(raw), "Date")).timestamp()
    except (ValueError, TypeError):
        return time.time()
