"""The files of one Drive account on the sandbox's store: their tree, content, and what may be done to them; knows no requests."""

import base64
import time
from typing import Any

from sandbox.google.content import Upload, content_of, converts
from sandbox.google.document import Document
from sandbox.google.errors import not_found, refuse
from sandbox.google.resource import (
    DOCUMENT,
    FOLDER,
    KEY,
    ROOT,
    ROOT_ID,
    USER,
    is_locked,
    is_ours,
    kind_of,
    merged,
    new_id,
    owner_permission,
    shown,
    timestamp,
)
from sandbox.store import Record, Store

Json = dict[str, Any]
KINDS = ("folders", "documents", "files")
CONTENTS = "contents"  # beside the files, by their ids: a document's body, or an upload's bytes


class Drive:
    """One account's files."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._indexes = {kind: store.index(kind, _terms) for kind in KINDS}

    def record(self, file_id: str) -> Record:
        """Return a file's record. Raises Drive's 404."""
        for kind in KINDS:
            if record := self.store.get(kind, file_id):
                return record
        if file_id in {"root", ROOT_ID}:
            return Record(ROOT_ID, 0, 0, None, ROOT)
        raise not_found(file_id)

    def exists(self, file_id: str) -> bool:
        """Say whether there is a file with this id."""
        return any(self.store.get(kind, file_id) for kind in KINDS)

    def file(self, file_id: str) -> Json:
        """Return a file as Drive shows it. Raises Drive's 404."""
        return self.shown(self.record(file_id).object)

    def shown(self, file: Json) -> Json:
        """Return a stored file as Drive shows it."""
        return shown(file, trashed=self.is_trashed(file))

    def found(self, term: tuple[str, ...]) -> list[Record]:
        """Return the files with an index term: ("parent", id), ("name", lower-case name) or ("appProperties", key, value)."""
        return [self.store.kinds[kind][i] for kind, index in self._indexes.items() for i in index.find(term)]

    def everything(self) -> list[Record]:
        """Return all files but the root."""
        return [record for kind in KINDS for record in self.store.all(kind)]

    def is_trashed(self, file: Json) -> bool:
        """Say whether a file or a folder above it is in the trash."""
        return bool(file.get("trashed")) or any(self.is_trashed(self.record(p).object) for p in file.get("parents", ()))

    def create(self, body: Json, upload: Upload | None = None) -> Json:
        """Make a folder, a document or a file; an upload becomes a document when that is the type asked for."""
        mime_type = body.get("mimeType") or (upload.mime_type if upload else "application/octet-stream")
        if upload and mime_type.startswith("application/vnd.google-apps.") and not converts(upload.mime_type, mime_type):
            raise refuse(400, "The requested conversion is not supported.", reason="conversionUnsupportedConversionPath")
        file = self._new(body, mime_type, self._parents(body.get("parents")))
        file = merged(file, {"name": "Untitled"} | body)
        content = content_of(mime_type, upload) if mime_type != FOLDER else None
        return self._put(file, content)

    def copy(self, source_id: str, body: Json) -> Json:
        """Copy a file with its content; properties come along unless the request says otherwise. Folders cannot be copied."""
        source = self.record(source_id).object
        if source["mimeType"] == FOLDER:
            raise refuse(403, "This file cannot be copied by the user.", reason="cannotCopyFile")
        if body.get("mimeType") not in (None, source["mimeType"]):
            raise refuse(400, "The requested conversion is not supported.", reason="conversionUnsupportedConversionPath")
        parents = self._parents(body["parents"]) if body.get("parents") else source["parents"]
        inherited = {name: source[name] for name in ("description", "appProperties", "properties") if name in source}
        file = self._new(body, source["mimeType"], parents) | inherited
        file = merged(file, {"name": f"Copy of {source['name']}"} | body)
        return self._put(file, self._content(source_id))

    def update(
        self, file_id: str, body: Json, upload: Upload | None = None, *, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()
    ) -> Json:
        """Patch a file's fields, content and parents; a read-only file keeps its content and its name."""
        before = self.record(file_id).object
        if before is ROOT:
            raise _forbidden(file_id)
        if is_locked(before) and (upload or body.get("name") not in (None, before["name"])):
            raise _forbidden(file_id)
        content = self._new_content(before, upload) if upload else None
        file = merged(before, body) | {"parents": self._moved(before, add, remove), "lastModifyingUser": USER}
        if upload and before["mimeType"] != DOCUMENT:
            file["mimeType"] = body.get("mimeType") or upload.mime_type
        if "modifiedTime" not in body:
            file["modifiedTime"] = self._now()
        return self._put(file | {"version": before["version"] + 1}, content)

    def delete(self, file_id: str) -> None:
        """Delete a file for ever, and what is in it if it is a folder."""
        file = self.record(file_id).object
        if file is ROOT:
            raise _forbidden(file_id)
        for child in self.found(("parent", file_id)):
            self.delete(child.id)
        self.store.delete(kind_of(file["mimeType"]), file_id)
        self.store.delete(CONTENTS, file_id)

    def document(self, file_id: str) -> Document | None:
        """Return a document's body, or None for what is not a document. Raises Drive's 404."""
        file = self.record(file_id).object
        return Document.stored(self._content(file_id) or {}) if file["mimeType"] == DOCUMENT else None

    def rewrite(self, file_id: str, document: Document, who: Json = USER) -> Json:
        """Put a document's new body in the old one's place."""
        file = self.record(file_id).object
        changed = {"modifiedTime": self._now(), "version": file["version"] + 1, "lastModifyingUser": who}
        return self._put(file | changed, document.kept_form())

    def download(self, file_id: str) -> bytes:
        """Return an uploaded file's bytes."""
        return base64.b64decode((self._content(file_id) or {})["base64"])

    def share(self, file_id: str, permissions: list[Json]) -> None:
        """Put a file's permissions in the old ones' place."""
        self._put(self.record(file_id).object | {"permissions": permissions}, None)

    def _new(self, body: Json, mime_type: str, parents: list[str]) -> Json:
        """Return a new file's first fields, its id checked."""
        file_id = body.get("id")
        if file_id:
            self._check_given_id(file_id, mime_type)
        now = self._now()
        return {
            "id": file_id or new_id(),
            "mimeType": mime_type,
            "parents": parents,
            "createdTime": now,
            "modifiedTime": now,
            "version": 1,
            "trashed": False,
            "permissions": [owner_permission()],
        }

    def _check_given_id(self, file_id: str, mime_type: str) -> None:
        """Pre-generated ids are for folders and uploads only: Drive refuses them for its editors' formats."""
        if mime_type.startswith("application/vnd.google-apps.") and mime_type != FOLDER:
            raise refuse(400, "Generated IDs are not supported for Docs Editors formats.", reason="invalid")
        if not is_ours(file_id):
            raise refuse(400, "The provided file ID is not usable.", reason="invalid")
        if self.exists(file_id):
            raise refuse(409, "A file already exists with the provided ID.", reason="fileIdInUse")

    def _parents(self, asked: list[str] | None) -> list[str]:
        if asked and len(asked) > 1:
            message = "A file cannot have more than one parent."
            raise refuse(403, message, reason="cannotAddParent")
        return [self._folder(parent) for parent in asked or ["root"]]

    def _folder(self, folder_id: str) -> str:
        folder = self.record(folder_id).object
        if folder["mimeType"] != FOLDER:
            raise refuse(403, "The specified parent is not a folder.", reason="parentNotAFolder")
        return str(folder["id"])

    def _moved(self, file: Json, add: tuple[str, ...], remove: tuple[str, ...]) -> list[str]:
        added = [self._folder(folder_id) for folder_id in add]
        gone = {ROOT_ID if folder_id == "root" else folder_id for folder_id in remove}
        parents = list(dict.fromkeys([p for p in file["parents"] if p not in gone] + added))
        if len(parents) > 1:
            raise refuse(403, "Increasing the number of parents is not allowed", reason="cannotAddParent")
        if any(self._is_below(parent, file["id"]) for parent in parents):
            raise refuse(403, "A folder cannot be moved into itself.", reason="cyclicParent")
        return parents or [ROOT_ID]

    def _is_below(self, folder_id: str, above: str) -> bool:
        return folder_id == above or any(self._is_below(p, above) for p in self.record(folder_id).object.get("parents", ()))

    def _new_content(self, file: Json, upload: Upload) -> Json:
        if file["mimeType"] == FOLDER or (file["mimeType"] == DOCUMENT and not converts(upload.mime_type, DOCUMENT)):
            raise refuse(400, "The requested conversion is not supported.", reason="conversionUnsupportedConversionPath")
        content = content_of(file["mimeType"], upload)
        if file["mimeType"] == DOCUMENT:
            content["revision"] = (self._content(file["id"]) or {})["revision"] + 1
        return content

    def _content(self, file_id: str) -> Json | None:
        record = self.store.get(CONTENTS, file_id)
        return record.object if record else None

    def _put(self, file: Json, content: Json | None) -> Json:
        """Keep a file, and its content if it changed; the content first, so that no file is ever without."""
        if content is not None:
            self.store.put(CONTENTS, file["id"], content)
            file = file | {name: content[name] for name in ("size", "md5Checksum") if name in content}
        self.store.put(kind_of(file["mimeType"]), file["id"], file, file.get("appProperties", {}).get(KEY))
        return self.shown(file)

    def _now(self) -> str:
        return timestamp(time.time())


def _terms(record: Record) -> list[tuple[str, ...]]:
    file = record.object
    return [
        ("name", file["name"].lower()),
        *(("parent", parent) for parent in file["parents"]),
        *(("appProperties", key, value) for key, value in file.get("appProperties", {}).items()),
    ]


def _forbidden(file_id: str) -> Exception:
    message = f"The user does not have sufficient permissions for file {file_id}."
    return refuse(403, message, reason="insufficientFilePermissions")
