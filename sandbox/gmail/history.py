"""What changed in the mailbox since an id.

https://developers.google.com/workspace/gmail/api/guides/sync
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.gmail.errors import invalid
from sandbox.gmail.mailbox import Mailbox
from sandbox.gmail.paging import number
from sandbox.gmail.users import USER
from sandbox.google.calls import answer, query_of
from sandbox.store import Record

Fields = dict[str, Any]
TYPES = {
    "messageAdded": "messagesAdded",
    "messageDeleted": "messagesDeleted",
    "labelAdded": "labelsAdded",
    "labelRemoved": "labelsRemoved",
}
SHAPE: Fields = {"history": None, "nextPageToken": {}, "historyId": {}}


class History:
    """The one call about history; a page token is the id after which the next page begins."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    def routes(self) -> list[Route]:
        """Return the route, path below Google's mount."""
        return [Route(USER + "/history", self.listed, methods=["GET"])]

    async def listed(self, request: Request) -> Response:
        """List changes after `startHistoryId`, oldest first."""
        query = query_of(request)
        start, size = _start(query.get("startHistoryId")), number(query, "maxResults", 100, 500)
        self.mailbox.changes(start)  # a start that is too old is refused, also on a later page
        found = self.mailbox.changes(max(start, _start(query.get("pageToken") or str(start))))
        wanted = _wanted(query.getlist("historyTypes"))
        label = query.get("labelId")
        kept = [
            one for one in found if one.object["what"] in wanted and (not label or label in one.object["message"]["labelIds"])
        ]
        page = kept[:size]
        listed: Fields = {"history": [_shown(one) for one in page]} if page else {}
        listed |= {"nextPageToken": page[-1].id} if len(kept) > size else {}
        return answer(request, listed | {"historyId": str(self.mailbox.history_id)}, SHAPE, "*")


def _start(text: str | None) -> int:
    if not text or not text.isdecimal() or not text.isascii():
        raise invalid("Missing or invalid startHistoryId or pageToken")
    return int(text)


def _wanted(types: list[str]) -> set[str]:
    unknown = [one for one in types if one not in TYPES]
    if unknown:
        raise invalid(f"Invalid value at 'history_types', \"{unknown[0]}\"")
    return {TYPES[one] for one in types} or set(TYPES.values())


def _shown(record: Record) -> Fields:
    what, message, labels = (record.object[name] for name in ("what", "message", "labelIds"))
    change = {"message": message} | ({"labelIds": labels} if labels else {})
    return {"id": record.id, "messages": [{"id": message["id"], "threadId": message["threadId"]}], what: [change]}
