"""The HTTP face of Drive v3's files, permissions and about; the work is done by `Drive`.

https://developers.google.com/workspace/drive/api/reference/rest/v3
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.google.calls import answer, body_of, mask_of, query_of
from sandbox.google.document import Document
from sandbox.google.drive import Drive
from sandbox.google.errors import invalid_parameter, refuse
from sandbox.google.fields import select
from sandbox.google.markup import exported
from sandbox.google.resource import DEFAULT_FIELDS, FILE_SHAPE, FOLDER, USER, new_id, writable
from sandbox.google.search import listed, number_in
from sandbox.system import Json

_LIST_SHAPE = {"kind": None, "nextPageToken": None, "incompleteSearch": None, "files": FILE_SHAPE}
_LIST_DEFAULT = f"kind,nextPageToken,incompleteSearch,files({DEFAULT_FIELDS})"
_ABOUT_SHAPE = dict.fromkeys(
    ("kind", "user", "storageQuota", "importFormats", "exportFormats", "maxUploadSize", "maxImportSizes", "canCreateDrives",
     "appInstalled", "folderColorPalette", "driveThemes", "canCreateTeamDrives", "teamDriveThemes")
)  # fmt: skip
MOST_EXPORTS = 200


class Files:
    """Drive's metadata calls."""

    def __init__(self, drive: Drive) -> None:
        self.drive = drive
        self._exports: dict[tuple[str, int, str, str], bytes] = {}

    def routes(self) -> list[Route]:
        """Return the routes, paths below Google's mount."""
        table: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
            ("GET", "/about", self.about),
            ("GET", "/files", self.list_files),
            ("POST", "/files", self.create),
            ("GET", "/files/generateIds", self.generate_ids),
            ("DELETE", "/files/trash", self.empty_trash),
            ("GET", "/files/{file_id}", self.get),
            ("PATCH", "/files/{file_id}", self.update),
            ("DELETE", "/files/{file_id}", self.delete),
            ("POST", "/files/{file_id}/copy", self.copy),
            ("GET", "/files/{file_id}/export", self.export),
        ]
        return [Route(f"/drive/v3{path}", endpoint, methods=[method]) for method, path, endpoint in table]

    async def about(self, request: Request) -> Response:
        """Say whose account this is; this one call has no default fields."""
        if not request.query_params.get("fields"):
            raise invalid_parameter("fields", "The 'fields' parameter is required for this method.", reason="required")
        to = ["text/plain", "text/html", "application/pdf"]
        value = {
            "kind": "drive#about",
            "user": USER,
            "storageQuota": {"limit": "16106127360", "usage": "0", "usageInDrive": "0", "usageInDriveTrash": "0"},
            "importFormats": {kind: ["application/vnd.google-apps.document"] for kind in to[:2]},
            "exportFormats": {"application/vnd.google-apps.document": to},
            "maxUploadSize": "5242880000000",
            "canCreateDrives": False,
            "appInstalled": True,
        }
        return answer(request, value, _ABOUT_SHAPE, "*")

    async def list_files(self, request: Request) -> Response:
        """Search."""
        mask = mask_of(request, _LIST_SHAPE, _LIST_DEFAULT)
        return Json(select(listed(self.drive, query_of(request)), mask))

    async def create(self, request: Request) -> Response:
        """Make a folder, or a document or file without content."""
        if request.headers.get("x-http-method-override") == "GET":
            return await self.list_files(request)
        mask = mask_of(request, FILE_SHAPE, DEFAULT_FIELDS)
        return Json(select(self.drive.create(writable(body_of(request))), mask))

    async def generate_ids(self, request: Request) -> Response:
        """Hand out ids that a create may use."""
        if request.query_params.get("type", "files") != "files" or request.query_params.get("space", "drive") != "drive":
            raise invalid_parameter("type" if request.query_params.get("type", "files") != "files" else "space")
        count = number_in(request.query_params, "count", 10, 1, 1000)
        return Json({"kind": "drive#generatedIds", "space": "drive", "ids": [new_id() for _ in range(count)]})

    async def empty_trash(self, request: Request) -> Response:
        """Delete what was put into the trash."""
        for record in self.drive.everything():
            if record.object.get("trashed") and self.drive.exists(record.id):
                self.drive.delete(record.id)
        return Response(status_code=204)

    async def get(self, request: Request) -> Response:
        """Show a file, or with alt=media give its content."""
        file = self.drive.file(request.path_params["file_id"])
        if request.query_params.get("alt") != "media":
            return answer(request, file, FILE_SHAPE, DEFAULT_FIELDS)
        if file["mimeType"].startswith("application/vnd.google-apps."):
            message = "Only files with binary content can be downloaded. Use Export with Docs Editors files."
            raise refuse(403, message, reason="fileNotDownloadable", location="alt", locationType="parameter")
        return Response(self.drive.download(file["id"]), media_type=file["mimeType"])

    async def update(self, request: Request) -> Response:
        """Patch a file's fields, move it, put it into the trash or take it out."""
        mask = mask_of(request, FILE_SHAPE, DEFAULT_FIELDS)
        return Json(select(updated(self.drive, request, body_of(request)), mask))

    async def delete(self, request: Request) -> Response:
        """Delete a file for ever."""
        self.drive.delete(request.path_params["file_id"])
        return Response(status_code=204)

    async def copy(self, request: Request) -> Response:
        """Copy a file."""
        mask = mask_of(request, FILE_SHAPE, DEFAULT_FIELDS)
        return Json(select(self.drive.copy(request.path_params["file_id"], writable(body_of(request))), mask))

    async def export(self, request: Request) -> Response:
        """Give a document in another format."""
        file, mime_type = self.drive.file(request.path_params["file_id"]), request.query_params.get("mimeType")
        if not mime_type:
            raise invalid_parameter("mimeType", "Required parameter: mimeType", reason="required")
        document = self.drive.document(file["id"])
        if document is None:
            kind = "Folders cannot be exported." if file["mimeType"] == FOLDER else "Export only supports Docs Editors files."
            raise refuse(403, kind, reason="fileNotExportable", location="mimeType", locationType="parameter")
        try:
            content = self._drawn(file, document, mime_type)
        except KeyError:
            message = "The requested conversion is not supported."
            raise refuse(400, message, reason="badRequest", location="convertTo", locationType="parameter") from None
        return Response(content, media_type=mime_type)

    def _drawn(self, file: dict[str, Any], document: Document, mime_type: str) -> bytes:
        """The document in another format; one that is asked for again unchanged is not drawn again."""
        version = (file["id"], document.revision, file["name"], mime_type)
        if version not in self._exports:
            self._exports[version] = exported(document, file["name"], mime_type)
            if len(self._exports) > MOST_EXPORTS:
                del self._exports[next(iter(self._exports))]
        return self._exports[version]


def updated(drive: Drive, request: Request, body: Any, upload: Any = None) -> dict[str, Any]:
    """Carry out files.update, with or without new content, and return the file."""
    if isinstance(body, dict) and "parents" in body:
        message = (
            "The parents field is not directly writable in update requests. "
            "Use the addParents and removeParents parameters instead."
        )
        raise refuse(403, message, reason="fieldNotWritable")
    parents = {
        short: tuple(filter(None, (request.query_params.get(name) or "").split(",")))
        for short, name in (("add", "addParents"), ("remove", "removeParents"))
    }
    return drive.update(request.path_params["file_id"], writable(body, besides=("id",)), upload, **parents)
