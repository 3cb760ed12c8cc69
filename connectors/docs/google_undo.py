"""What taking back and comparing need of Drive: how files stand now, and the bin. Knows no document's content.

https://developers.google.com/workspace/drive/api/reference/rest/v3/files and https://developers.google.com/workspace/drive/api/guides/delete
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.docs.google_calls import FOLDER, is_gone
from connectors.http import ApiClient
from connectors.outcomes import chunks, together
from contracts.errors import RefusedError
from contracts.records import Facts, Ref, Standing
from contracts.traces import Hand, Trace

FOLDERS_A_QUERY = 20
FIELDS: Mapping[str, str | int] = {
    "fields": "mimeType,trashed,modifiedTime,lastModifyingUser(me,permissionId),contentRestrictions(readOnly,reason)"
}
LOCKED = "locked"


async def look(drive: ApiClient, ids: Collection[str], *, at_once: int) -> Mapping[str, Facts]:
    """Return how the files among `ids` stand that exist and are not in the bin; a folder with what is in it."""
    room, names = asyncio.Semaphore(at_once), list(dict.fromkeys(ids))

    async def one(file: str) -> Mapping[str, Any] | None:
        async with room:
            return await _read(drive, file)

    files = {name: file for name, file in zip(names, await together(*map(one, names)), strict=True) if file}
    folders = [name for name, file in files.items() if file.get("mimeType") == FOLDER]
    parts = await together(*(_children(drive, part) for part in chunks(folders, FOLDERS_A_QUERY)))
    held = [(parent, child) for part in parts for child, parents in part for parent in parents]
    return {
        name: {
            "ours": (file.get("lastModifyingUser") or {}).get("me", True),
            "who": (file.get("lastModifyingUser") or {}).get("permissionId"),
            "at": file.get("modifiedTime"),
            "lock": _lock(file),
            "holds": [Standing("docs", "file", child) for parent, child in held if parent == name],
        }
        for name, file in files.items()
    }


def traces(facts: Facts, fields: Collection[str], content_hash: str) -> Mapping[str, Trace]:
    """Return what is known of a document's content: who changed the file last, where that was not our own account."""
    known = {} if facts["ours"] else {"by": Hand.PERSON, "who": facts["who"], "at": datetime.fromisoformat(facts["at"])}
    return {field: Trace(field, content_hash, **known) for field in fields}


async def trash(drive: ApiClient, file: str) -> Ref:
    """Put a file into the bin; a folder goes with all that is in it."""
    try:
        await drive.call("PATCH", f"/drive/v3/files/{file}", {"trashed": True}, params={"fields": "id"}, nature="repeatable")
    except RefusedError as error:
        if not is_gone(error):
            raise
    return Ref(file)


async def _read(drive: ApiClient, file: str) -> Mapping[str, Any] | None:
    try:
        found = await drive.call("GET", f"/drive/v3/files/{file}", params=FIELDS, nature="read")
    except RefusedError as error:
        if not is_gone(error):
            raise
        return None
    return None if found.get("trashed") else found


async def _children(drive: ApiClient, folders: Sequence[str]) -> list[tuple[str, list[str]]]:
    where = " or ".join(f"'{folder}' in parents" for folder in folders)
    params: dict[str, str | int] = {"q": f"({where}) and trashed = false", "fields": "nextPageToken,files(id,parents)"}
    params["pageSize"] = 1000
    found: list[tuple[str, list[str]]] = []
    while True:
        answer = await drive.call("GET", "/drive/v3/files", params=params, nature="read")
        found += [(str(file["id"]), file.get("parents") or []) for file in answer.get("files", ())]
        if not answer.get("nextPageToken"):
            return found
        params["pageToken"] = answer["nextPageToken"]


def _lock(file: Mapping[str, Any]) -> str | None:
    locks = [one.get("reason") or LOCKED for one in file.get("contentRestrictions", ()) if one.get("readOnly")]
    return str(locks[0]) if locks else None
