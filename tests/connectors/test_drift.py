"""What is different in a vendor's answer is noticed at the first answer that shows it, by names and types, and stops no call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest

from connectors.billing import stripe_calls
from connectors.chat import slack_shapes
from connectors.crm import hubspot_calls
from connectors.docs import google_calls
from connectors.docs.google import GoogleDocs
from connectors.drift import Drift
from connectors.http import ApiClient
from connectors.mail import gmail_shapes
from connectors.oauth import StaticToken
from contracts.drift import Finding
from contracts.errors import RetryableError

FILE = {"id": "f1", "webViewLink": "https://docs.example/f1"}
LETTER = {"id": "m1", "threadId": "t1", "internalDate": "1793000000000", "payload": {}}
SENT = {"id": "m1", "threadId": "t1"}
OURS = {"ts": "1.0", "text": "told", "metadata": {"event_type": "towline_effect", "event_payload": {"towline_key": "k"}}}
QUOTE = {"id": "qt_1", "object": "quote", "status": "open"}
RECORD = {"id": "1", "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z", "archived": False}
ME = gmail_shapes.ME
GONE = "does not come any more, was"
SEARCH, DEAL = "/crm/v3/objects/deals/search", ["dealname"]


async def found(vendor: str, seen: Iterable[Any]) -> list[str]:
    kept: list[Finding] = []

    async def note(findings: Collection[Finding]) -> None:
        kept.extend(findings)

    await Drift(note).look(vendor, seen)
    return [one.text for one in kept]


def hubspot(answer: Mapping[str, Any]) -> Iterable[Any]:
    return hubspot_calls.objects(SEARCH, {"properties": DEAL}, answer)


def drive(answer: Mapping[str, Any], path: str = "/drive/v3/files/f1", fields: str = "id,webViewLink") -> Iterable[Any]:
    return google_calls.objects(path, {"fields": fields}, answer)


def gmail(path: str, answer: Mapping[str, Any]) -> Iterable[Any]:
    return gmail_shapes.objects(f"{ME}/{path}", {}, answer)


def stripe(answer: Mapping[str, Any]) -> Iterable[Any]:
    return stripe_calls.objects("/v1/anything", {}, answer)


@pytest.mark.parametrize(
    ("vendor", "seen", "differences"),
    [
        ("hubspot", hubspot({"results": [RECORD | {"properties": {"dealname": "x"}}]}), []),
        ("hubspot", hubspot({"results": [RECORD | {"properties": {}}]}), [f"deals.dealname: {GONE} text?"]),
        ("hubspot", hubspot({"results": [RECORD]}), [f"record.properties: {GONE} object"]),
        ("hubspot", hubspot({"results": 7}), ["record.body: was object, is integer"]),
        ("google", drive(FILE), []),
        ("google", drive({"id": "f1"}), [f"file.webViewLink: {GONE} text"]),
        ("google", drive(FILE | {"id": 7}), ["file.id: was text, is integer"]),
        ("google", drive({"files": [FILE, "f2"]}), ["file.body: was object, is text"]),
        ("google", drive({}, "/v1/documents/d1:batchUpdate", "documentId"), [f"document.documentId: {GONE} text"]),
        ("gmail", gmail("messages/m1?format=metadata", LETTER), []),
        ("gmail", gmail("messages/m1?format=metadata", SENT | {"payload": {}}), [f"message.internalDate: {GONE} text"]),
        ("gmail", gmail("messages/send", SENT), []),
        ("gmail", gmail("messages/send", SENT | {"threadId": None}), ["message.threadId: was text, is null"]),
        ("gmail", gmail("messages", {"messages": [{"id": "m1"}]}), [f"message.threadId: {GONE} text"]),
        ("gmail", gmail("messages", {"resultSizeEstimate": 0}), []),
        (
            "gmail",
            gmail("history", {"history": [{"id": "7", "starsAdded": []}]}),
            ["history.starsAdded: a field that is new, list"],
        ),
        (
            "gmail",
            gmail("labels", {"labels": [{"id": "L", "name": "x", "type": "shared"}]}),
            ["label.type: a word that is new, shared; known are system, user"],
        ),
        ("gmail", gmail("labels", {}), []),
        ("gmail", gmail("profile", {"emailAddress": "x"}), [f"profile.historyId: {GONE} text"]),
        ("gmail", gmail("messages/m1/modify", {}), []),
        ("slack", slack_shapes.objects({"messages": [OURS, {"type": "message", "from_people": True}]}), []),
        ("slack", slack_shapes.objects({"message": OURS | {"ts": 1.0}}), ["message.ts: was text, is number"]),
        ("slack", slack_shapes.objects({"message": OURS | {"mood": "fine"}}), ["message.mood: a field that is new, text"]),
        ("slack", slack_shapes.objects({"channels": [{"id": "C1"}]}), [f"channel.name: {GONE} text"]),
        ("slack", slack_shapes.objects({"channels": {"id": "C1", "name": "x"}}), []),
        ("stripe", stripe(QUOTE), []),
        (
            "stripe",
            stripe({"object": "list", "data": [QUOTE | {"status": "lost"}]}),
            ["quote.status: a word that is new, lost; known are draft, open, accepted, canceled"],
        ),
        ("stripe", stripe({"object": "search_result", "data": None}), []),
        ("stripe", stripe({"object": "customer", "id": "cus_1", "deleted": True}), []),
        ("stripe", stripe({"object": "customer", "id": "cus_1", "tier": 1}), ["customer.tier: a field that is new, integer"]),
        (
            "stripe",
            stripe({"object": "event", "id": "e", "type": "t", "created": 1, "data": {"object": QUOTE | {"status": 1}}}),
            ["quote.status: was text, is integer"],
        ),
    ],
)
async def test_a_difference_in_an_answer_is_told_by_name_and_type(
    vendor: str, seen: Iterable[Any], differences: list[str]
) -> None:
    assert await found(vendor, seen) == [f"{vendor} {one}" for one in differences]


@pytest.fixture
async def drive_that_changed() -> AsyncIterator[tuple[GoogleDocs, list[str]]]:
    """Drive, which calls the link of a file by another name, and what was noted of it."""
    causes: list[str] = []

    async def note(findings: Collection[Finding]) -> None:
        causes.extend(one.cause for one in findings)
        if len(causes) == 1:
            raise RetryableError("the ledger is away", cause="ledger.unavailable")

    def answer(_request: httpx.Request) -> httpx.Response:
        key = {"towline_key": str(UUID(int=1))}
        return httpx.Response(200, json={"files": [{"id": "f1", "createdTime": "2026-01-01T00:00:00Z", "appProperties": key}]})

    url = "https://drive.example"
    port = GoogleDocs(url, url, StaticToken("t"), transport=httpx.MockTransport(answer), drift=Drift(note))
    yield port, causes
    await port.aclose()


async def test_the_call_goes_on_and_a_difference_that_was_not_written_down_is_told_again(
    drive_that_changed: tuple[GoogleDocs, list[str]],
) -> None:
    """
    Given answers without a field that was asked for, and a ledger that is away at the first of them
    When files are looked for three times
    Then each look finds them, and the difference is written down once the ledger is there, and once only.
    """
    port, causes = drive_that_changed
    for _ in range(3):
        assert (await port.find([UUID(int=1)]))[UUID(int=1)].id == "f1"
    assert causes == ["drift/google/file/webViewLink/missing"] * 2


@pytest.mark.parametrize("dialect", [hubspot_calls.DIALECT, google_calls.DIALECT, gmail_shapes.DIALECT, stripe_calls.DIALECT])
async def test_nothing_that_a_vendor_answers_stops_a_call(dialect: Any) -> None:
    paths = (SEARCH, "/drive/v3/files", "/v1/documents/d", f"{ME}/messages", f"{ME}/labels", f"{ME}/history", "/v1/invoices")
    names = ("results", "files", "messages", "labels", "data", "object", "history")
    values: tuple[Any, ...] = (None, 7, "x", [None], [[]], {"object": "event"}, [{"object": 7, "properties": 7}])
    for answer in ({}, *({name: value} for name in names for value in values)):
        for path in paths:
            transport = httpx.MockTransport(lambda _, answer=answer: httpx.Response(200, json=answer))  # type: ignore[misc]
            client = ApiClient("crm", "https://x.example", StaticToken("t"), dialect, transport=transport, drift=Drift(_nowhere))
            assert await client.call("GET", path, nature="read") == answer
            await client.aclose()


async def _nowhere(findings: Collection[Finding]) -> None:
    """Keep nothing."""
