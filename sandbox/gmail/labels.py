"""Gmail's labels: those of the system, and those that people and programs make.

https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.labels
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.gmail.errors import invalid, not_found
from sandbox.gmail.mailbox import LABELS, MESSAGES, SYSTEM_LABELS, Mailbox
from sandbox.gmail.users import USER
from sandbox.google.calls import answer, object_of
from sandbox.google.errors import refuse
from sandbox.store import Record

Fields = dict[str, Any]
LABEL_SHAPE: Fields = {
    **{key: {} for key in ("id", "name", "type", "messageListVisibility", "labelListVisibility")},
    **{key: {} for key in ("messagesTotal", "messagesUnread", "threadsTotal", "threadsUnread")},
    "color": None,
}
_CHOICES = {
    "messageListVisibility": ("show", "hide"),
    "labelListVisibility": ("labelShow", "labelShowIfUnread", "labelHide"),
}
LONGEST_NAME = 225


class Labels:
    """The labels' calls, and what other calls need to know of labels."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox, self.store = mailbox, mailbox.store

    def routes(self) -> list[Route]:
        """Return the routes, paths below Google's mount."""
        one, every = USER + "/labels/{label_id}", USER + "/labels"
        return [
            Route(every, self.listed, methods=["GET"]),
            Route(every, self.created, methods=["POST"]),
            Route(one, self.shown, methods=["GET"]),
            Route(one, self.changed, methods=["PUT", "PATCH"]),
            Route(one, self.deleted, methods=["DELETE"]),
        ]

    def names(self) -> dict[str, str]:
        """Return the ids of people's labels by their names in lower case."""
        return {record.object["name"].lower(): record.id for record in self.store.all(LABELS)}

    def known(self, value: Any) -> list[str]:
        """Return a list of label ids that all exist. Raises Gmail's 400."""
        ids = value or []
        if not isinstance(ids, list):
            raise invalid("Invalid label list")
        for one in ids:
            if one not in SYSTEM_LABELS and (not isinstance(one, str) or self.store.get(LABELS, one) is None):
                raise invalid(f"Invalid label: {one}")
        return ids

    def make(self, body: Fields) -> Record:
        """Make a label. Raises Gmail's 400 or 409."""
        fields = self._checked(body, None)
        return self.store.put(LABELS, f"Label_{self.store.new_id()}", fields)

    async def listed(self, request: Request) -> Response:
        """List all labels, without their counts."""
        made = [_plain(record) for record in self.store.all(LABELS)]
        labels = [*(_system(name) for name in SYSTEM_LABELS), *made]
        return answer(request, {"labels": labels}, {"labels": LABEL_SHAPE}, "*")

    async def created(self, request: Request) -> Response:
        """Make a label."""
        return answer(request, _plain(self.make(object_of(request))), LABEL_SHAPE, "*")

    async def shown(self, request: Request) -> Response:
        """Show a label with how many letters and conversations have it."""
        label_id = request.path_params["label_id"]
        label = _system(label_id) if label_id in SYSTEM_LABELS else _plain(self._own(label_id))
        return answer(request, label | self._counts(label_id), LABEL_SHAPE, "*")

    async def changed(self, request: Request) -> Response:
        """Change a label, whole (PUT) or in part (PATCH)."""
        record = self._own(request.path_params["label_id"])
        body = object_of(request)
        fields = self._checked(record.object | body if request.method == "PATCH" else body, record.id)
        return answer(request, _plain(self.store.put(LABELS, record.id, fields)), LABEL_SHAPE, "*")

    async def deleted(self, request: Request) -> Response:
        """Delete a label and take it off every letter."""
        record = self._own(request.path_params["label_id"])
        for letter in self.store.all(MESSAGES):
            self.mailbox.relabel(letter, remove=[record.id])
        self.store.delete(LABELS, record.id)
        return Response(status_code=204)

    def _own(self, label_id: str) -> Record:
        if label_id in SYSTEM_LABELS:
            raise invalid("Invalid label: system labels cannot be changed")
        record = self.store.get(LABELS, label_id)
        if record is None:
            raise not_found()
        return record

    def _checked(self, body: Fields, label_id: str | None) -> Fields:
        name = body.get("name")
        if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME:
            raise invalid("Invalid label name")
        other = self.names().get(name.lower())
        if (other and other != label_id) or name.upper() in SYSTEM_LABELS:
            raise refuse(409, "Label name exists or conflicts", reason="aborted", grpc="ABORTED")
        for field, choices in _CHOICES.items():
            if body.get(field) is not None and body[field] not in choices:
                raise invalid(f"Invalid value at 'label.{field}'")
        kept = ("name", "color", *_CHOICES)
        return {field: body[field] for field in kept if body.get(field) is not None}

    def _counts(self, label_id: str) -> Fields:
        letters = [r.object for r in self.store.all(MESSAGES) if label_id in r.object["labelIds"]]
        unread = [one for one in letters if "UNREAD" in one["labelIds"]]
        return {
            "messagesTotal": len(letters),
            "messagesUnread": len(unread),
            "threadsTotal": len({one["threadId"] for one in letters}),
            "threadsUnread": len({one["threadId"] for one in unread}),
        }


def _plain(record: Record) -> Fields:
    return {"id": record.id, **record.object, "type": "user"}


def _system(name: str) -> Fields:
    return {"id": name, "name": name, "type": "system"}
