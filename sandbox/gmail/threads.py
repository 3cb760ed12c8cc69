"""Gmail's calls about conversations.

https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.threads
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.gmail.mailbox import Mailbox
from sandbox.gmail.messages import Messages, form_of
from sandbox.gmail.paging import page_of
from sandbox.gmail.shapes import MESSAGE_SHAPE, labelled, message
from sandbox.gmail.users import USER
from sandbox.google.calls import answer, object_of, query_of
from sandbox.store import Record

Fields = dict[str, Any]
THREAD_SHAPE: Fields = {"id": {}, "historyId": {}, "snippet": {}, "messages": MESSAGE_SHAPE}
LIST_SHAPE: Fields = {"threads": THREAD_SHAPE, "nextPageToken": {}, "resultSizeEstimate": {}}


class Threads:
    """The calls about whole conversations."""

    def __init__(self, mailbox: Mailbox, messages: Messages) -> None:
        self.mailbox, self.messages = mailbox, messages

    def routes(self) -> list[Route]:
        """Return the routes, paths below Google's mount."""
        every, one = USER + "/threads", USER + "/threads/{thread_id}"
        return [
            Route(every, self.listed, methods=["GET"]),
            Route(one, self.shown, methods=["GET"]),
            Route(one, self.deleted, methods=["DELETE"]),
            Route(one + "/modify", self.modify, methods=["POST"]),
            Route(one + "/trash", self.trash, methods=["POST"]),
            Route(one + "/untrash", self.untrash, methods=["POST"]),
        ]

    async def listed(self, request: Request) -> Response:
        """List the conversations that have a letter which search and labels name, newest first."""
        newest: dict[str, Record] = {}
        for record in sorted(self.messages.found(request), key=lambda one: (one.object["internalDate"], one.id)):
            newest[record.object["threadId"]] = record
        page, following = page_of(list(newest.values()), query_of(request))
        threads = [
            {"id": one.object["threadId"], "snippet": one.object["snippet"], "historyId": one.object["historyId"]} for one in page
        ]
        listed: Fields = {"threads": threads} if threads else {}
        listed |= {"nextPageToken": following} if following else {}
        return answer(request, listed | {"resultSizeEstimate": len(newest)}, LIST_SHAPE, "*")

    async def shown(self, request: Request) -> Response:
        """Show a conversation with its letters, oldest first."""
        letters = self._thread(request)
        form, wanted = form_of(request), query_of(request).getlist("metadataHeaders")
        shown = {
            "id": request.path_params["thread_id"],
            "historyId": max((one.object["historyId"] for one in letters), key=int),
            "messages": [message(one, form, wanted) for one in letters],
        }
        return answer(request, shown, THREAD_SHAPE, "*")

    async def modify(self, request: Request) -> Response:
        """Put labels on all letters of a conversation and take others off."""
        letters = self._thread(request)
        return self._changed(request, letters, *self.messages.change_of(object_of(request)))

    async def trash(self, request: Request) -> Response:
        """Throw a conversation into the bin."""
        return self._changed(request, self._thread(request), ["TRASH"], ["INBOX"])

    async def untrash(self, request: Request) -> Response:
        """Take a conversation out of the bin."""
        return self._changed(request, self._thread(request), [], ["TRASH"])

    async def deleted(self, request: Request) -> Response:
        """Delete a conversation for good."""
        for record in self._thread(request):
            self.mailbox.delete(record)
        return Response(status_code=204)

    def _thread(self, request: Request) -> list[Record]:
        return self.mailbox.thread(request.path_params["thread_id"])

    def _changed(self, request: Request, letters: list[Record], add: list[str], remove: list[str]) -> Response:
        changed = [labelled(self.mailbox.relabel(one, add, remove)) for one in letters]
        return answer(request, {"id": request.path_params["thread_id"], "messages": changed}, THREAD_SHAPE, "*")
