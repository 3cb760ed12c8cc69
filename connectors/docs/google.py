"""The documents port on Google Drive and Docs. Knows no flow, and what stands in a document.

https://developers.google.com/workspace/drive/api/reference/rest/v3 and https://developers.google.com/workspace/docs/api/reference/rest
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import httpx
import orjson

from connectors.http import ApiClient
from connectors.network import TIMEOUT
from connectors.oauth import RefreshedToken, Token
from connectors.outcomes import chunks, each, together
from connectors.remedies import BusyError, Dialect
from contracts.errors import MisconfiguredError, RefusedError, RetryableError, TowlineError
from contracts.records import CopyRecord, EffectKey, FillRecord, FolderRecord, Outcomes, Ref, Wanted

KEY = "towline_key"
FOLDER = "application/vnd.google-apps.folder"
DOCUMENT = "application/vnd.google-apps.document"
HOUSE = uuid5(NAMESPACE_URL, "towline:documents")
ROOT = uuid5(HOUSE, "root")
AT_ONCE = 8  # more at once cost the connection pool more than they gain; Docs lets ten a second through anyway
KEYS_A_QUERY = 20
R = TypeVar("R")
ANSWER: Mapping[str, str | int] = {"fields": "id,webViewLink"}


def explain(body: Mapping[str, Any]) -> tuple[str, str]:
    """Return Google's reason for an error; it gives no correlation id."""
    error = body.get("error")
    if not isinstance(error, dict):
        return "", ""
    first = next((one for one in error.get("errors") or () if isinstance(one, dict)), {})
    return str(first.get("reason") or error.get("status") or ""), ""


DIALECT = Dialect(
    explain,
    {
        "rateLimitExceeded": BusyError,
        "userRateLimitExceeded": BusyError,
        "sharingRateLimitExceeded": RetryableError,
        "dailyLimitExceeded": RetryableError,
        "cannotModifyRestrictedContent": RefusedError,
        "fileNotDownloadable": RefusedError,
        "cannotCopyFile": RefusedError,
    },
)
"""Google says 403 for many things: a limit, a file that is locked, and real lack of permission."""


class GoogleDocs:
    """Our documents port on Google. Our key is the private file property `towline_key`; Google does not keep it unique."""

    def __init__(
        self,
        drive_url: str,
        docs_url: str,
        token: Token,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        """Speak to Drive and Docs; at Google itself https://www.googleapis.com and https://docs.googleapis.com."""
        self._drive = ApiClient("docs", drive_url, token, DIALECT, transport=transport, timeout=timeout)
        self._docs = self._drive
        if docs_url.rstrip("/") != drive_url.rstrip("/"):
            self._docs = ApiClient("docs", docs_url, token, DIALECT, transport=transport, timeout=timeout)
        self._places: dict[UUID, str] = {}
        self._templates: dict[str, UUID] = {}
        self._pages: Mapping[str, str] = {}

    async def aclose(self) -> None:
        """Close all connections."""
        await asyncio.gather(self._drive.aclose(), self._docs.aclose())

    async def prepare(self, templates: Mapping[str, str]) -> None:
        """Put the root folder and the templates (name to HTML) there, once; a changed template becomes a new file."""
        keys = {name: uuid5(HOUSE, f"template\n{name}\n{_hash(page)}") for name, page in templates.items()}
        found = {key: ref.id for key, ref in (await self.find([ROOT, *keys.values()])).items()}
        root = found.get(ROOT) or await self._made_once(ROOT, lambda: self._create("Towline", FOLDER, ROOT))
        missing = [name for name, key in keys.items() if key not in found]
        made = await together(
            *(self._made_once(keys[name], _upload(self._drive, name, templates[name], keys[name], root)) for name in missing)
        )
        self._places = {ROOT: root} | found | {keys[name]: file for name, file in zip(missing, made, strict=True)}
        self._templates, self._pages = keys, templates

    async def create_folders(self, wanted: Sequence[Wanted[FolderRecord]]) -> Outcomes:
        """Create folders, by default in the company's root folder."""

        async def create(one: Wanted[FolderRecord]) -> Ref:
            return await self._create(one.record.name, FOLDER, one.key, one.record.parent or self._place(ROOT))

        return await self._with_places(create, {one.key: one for one in wanted})

    async def copy_templates(self, wanted: Sequence[Wanted[CopyRecord]]) -> Outcomes:
        """Copy templates, by name, into folders, under new names."""

        async def copy(one: Wanted[CopyRecord]) -> Ref:
            template = self._place(self._templates.get(one.record.template))
            body = _metadata(one.record.name, one.key, one.record.folder)
            return _ref(await self._drive.call("POST", f"/drive/v3/files/{template}/copy", body, params=ANSWER))

        return await self._with_places(copy, {one.key: one for one in wanted})

    async def fill(self, wanted: Sequence[Wanted[FillRecord]]) -> Outcomes:
        """Put values in the place of `{{placeholders}}`, in one call a document; what is filled already stays as it is."""

        async def fill(one: Wanted[FillRecord]) -> Ref:
            document, requests = one.record.document, [_replacement(*pair) for pair in one.record.values.items()]
            if requests:
                path = f"/v1/documents/{document}:batchUpdate"
                body = {"requests": requests}
                await self._docs.call("POST", path, body, params={"fields": "documentId"}, nature="repeatable")
            return Ref(document)

        return await each(fill, {one.key: one for one in wanted}, at_once=AT_ONCE)

    async def find(self, keys: Collection[EffectKey]) -> Mapping[EffectKey, Ref]:
        """Return the files that carry our keys and are not in the bin; of several the oldest.

        Drive's search may lag some seconds behind its writes.
        """
        parts = await together(*(self._search(part) for part in chunks(sorted({str(key) for key in keys}), KEYS_A_QUERY)))
        files = sorted(
            (file for part in parts for file in part), key=lambda file: (file["createdTime"], file["id"]), reverse=True
        )
        return {UUID(file["appProperties"][KEY]): _ref(file) for file in files}

    async def read_text(self, document: str) -> str:
        """Return a document's plain text. Raises RefusedError when it is not there."""
        answer = await self._docs.call("GET", f"/v1/documents/{document}", params={"fields": "body"}, nature="read")
        return "".join(_texts(answer.get("body", {}).get("content", ())))

    async def _with_places(self, act: Callable[[Wanted[R]], Awaitable[Ref]], wanted: Mapping[EffectKey, Wanted[R]]) -> Outcomes:
        """Act; where somebody has thrown away our root folder or a template, make it anew and act once more."""
        outcomes = await each(act, wanted, at_once=AT_ONCE)
        gone = {key: wanted[key] for key, outcome in outcomes.items() if isinstance(outcome, TowlineError) and _is_gone(outcome)}
        if not gone:
            return outcomes
        await self.prepare(self._pages)
        return {**outcomes, **await each(act, gone, at_once=AT_ONCE)}

    async def _create(self, name: str, mime_type: str, key: EffectKey, parent: str = "") -> Ref:
        body = _metadata(name, key, parent) | {"mimeType": mime_type}
        return _ref(await self._drive.call("POST", "/drive/v3/files", body, params=ANSWER))

    async def _made_once(self, key: EffectKey, make: Callable[[], Awaitable[Ref]]) -> str:
        """Make a file of ours that only one may exist of: of two processes that make one at once, both keep the older."""
        made = await make()
        oldest = (await self.find([key])).get(key, made)
        if oldest.id != made.id:
            await self._drive.call("DELETE", f"/drive/v3/files/{made.id}", nature="repeatable")
        return oldest.id

    async def _search(self, keys: Sequence[str]) -> list[dict[str, Any]]:
        has = " or ".join(f"appProperties has {{ key='{KEY}' and value='{key}' }}" for key in keys)
        fields = "nextPageToken,files(id,webViewLink,createdTime,appProperties)"
        params: dict[str, str | int] = {"q": f"({has}) and trashed = false", "fields": fields, "pageSize": 1000}
        files: list[dict[str, Any]] = []
        while True:
            answer = await self._drive.call("GET", "/drive/v3/files", params=params, nature="read")
            files += answer.get("files", ())
            if not answer.get("nextPageToken"):
                return files
            params["pageToken"] = answer["nextPageToken"]

    def _place(self, key: UUID | None) -> str:
        if key not in self._places:
            raise MisconfiguredError(
                "docs: a template or the root folder is not known: prepare() makes them", cause="docs.unprepared"
            )
        return self._places[key]


def oauth_token(
    token_url: str, client_id: str, client_secret: str, refresh_token: str, *, transport: httpx.AsyncBaseTransport | None = None
) -> RefreshedToken:
    """Return the token of an OAuth client; at Google itself `token_url` is https://oauth2.googleapis.com/token."""
    return RefreshedToken(
        "docs", token_url, client_id=client_id, client_secret=client_secret, refresh_token=refresh_token, transport=transport
    )


def _upload(drive: ApiClient, name: str, page: str, key: EffectKey, parent: str) -> Callable[[], Awaitable[Ref]]:
    """Return the call that makes a Google Doc of HTML: metadata and content in one multipart body."""

    async def upload() -> Ref:
        mark = uuid4().hex
        metadata = orjson.dumps(_metadata(name, key, parent) | {"mimeType": DOCUMENT}).decode()
        parts = (("application/json; charset=UTF-8", metadata), ("text/html; charset=UTF-8", page))
        body = "".join(f"--{mark}\r\nContent-Type: {kind}\r\n\r\n{content}\r\n" for kind, content in parts) + f"--{mark}--\r\n"
        params = {**ANSWER, "uploadType": "multipart"}
        kind = f"multipart/related; boundary={mark}"
        return _ref(await drive.call("POST", "/upload/drive/v3/files", body.encode(), params=params, content_type=kind))

    return upload


def _metadata(name: str, key: EffectKey, parent: str) -> dict[str, Any]:
    return {"name": name, "appProperties": {KEY: str(key)}} | ({"parents": [parent]} if parent else {})


def _replacement(name: str, value: str) -> dict[str, Any]:
    found = {"text": f"{{{{{name}}}}}", "matchCase": True}
    return {"replaceAllText": {"containsText": found, "replaceText": value}}


def _texts(content: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """Yield the text of a document's paragraphs, those in tables included."""
    for element in content:
        for run in element.get("paragraph", {}).get("elements", ()):
            yield run.get("textRun", {}).get("content", "")
        for row in element.get("table", {}).get("tableRows", ()):
            for cell in row.get("tableCells", ()):
                yield from _texts(cell.get("content", ()))


def _is_gone(error: TowlineError) -> bool:
    return error.cause.startswith("docs.http_404")


def _ref(file: Mapping[str, Any]) -> Ref:
    return Ref(str(file["id"]), str(file.get("webViewLink") or ""))


def _hash(page: str) -> str:
    return hashlib.sha256(page.encode()).hexdigest()
