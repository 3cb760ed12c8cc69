"""Drive's file resource: its fields, which of them a caller may write, and how a stored file is shown; knows no store."""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sandbox.google.errors import refuse

Json = dict[str, Any]

FOLDER = "application/vnd.google-apps.folder"
DOCUMENT = "application/vnd.google-apps.document"
ROOT_ID = "0AKtowlineSandboxUk9PVA"
KEY = "towline_key"
USER = {
    "kind": "drive#user",
    "displayName": "Sandbox Service",
    "me": True,
    "permissionId": "01234567890123456789",
    "emailAddress": "service@sandbox.example",
}
PERSON = {
    "kind": "drive#user",
    "displayName": "Somebody at Work",
    "me": False,
    "permissionId": "09876543210987654321",
    "emailAddress": "somebody@sandbox.example",
}
ROOT: Json = {"id": ROOT_ID, "name": "My Drive", "mimeType": FOLDER, "createdTime": "2026-01-01T00:00:00.000Z", "version": 1}
DEFAULT_FIELDS = "kind,id,name,mimeType"
_NAMES = {
    "appProperties", "capabilities", "clientEncryptionDetails", "contentHints", "contentRestrictions",
    "copyRequiresWriterPermission", "createdTime", "description", "downloadRestrictions", "driveId", "explicitlyTrashed",
    "exportLinks", "fileExtension", "folderColorRgb", "fullFileExtension", "hasAugmentedPermissions", "hasThumbnail",
    "headRevisionId", "iconLink", "id", "imageMediaMetadata", "inheritedPermissionsDisabled", "isAppAuthorized", "kind",
    "labelInfo", "lastModifyingUser", "linkShareMetadata", "md5Checksum", "mimeType", "modifiedByMe", "modifiedByMeTime",
    "modifiedTime", "name", "originalFilename", "ownedByMe", "owners", "parents", "permissionIds", "permissions",
    "properties", "quotaBytesUsed", "resourceKey", "sha1Checksum", "sha256Checksum", "shared", "sharedWithMeTime",
    "sharingUser", "shortcutDetails", "size", "spaces", "starred", "teamDriveId", "thumbnailLink", "thumbnailVersion",
    "trashed", "trashedTime", "trashingUser", "version", "videoMediaMetadata", "viewedByMe", "viewedByMeTime",
    "viewersCanCopyContent", "webContentLink", "webViewLink", "writersCanShare",
}  # fmt: skip
FILE_SHAPE: dict[str, None] = dict.fromkeys(_NAMES)
_WRITABLE = {
    "id": str, "name": str, "mimeType": str, "description": str, "parents": list, "appProperties": dict, "properties": dict,
    "starred": bool, "trashed": bool, "contentRestrictions": list, "createdTime": str, "modifiedTime": str, "folderColorRgb": str,
    "originalFilename": str, "contentHints": dict, "writersCanShare": bool, "copyRequiresWriterPermission": bool,
}  # fmt: skip
_RESTRICTION = {"readOnly": bool, "reason": str, "ownerRestricted": bool}
_PROPERTY_BYTES = 124  # key and value together, in UTF-8


def new_id() -> str:
    """Return an id as Drive makes them; its end vouches for the rest, so that an id handed out by generateIds is known again."""
    return sealed("1" + secrets.token_urlsafe(16))


def sealed(stem: str) -> str:
    """Return a stem with its seal."""
    return stem + sha256(f"towline-sandbox {stem}".encode()).hexdigest()[:10]


def is_ours(file_id: str) -> bool:
    """Say whether an id was made by `new_id`."""
    return sealed(file_id[:-10]) == file_id


def timestamp(seconds: float) -> str:
    """Return unix seconds as Drive writes times."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def kind_of(mime_type: str) -> str:
    """Return under which kind a file of this type is kept."""
    return {FOLDER: "folders", DOCUMENT: "documents"}.get(mime_type, "files")


def writable(body: Any, *, besides: Iterable[str] = ()) -> Json:
    """Return a request's file resource, checked: known names, right types, nothing that is Drive's own to write."""
    if not isinstance(body, dict):
        raise refuse(400, "Invalid JSON payload received. Expected a File resource.", reason="parseError")
    for name, value in body.items():
        if name not in FILE_SHAPE:
            raise refuse(400, f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.', reason="invalid")
        if name not in _WRITABLE or name in besides:
            raise refuse(403, "The resource body includes fields which are not directly writable.", reason="fieldNotWritable")
        if value is not None and not isinstance(value, _WRITABLE[name]):
            raise refuse(400, f"Invalid value for: {name}", reason="invalid")
    if not all(isinstance(parent, str) for parent in body.get("parents") or []):
        raise refuse(400, "Invalid value for: parents", reason="invalid")
    for name in ("appProperties", "properties"):
        _check_properties(body.get(name) or {})
    return body


def merged(before: Json, changes: Json) -> Json:
    """Return a file's own fields after a patch: properties merge, a null property is cleared, a null field goes."""
    after = before | {
        k: v for k, v in changes.items() if v is not None and k not in {"id", "parents", "contentHints", "mimeType"}
    }
    for name in ("appProperties", "properties"):
        if changes.get(name):
            both = before.get(name, {}) | changes[name]
            after[name] = {k: v for k, v in both.items() if v is not None}
    for name in ("description", "folderColorRgb", "originalFilename"):
        if name in changes and changes[name] is None:
            after.pop(name, None)
    if "contentRestrictions" in changes:
        after["contentRestrictions"] = _restrictions(changes["contentRestrictions"] or [])
    return after


def is_locked(file: Json) -> bool:
    """Say whether a content restriction makes a file read-only."""
    return any(r.get("readOnly") for r in file.get("contentRestrictions", ()))


def owner_permission() -> Json:
    """Return the permission that every file starts with."""
    return {
        "kind": "drive#permission",
        "id": USER["permissionId"],
        "type": "user",
        "role": "owner",
        "emailAddress": USER["emailAddress"],
        "displayName": USER["displayName"],
        "deleted": False,
        "pendingOwner": False,
    }


def shown(file: Json, *, trashed: bool) -> Json:
    """Return a stored file as Drive shows it with `fields=*`; `trashed` is true below a trashed folder as well."""
    mime_type, may_edit = file["mimeType"], not is_locked(file)
    permissions = file.get("permissions") or [owner_permission()]
    resource = {k: v for k, v in file.items() if v not in ({}, []) or k == "parents"} | {
        "kind": "drive#file",
        "version": str(file["version"]),
        "modifiedTime": file.get("modifiedTime", file["createdTime"]),
        "trashed": trashed,
        "explicitlyTrashed": file.get("trashed", False),
        "starred": file.get("starred", False),
        "spaces": ["drive"],
        "webViewLink": _link(file["id"], mime_type),
        "iconLink": f"https://drive-thirdparty.googleusercontent.com/16/type/{mime_type}",
        "owners": [USER],
        "lastModifyingUser": file.get("lastModifyingUser", USER),
        "ownedByMe": True,
        "shared": len(permissions) > 1,
        "permissions": permissions,
        "permissionIds": [p["id"] for p in permissions],
        "quotaBytesUsed": file.get("size", "0"),
        "writersCanShare": file.get("writersCanShare", True),
        "capabilities": _capabilities(mime_type, may_edit=may_edit),
    }
    if mime_type == DOCUMENT:
        resource["size"] = resource["quotaBytesUsed"] = "1"  # Drive says one byte for every document, long or short
        resource["exportLinks"] = {
            to: f"https://docs.google.com/feeds/download/documents/export/Export?id={file['id']}&exportFormat={name}"
            for to, name in (("text/plain", "txt"), ("text/html", "html"), ("application/pdf", "pdf"))
        }
    elif mime_type != FOLDER:
        resource["webContentLink"] = f"https://drive.google.com/uc?id={file['id']}&export=download"
    return resource


def _capabilities(mime_type: str, *, may_edit: bool) -> Json:
    folder = mime_type == FOLDER
    return {
        "canEdit": may_edit,
        "canRename": may_edit,
        "canModifyContent": may_edit,
        "canModifyContentRestriction": not folder,
        "canModifyEditorContentRestriction": not folder,
        "canModifyOwnerContentRestriction": not folder,
        "canRemoveContentRestriction": not folder and not may_edit,
        "canCopy": not folder,
        "canAddChildren": folder,
        "canListChildren": folder,
        "canDownload": not folder,
        "canShare": True,
        "canTrash": True,
        "canUntrash": True,
        "canDelete": True,
        "canComment": may_edit,
    }


def _link(file_id: str, mime_type: str) -> str:
    if mime_type == DOCUMENT:
        return f"https://docs.google.com/document/d/{file_id}/edit?usp=drivesdk"
    if mime_type == FOLDER:
        return f"https://drive.google.com/drive/folders/{file_id}"
    return f"https://drive.google.com/file/d/{file_id}/view?usp=drivesdk"


def _restrictions(asked: list[Json]) -> list[Json]:
    """Return what is kept of a file's restrictions: there is at most one, and one that does not make it read-only is none."""
    if len(asked) > 1 or not all(isinstance(r, dict) and _fits(r) for r in asked):
        raise refuse(400, "Invalid value for: contentRestrictions", reason="invalid")
    now = datetime.now(UTC).timestamp()
    own = {"restrictingUser": USER, "restrictionTime": timestamp(now), "type": "globalContentRestriction"}
    return [{name: r[name] for name in _RESTRICTION if name in r} | own for r in asked if r.get("readOnly")]


def _fits(restriction: Json) -> bool:
    return all(isinstance(restriction.get(name, kind()), kind) for name, kind in _RESTRICTION.items())


def _check_properties(properties: Json) -> None:
    for name, value in properties.items():
        if value is not None and not isinstance(value, str):
            raise refuse(400, "Invalid value for: a property must be a string", reason="invalid")
        if value is not None and len(name.encode()) + len(value.encode()) > _PROPERTY_BYTES:
            message = f"The property is too large: key and value may take {_PROPERTY_BYTES} bytes in UTF-8."
            raise refuse(400, message, reason="invalid")
