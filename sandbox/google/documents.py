"""The HTTP face of Docs v1: create, get, batchUpdate; the work is done by `edits` on the documents in `Drive`.

https://developers.google.com/workspace/docs/api/reference/rest/v1/documents
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.google.calls import answer, object_of
from sandbox.google.document import BadEdit, Document
from sandbox.google.drive import Drive
from sandbox.google.edits import ONLY_TAB, edited
from sandbox.google.errors import refuse
from sandbox.google.resource import DOCUMENT, is_locked
from sandbox.google.shown import resource, revision_id
from sandbox.system import Answer

Resource = dict[str, Any]

_SHAPE = dict.fromkeys(
    ("body", "commentsViewMode", "documentId", "documentStyle", "footers", "footnotes", "headers", "inlineObjects", "lists",
     "namedRanges", "namedStyles", "positionedObjects", "revisionId", "suggestionsViewMode", "tabs", "title", "comments",
     "suggestedDocumentStyleChanges", "suggestedNamedStylesChanges", "suggestions")
)  # fmt: skip
_UPDATE_SHAPE = dict.fromkeys(("documentId", "replies", "writeControl", "commentUpdateState", "suggestionResponses"))


class Documents:
    """The Docs calls."""

    def __init__(self, drive: Drive) -> None:
        self.drive = drive

    def routes(self) -> list[Route]:
        """Return the routes, paths below Google's mount."""
        return [
            Route("/v1/documents", self.create, methods=["POST"]),
            Route("/v1/documents/{document_id}:batchUpdate", self.batch_update, methods=["POST"]),
            Route("/v1/documents/{document_id}", self.get, methods=["GET"]),
        ]

    async def create(self, request: Request) -> Response:
        """Make an empty document in the root folder; of the body only the title counts."""
        title = object_of(request).get("title") or "Untitled document"
        if not isinstance(title, str):
            raise refuse(400, "Invalid value at 'document.title' (TYPE_STRING)", reason="invalid")
        file = self.drive.create({"name": title, "mimeType": DOCUMENT})
        return answer(request, resource(file["id"], title, Document()), _SHAPE, "*")

    async def get(self, request: Request) -> Response:
        """Show a document; with includeTabsContent in its only tab."""
        file, document = self._document(request)
        value = resource(file["id"], file["name"], document)
        if request.query_params.get("includeTabsContent") == "true":
            value = _in_tabs(value)
        return answer(request, value, _SHAPE, "*")

    async def batch_update(self, request: Request) -> Response:
        """Carry out all requests, or none; a revision that somebody else has changed since is refused."""
        file, document = self._document(request)
        if is_locked(file):
            raise refuse(403)
        asked = object_of(request)
        self._check_revision(asked.get("writeControl") or {}, file["id"], document)
        requests = asked.get("requests") or []
        if not isinstance(requests, list):
            raise refuse(400, "Invalid value at 'requests'", reason="invalid")
        try:
            after, replies = edited(document, requests)
        except BadEdit as error:
            raise refuse(400, str(error), reason="invalid") from None
        if requests:
            self.drive.rewrite(file["id"], after)
        control = {"requiredRevisionId": revision_id(file["id"], after if requests else document)}
        value = {"documentId": file["id"], "replies": replies, "writeControl": control}
        return answer(request, value, _UPDATE_SHAPE, "*")

    def _document(self, request: Request) -> tuple[Resource, Document]:
        document_id = request.path_params["document_id"]
        try:
            file = self.drive.file(document_id)
        except Answer:
            raise refuse(404) from None
        document = self.drive.document(document_id)
        if document is None:
            raise refuse(400, "This operation is not supported for this document", grpc="FAILED_PRECONDITION")
        return file, document

    def _check_revision(self, control: Resource, document_id: str, document: Document) -> None:
        """Refuse a stale requiredRevisionId; a targetRevisionId is taken as it is, since edits here never overlap."""
        required = control.get("requiredRevisionId")
        if required and required != revision_id(document_id, document):
            message = f"The required revision ID '{required}' does not match the latest revision."
            raise refuse(400, message, reason="failedPrecondition", grpc="FAILED_PRECONDITION")


def _in_tabs(value: Resource) -> Resource:
    inside = {"body", "documentStyle", "namedStyles", "namedRanges", "lists"}
    tab = {
        "tabProperties": {"tabId": ONLY_TAB, "title": "Tab 1", "index": 0},
        "documentTab": {name: value[name] for name in value if name in inside},
    }
    return {name: value[name] for name in value if name not in inside} | {"tabs": [tab]}
