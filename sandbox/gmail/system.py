"""Gmail as one system of the sandbox: routes, errors, quota, and how its letters look from outside.

The official API keeps its own paths below /google, so a client is pointed here by rewriting `rootUrl` to http://HOST:PORT/google/.
There is one account, deals@towline.example, and every token is its own. Letters go nowhere: they stay in its mailbox.
"""

from math import ceil
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.gmail.errors import unauthorized
from sandbox.gmail.history import History
from sandbox.gmail.labels import Labels
from sandbox.gmail.mailbox import ACCOUNT, LABELS, MESSAGES, Mailbox
from sandbox.gmail.messages import Messages
from sandbox.gmail.people import People
from sandbox.gmail.quota import Quota, units
from sandbox.gmail.shapes import message
from sandbox.gmail.threads import Threads
from sandbox.gmail.uploads import key_in
from sandbox.gmail.users import Users, own
from sandbox.google.batch import answer_batch
from sandbox.google.errors import error
from sandbox.oauth import Trouble
from sandbox.settings import Settings
from sandbox.store import Record
from sandbox.system import Answer, Call, Card, Json, System


class Gmail(System):
    """One account's mailbox."""

    name = "mail"
    vendor = "Gmail"
    mount = "/google"
    parts = ("/gmail/", "/upload/gmail/", "/batch/gmail")
    kinds = (MESSAGES,)
    open_paths = ("/batch/",)  # a batch is let in as it is: its parts carry their own tokens
    expires_in = 3599

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.mailbox = Mailbox(self.store)
        self.labels = Labels(self.mailbox)
        self._people = People(self.mailbox, self.labels)
        self._quota = Quota()

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the API and of batches."""
        messages = Messages(self.mailbox, self.labels)
        parts = (messages, Threads(self.mailbox, messages), self.labels, History(self.mailbox), Users(self.mailbox))
        batches = [Route(path, self._batch, methods=["POST"]) for path in ("/batch/gmail/v1", "/batch/gmail")]
        return [*batches, *(route for part in parts for route in part.routes())]

    def seed(self) -> None:
        """Begin the mailbox's history."""
        self.mailbox.begin()

    def failure(self, call: Call, status: int, message: str | None = None) -> Response:
        """Return an error in Google's shape."""
        return error(status, message)

    def unauthorized(self, call: Call, trouble: Trouble) -> Response:
        """Return Google's 401 with its challenge."""
        return unauthorized(trouble)

    def refused(self, call: Call) -> Response | None:
        """Return Google's 401 for a bad token, and 403 for somebody else's mailbox."""
        if call.path.startswith("/batch/") or ((answer := super().refused(call)) is None and own(call.path)):
            return None
        return answer or error(403, f"Delegation denied for {ACCOUNT}")

    def limit(self, call: Call) -> Response | None:
        """Return Google's 403 when the account's units are used up; the envelope of a batch costs nothing."""
        if self.settings.limits != "all":
            return None
        wait = 0.0 if call.path.startswith("/batch/") else self._quota.take(units(call.method, call.path))
        if not wait:
            return None
        response = error(403, "User Rate Limit Exceeded", reason="userRateLimitExceeded")
        response.headers["Retry-After"] = str(ceil(wait))
        return response

    def keys_of(self, call: Call) -> list[str]:
        """Return the key in a letter's Message-ID."""
        return key_in(call) if call.method == "POST" else []

    def shown(self, kind: str, record: Record) -> dict[str, Any]:
        """Return a letter in full, as Gmail shows it."""
        return message(record)

    def card(self, kind: str, record: Record) -> Card:
        """Return a letter's subject, and who it is to or from."""
        stored = record.object
        sent = "SENT" in stored["labelIds"]
        known = {label.id: label.object["name"] for label in self.store.all(LABELS)}
        facts = [f"to {stored['to']}" if sent else f"from {stored['from']}"]
        facts += [known[one] for one in stored["labelIds"] if one in known]
        facts += [f"{len(stored['files'])} attached"] if stored["files"] else []
        facts += ["in the bin"] if "TRASH" in stored["labelIds"] else []
        return Card(stored["subject"] or "(no subject)", facts)

    async def person_creates(self, kind: str, properties: dict[str, Any], associations: list[Any]) -> dict[str, Any]:
        """Let somebody write to the account."""
        self._only_letters(kind)
        return message(self._people.write(properties))

    async def person_changes(self, kind: str, record_id: str, properties: dict[str, Any]) -> dict[str, Any]:
        """Let somebody sort a letter."""
        self._only_letters(kind)
        return message(self._people.sort(record_id, properties))

    async def reset(self) -> None:
        """Forget all letters, and what was counted against the quota."""
        self._quota.clear()
        await super().reset()

    def _only_letters(self, kind: str) -> None:
        if kind != MESSAGES:
            raise Answer(Json({"error": f"kind must be {MESSAGES}"}, 400))

    async def _batch(self, request: Request) -> Response:
        return await answer_batch(request, self.mount, self.ask)
