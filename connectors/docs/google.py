"""The documents port on Google Drive and Docs. Knows no flow, and what stands in a document.

https://developers.google.com/workspace/drive/api/reference/rest/v3 and https://developers.google.com/workspace/docs/api/reference/rest
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

import httpx

from connectors.budget import UNLIMITED, Budget
from connectors.docs import google_files, google_undo
from connectors.docs.google_calls import ANSWER, DIALECT, FOLDER, KEY, is_gone, metadata, ref, replacement
from connectors.docs.port import WRITES
from connectors.drift import UNWATCHED, Drift
from connectors.guard import guarded
from connectors.http import ApiClient
from connectors.network import TIMEOUT
from connectors.oauth import RefreshedToken, Token
from connectors.outcomes import chunks, each, together
from contracts.errors import MisconfiguredError, RefusedError, TowlineError
from contracts.records import (
    CopyRecord,
    DocumentRecord,
    EffectKey,
    Facts,
    FillRecord,
    FolderRecord,
    Image,
    LockRecord,
    Outcomes,
    PdfRecord,
    Ref,
    Wanted,
)
from contracts.systems import System
from contracts.traces import Traces

HOUSE = uuid5(NAMESPACE_URL, "towline:documents")
ROOT = uuid5(HOUSE, "root")
AT_ONCE = 8  # more at once cost the connection pool more than they gain; Docs lets ten a second through anyway
KEYS_A_QUERY = 20
R = TypeVar("R")


@guarded(System.DOCS, WRITES)
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
        budget: Budget = UNLIMITED,
        drift: Drift = UNWATCHED,
    ) -> None:
        """Speak to Drive and Docs; at Google itself https://www.googleapis.com and https://docs.googleapis.com."""
        self._drive, self._docs = (
            ApiClient("docs", url, token, DIALECT, transport=transport, timeout=timeout, budget=budget, drift=drift)
            for url in (drive_url, docs_url)
        )
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
            *(self._made_once(keys[name], self._template(keys[name], name, templates[name], root)) for name in missing)
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
            body = metadata(one.record.name, one.key, one.record.folder)
            return ref(await self._drive.call("POST", f"/drive/v3/files/{template}/copy", body, params=ANSWER))

        return await self._with_places(copy, {one.key: one for one in wanted})

    async def fill(self, wanted: Sequence[Wanted[FillRecord]]) -> Outcomes:
        """Put values in the place of `{{placeholders}}`, in one call a document; what is filled already stays as it is."""

        async def fill(one: Wanted[FillRecord]) -> Ref:
            document, requests = one.record.document, [replacement(*pair) for pair in one.record.values.items()]
            if requests:
                path = f"/v1/documents/{document}:batchUpdate"
                body = {"requests": requests}
                try:
                    await self._docs.call("POST", path, body, params={"fields": "documentId"}, nature="repeatable")
                except MisconfiguredError:
                    await google_files.refuse_if_locked(self._drive, document)
                    raise
            return Ref(document)

        return await self._each(fill, wanted)

    async def create_documents(self, wanted: Sequence[Wanted[DocumentRecord]]) -> Outcomes:
        """Make Google Docs of HTML, which Google converts as it would when a person opened the page with Docs."""
        return await self._each(lambda one: google_files.make_document(self._drive, one), wanted)

    async def save_pdfs(self, wanted: Sequence[Wanted[PdfRecord]]) -> Outcomes:
        """Keep a PDF of each document, as it is now, in a folder."""
        return await self._each(lambda one: google_files.save_pdf(self._drive, one), wanted)

    async def lock(self, wanted: Sequence[Wanted[LockRecord]]) -> Outcomes:
        """Make documents read-only for everybody, with the reason shown; one that is locked already stays so."""

        async def lock(one: Wanted[LockRecord]) -> Ref:
            await google_files.lock(self._drive, one.record)
            return Ref(one.record.document)

        return await self._each(lock, wanted)

    async def unlock(self, wanted: Sequence[Wanted[str]]) -> Outcomes:
        """Let documents be edited again, by id."""

        async def unlock(one: Wanted[str]) -> Ref:
            await google_files.unlock(self._drive, one.record)
            return Ref(one.record)

        return await self._each(unlock, wanted)

    async def images(self, wanted: Sequence[Wanted[LockRecord]]) -> Mapping[EffectKey, Image]:
        """Return how documents are locked before and after they are."""
        now = await self.look("file", [one.record.document for one in wanted])
        locks = {one: facts["lock"] for one, facts in now.items()}
        return {one.key: Image({"lock": locks.get(one.record.document)}, {"lock": one.record.reason}) for one in wanted}

    async def look(self, kind: str, ids: Collection[str]) -> Mapping[str, Facts]:
        """Return how files stand that are not in the bin: locked or not, changed by others or not, and what folders hold."""
        return await google_undo.look(self._drive, ids, at_once=AT_ONCE)

    async def trash(self, wanted: Sequence[Wanted[str]]) -> Outcomes:
        """Put files and folders into the bin, where Drive keeps them for 30 days; one that is gone stays so."""
        return await self._each(lambda one: google_undo.trash(self._drive, one.record), wanted)

    async def hashes(self, documents: Collection[str]) -> Mapping[str, str]:
        """Return the SHA-256 of each document's text, whatever its line ends; one that is gone is left out."""
        room = asyncio.Semaphore(AT_ONCE)

        async def hash_of(document: str) -> str | None:
            async with room:
                try:
                    return await google_files.text_hash(self._drive, document)
                except RefusedError as error:
                    if is_gone(error):
                        return None
                    raise

        names = list(dict.fromkeys(documents))
        found = await together(*map(hash_of, names))
        return {name: one for name, one in zip(names, found, strict=True) if one is not None}

    async def read_traces(self, kind: str, fields: Collection[str], ids: Collection[str]) -> Traces:
        """Return the `content` of the documents that exist and are not in the bin, with who changed it last: two calls each."""
        there, hashes = await together(self.look("file", ids), self.hashes(ids))
        return {one: google_undo.traces(there[one], fields, hashes[one]) for one in there.keys() & hashes.keys()}

    async def read_pdf(self, document: str) -> bytes:
        """Return a document as a PDF. Raises RefusedError when it is not there, or larger than Google exports (10 MB)."""
        return await google_files.export(self._drive, document, google_files.PDF)

    async def find(self, keys: Collection[EffectKey]) -> Mapping[EffectKey, Ref]:
        """Return the files that carry our keys and are not in the bin; of several the oldest.

        Drive's search may lag some seconds behind its writes.
        """
        parts = await together(*(self._search(part) for part in chunks(sorted({str(key) for key in keys}), KEYS_A_QUERY)))
        files = sorted(
            (file for part in parts for file in part), key=lambda file: (file["createdTime"], file["id"]), reverse=True
        )
        return {UUID(file["appProperties"][KEY]): ref(file) for file in files}

    async def read_text(self, document: str) -> str:
        """Return a document's plain text. Raises RefusedError when it is not there."""
        answer = await self._docs.call("GET", f"/v1/documents/{document}", params={"fields": "body"}, nature="read")
        return "".join(_texts(answer.get("body", {}).get("content", ())))

    async def _each(self, act: Callable[[Wanted[R]], Awaitable[Ref]], wanted: Sequence[Wanted[R]]) -> Outcomes:
        return await each(act, {one.key: one for one in wanted}, at_once=AT_ONCE)

    async def _with_places(self, act: Callable[[Wanted[R]], Awaitable[Ref]], wanted: Mapping[EffectKey, Wanted[R]]) -> Outcomes:
        """Act; where somebody has thrown away our root folder or a template, make it anew and act once more."""
        outcomes = await each(act, wanted, at_once=AT_ONCE)
        gone = {key: wanted[key] for key, outcome in outcomes.items() if isinstance(outcome, TowlineError) and is_gone(outcome)}
        if not gone:
            return outcomes
        await self.prepare(self._pages)
        return {**outcomes, **await each(act, gone, at_once=AT_ONCE)}

    async def _create(self, name: str, mime_type: str, key: EffectKey, parent: str = "") -> Ref:
        body = metadata(name, key, parent) | {"mimeType": mime_type}
        return ref(await self._drive.call("POST", "/drive/v3/files", body, params=ANSWER))

    def _template(self, key: EffectKey, name: str, page: str, root: str) -> Callable[[], Awaitable[Ref]]:
        return lambda: google_files.make_document(self._drive, Wanted(key, DocumentRecord(name, root, page)))

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


def _texts(content: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """Yield the text of a document's paragraphs, those in tables included."""
    for element in content:
        for run in element.get("paragraph", {}).get("elements", ()):
            yield run.get("textRun", {}).get("content", "")
        for row in element.get("table", {}).get("tableRows", ()):
            for cell in row.get("tableCells", ()):
                yield from _texts(cell.get("content", ()))


def _hash(page: str) -> str:
    return hashlib.sha256(page.encode()).hexdigest()
