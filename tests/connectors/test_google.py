"""Google Drive and Docs keep the documents port's promises, and what is Google's own."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from connectors.docs.google import GoogleDocs, oauth_token
from connectors.oauth import StaticToken
from contracts.errors import MisconfiguredError, RefusedError
from contracts.records import CopyRecord, FillRecord, FolderRecord, Ref, Wanted
from tests.connectors.conftest import Sandbox
from tests.connectors.docs_rules import TEMPLATES, DocsRules, copied, folder


@pytest.fixture
async def docs(sandbox: Sandbox) -> AsyncIterator[GoogleDocs]:
    """Google in the sandbox, prepared, with an OAuth client's token."""
    base = f"{sandbox.url}/google"
    secrets = ("towline", "sandbox-client-secret", "sandbox-refresh-token")
    token = oauth_token(f"{base}/token", *secrets, transport=sandbox.transport)
    docs = GoogleDocs(base, base, token, transport=sandbox.transport)
    await docs.prepare(TEMPLATES)
    yield docs
    await docs.aclose()


def stranger(sandbox: Sandbox) -> GoogleDocs:
    """Another process: it shares nothing with `docs` but the account."""
    base = f"{sandbox.url}/google"
    return GoogleDocs(base, base, StaticToken("somebody"), transport=sandbox.transport)


class TestGoogleDocs(DocsRules):
    """All rules, on Google."""


async def test_a_rate_limit_told_as_a_403_is_waited_for(no_waiting: None) -> None:
    limit = {
        "error": {"code": 403, "message": "x", "errors": [{"reason": "userRateLimitExceeded"}], "status": "PERMISSION_DENIED"}
    }
    answers = iter([httpx.Response(403, json=limit), httpx.Response(429, json=limit), httpx.Response(200, json={"files": []})])
    docs = GoogleDocs("http://google", "http://google", StaticToken("t"), transport=httpx.MockTransport(lambda _: next(answers)))
    assert await docs.find([uuid4()]) == {}
    await docs.aclose()


async def test_drive_and_docs_may_live_at_different_addresses() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.url.host}{request.url.path}")
        return httpx.Response(200, json={"id": "1", "files": []})

    docs = GoogleDocs("http://drive", "http://docs", StaticToken("t"), transport=httpx.MockTransport(answer))
    await docs.find([uuid4()])
    await docs.read_text("7")
    await docs.aclose()
    assert asked == ["drive/drive/v3/files", "docs/v1/documents/7"]


async def test_pages_of_a_search_are_followed_and_the_oldest_of_two_files_counts() -> None:
    key = uuid4()
    files = [
        {"id": name, "createdTime": f"2026-01-0{n}T00:00:00Z", "appProperties": {"towline_key": str(key)}}
        for n, name in ((2, "b"), (1, "a"))
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        second = "pageToken" in request.url.params
        return httpx.Response(200, json={"files": [files[1]]} if second else {"files": [files[0]], "nextPageToken": "next"})

    docs = GoogleDocs("http://g", "http://g", StaticToken("t"), transport=httpx.MockTransport(answer))
    assert await docs.find([key]) == {key: Ref("a")}
    await docs.aclose()


async def test_processes_that_prepare_at_once_end_with_one_root_folder(sandbox: Sandbox) -> None:
    workers = [stranger(sandbox) for _ in range(4)]
    await asyncio.gather(*(one.prepare(TEMPLATES) for one in workers))
    assert len(await sandbox.objects("docs", "folders")) == len(await sandbox.objects("docs", "documents")) == 1
    places = [folder(f"Folder {n}") for n in range(4)]
    await asyncio.gather(*(one.create_folders([place]) for one, place in zip(workers, places, strict=True)))
    root, *others = [one["object"] for one in await sandbox.objects("docs", "folders")]
    assert {tuple(one["parents"]) for one in others} == {(root["id"],)}
    await asyncio.gather(*(one.aclose() for one in workers))


async def test_nothing_can_be_made_before_it_is_prepared(sandbox: Sandbox) -> None:
    docs = stranger(sandbox)
    with pytest.raises(MisconfiguredError, match="prepare"):
        await docs.create_folders([folder()])
    await docs.aclose()


async def test_a_document_that_somebody_locked_is_refused_and_the_others_are_filled(docs: GoogleDocs, sandbox: Sandbox) -> None:
    document = await copied(docs)
    async with httpx.AsyncClient(transport=sandbox.transport, headers={"authorization": "Bearer someone"}) as person:
        lock = {"contentRestrictions": [{"readOnly": True, "reason": "approved"}]}
        assert (await person.patch(f"{sandbox.url}/google/drive/v3/files/{document}", json=lock)).is_success
    fill = Wanted(uuid4(), FillRecord(document, {"account": "x"}))
    open_one = Wanted(uuid4(), FillRecord(await copied(docs), {"account": "x"}))
    outcomes = await docs.fill([fill, open_one])
    assert isinstance(outcomes[fill.key], RefusedError)
    assert isinstance(outcomes[open_one.key], Ref)


async def test_an_edit_that_is_forbidden_without_a_lock_is_for_the_operator(docs: GoogleDocs, sandbox: Sandbox) -> None:
    fill = Wanted(uuid4(), FillRecord(await copied(docs), {"account": "x"}))
    await sandbox.fault("docs", "POST /v1/documents", status=403)
    with pytest.raises(MisconfiguredError):
        await docs.fill([fill])


async def test_a_hash_is_the_same_with_and_without_a_byte_order_mark_and_carriage_returns() -> None:
    exports = iter([b"\xef\xbb\xbfa\r\nb", b"a\nb"])
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=next(exports)))
    docs = GoogleDocs("http://g", "http://g", StaticToken("t"), transport=transport)
    first, second = [await docs.hashes(["7"]) for _ in range(2)]
    assert first == second
    await docs.aclose()


async def test_exports_go_on_at_most_eight_at_once(docs: GoogleDocs) -> None:
    now, most = 0, 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1
        return httpx.Response(200, content=b"text")

    many = GoogleDocs("http://g", "http://g", StaticToken("t"), transport=httpx.MockTransport(answer))
    assert len(await many.hashes([str(n) for n in range(30)])) == 30
    await many.aclose()
    assert most == 8


async def test_a_file_in_the_bin_is_not_found(docs: GoogleDocs, sandbox: Sandbox) -> None:
    place = folder()
    made = (await docs.create_folders([place]))[place.key]
    async with httpx.AsyncClient(transport=sandbox.transport, headers={"authorization": "Bearer someone"}) as person:
        await person.patch(f"{sandbox.url}/google/drive/v3/files/{made.id}", json={"trashed": True})
    assert await docs.find([place.key]) == {}


async def test_a_batch_is_copied_by_few_calls_at_once_and_every_copy_is_its_own(docs: GoogleDocs, sandbox: Sandbox) -> None:
    place = folder()
    parent = (await docs.create_folders([place]))[place.key].id
    copies = [Wanted(uuid4(), CopyRecord("packet", f"Packet {n}", parent)) for n in range(60)]
    made = await docs.copy_templates(copies)
    assert len({ref.id for ref in made.values()}) == 60
    assert len(await sandbox.objects("docs", "documents")) == 61


async def test_a_folder_may_stand_in_another(docs: GoogleDocs, sandbox: Sandbox) -> None:
    outer = folder()
    parent = (await docs.create_folders([outer]))[outer.key].id
    inner = Wanted(uuid4(), FolderRecord("inner", parent))
    made = (await docs.create_folders([inner]))[inner.key]
    assert {one["id"]: one["object"]["parents"] for one in await sandbox.objects("docs", "folders")}[made.id] == [parent]
