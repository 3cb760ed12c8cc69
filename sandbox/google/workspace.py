"""Google Drive and Docs as one system of the sandbox: routes, errors, quotas, and how its objects look from outside.

Both official APIs keep their own paths below /google, so a client is pointed here by rewriting `rootUrl` to http://HOST:PORT/google/
and `baseUrl` to that plus `servicePath`: /google/drive/v3, /google/upload/drive/v3, /google/batch/drive/v3, /google/v1/documents.
Gmail's paths (/google/gmail, /google/upload/gmail, /google/batch/gmail) belong to a system of their own, `sandbox.gmail`.

Quotas as published for a project, whose only user the account is: Drive 12,000 queries a minute, Docs 3,000 reads and 600
writes a minute. They refill evenly, so a batch that has used up its minute goes on at 10 documents a second.
"""

import re
from math import ceil
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.bucket import Bucket
from sandbox.google.batch import answer_batch
from sandbox.google.documents import Documents
from sandbox.google.drive import CONTENTS, KINDS, Drive
from sandbox.google.edits import edited
from sandbox.google.errors import error, refuse
from sandbox.google.files import Files
from sandbox.google.outline import readable
from sandbox.google.resource import KEY, PERSON, is_locked
from sandbox.google.sharing import Sharing
from sandbox.google.tokens import answer_token
from sandbox.google.uploads import Uploads
from sandbox.oauth import Trouble
from sandbox.settings import Settings
from sandbox.store import Record
from sandbox.system import Answer, Call, Card, Json, System

_MINUTE = 60
_KEY = re.compile(rb'"appProperties"\s*:\s*\{[^}]*"' + KEY.encode() + rb'"\s*:\s*("(?:[^"\\\x00-\x1f]|\\["\\/bfnrt])*")')


class Workspace(System):
    """Drive and Docs."""

    name = "docs"
    vendor = "Google Drive & Docs"
    mount = "/google"
    parts = ("/drive/", "/upload/drive/", "/batch/drive/", "/v1/documents", "/token")
    kinds = KINDS
    open_paths = ("/token", "/batch/")  # a batch is let in as it is: its parts carry their own tokens
    expires_in = 3599

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.drive = Drive(self.store)
        self._quotas = {
            name: Bucket(calls / _MINUTE, calls)
            for name, calls in (("Drive queries", 12_000), ("Docs read requests", 3_000), ("Docs write requests", 600))
        }

    def routes(self) -> list[BaseRoute]:
        """Return the routes of both APIs, of batches and of OAuth."""
        own = [Route("/batch/drive/v3", self._batch, methods=["POST"]), Route("/token", self._token, methods=["POST"])]
        parts = (Files(self.drive), Sharing(self.drive), Uploads(self.drive, self.mount), Documents(self.drive))
        return [*own, *(route for part in parts for route in part.routes())]

    def seed(self) -> None:
        """Put nothing: a new account has but its root folder, which is not stored."""

    def failure(self, call: Call, status: int, message: str | None = None) -> Response:
        """Return an error in Google's shape."""
        return error(status, message)

    def unauthorized(self, call: Call, trouble: Trouble) -> Response:
        """Return Google's 401 with its challenge."""
        missing = trouble == "missing"
        message = (
            "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid "
            "authentication credential."
            if missing
            else "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
            "authentication credential."
        )
        response = error(
            401, message, reason="required" if missing else "authError", location="Authorization", locationType="header"
        )
        response.headers["WWW-Authenticate"] = 'Bearer realm="https://accounts.google.com/"' + (
            "" if missing else ', error="invalid_token"'
        )
        return response

    def limit(self, call: Call) -> Response | None:
        """Return Google's 429 when a quota of the project is used up; OAuth and the envelope of a batch count for nothing."""
        if call.path.startswith(self.open_paths):
            return None
        name = "Drive queries"
        if call.path.startswith("/v1/"):
            name = "Docs read requests" if call.method == "GET" else "Docs write requests"
        wait = self._quotas[name].take()
        if not wait:
            return None
        api = "docs" if name.startswith("Docs") else "drive"
        response = error(
            429, f"Quota exceeded for quota metric '{name}' and limit '{name} per minute' of service '{api}.googleapis.com'."
        )
        response.headers["Retry-After"] = str(ceil(wait))
        return response

    def keys_of(self, call: Call) -> list[str]:
        """Return the key in a file's appProperties, also in the metadata of a multipart upload."""
        found = _KEY.search(call.body) if call.method in {"POST", "PATCH"} else None
        return [orjson.loads(found[1])] if found else []

    def shown(self, kind: str, record: Record) -> dict[str, Any]:
        """Return a file as Drive shows it; a document has its plain text under contentHints.indexableText besides."""
        file = self.drive.shown(record.object)
        content = self.store.get(CONTENTS, record.id) if kind == "documents" else None
        return file | {"contentHints": {"indexableText": readable(content.object["text"])}} if content else file

    def card(self, kind: str, record: Record) -> Card:
        """Return a file's name, where it is, and what a person should notice."""
        file = record.object
        above = [self.drive.record(parent).object["name"] for parent in file["parents"]]
        facts = [f"in {name}" for name in above]
        facts += ["locked"] if file.get("contentRestrictions") else []
        facts += ["in the trash"] if self.drive.is_trashed(file) else []
        if kind == "files":
            facts.append(f"{file.get('size', '0')} bytes of {file['mimeType']}")
        return Card(file["name"], facts)

    async def person_changes(self, kind: str, record_id: str, properties: dict[str, Any]) -> dict[str, Any]:
        """Let somebody write a paragraph (`text`) into a shared document, take one out (`without`), or lift a lock (`unlock`)."""
        if kind == "documents" and properties == {"unlock": True}:
            return self.drive.update(record_id, {"contentRestrictions": [{"readOnly": False}]})
        document = self.drive.document(record_id)
        if kind != "documents" or document is None or set(properties) not in ({"text"}, {"without"}):
            raise Answer(Json({"error": "people change the text of documents here"}, 400))
        if is_locked(self.drive.file(record_id)):
            raise refuse(403)
        if "text" in properties:
            change = {"insertText": {"endOfSegmentLocation": {}, "text": f"\n{properties['text']}"}}
        else:
            change = {"replaceAllText": {"containsText": {"text": f"\n{properties['without']}"}, "replaceText": ""}}
        written, _ = edited(document, [change])
        return self.drive.rewrite(record_id, written, PERSON)

    async def reset(self) -> None:
        """Forget all files, and what was counted against the quotas."""
        for quota in self._quotas.values():
            quota.clear()
        await super().reset()

    async def _batch(self, request: Request) -> Response:
        return await answer_batch(request, self.mount, self.ask)

    async def _token(self, request: Request) -> Response:
        return answer_token(request, self.expires_in)
