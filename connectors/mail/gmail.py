"""The mail port on Gmail. Knows no flow, and what stands in a letter.

https://developers.google.com/workspace/gmail/api/reference/rest. Gmail keeps the Message-ID that a letter is sent with, so that
a letter of ours is found by its key. A cursor holds a history id and a time: Gmail forgets history after a week or so, and then
letters are listed by date instead (labels that people put on older letters in that gap are not seen; a warning says so).
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import Awaitable, Collection, Mapping, Sequence
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import orjson

from connectors.budget import UNLIMITED, Budget
from connectors.drift import UNWATCHED, Drift
from connectors.guard import guarded
from connectors.http import ApiClient
from connectors.mail.gmail_shapes import DIALECT, HEADERS, ME, added, came, letter_of, ref_of
from connectors.mail.mime import message_id, sender_of, words_of, written
from connectors.mail.port import WRITES
from connectors.network import TIMEOUT
from connectors.oauth import Token
from connectors.outcomes import each, together
from contracts.errors import RefusedError, TowlineError
from contracts.letters import Letter, Post, Received
from contracts.records import EffectKey, Outcome, Outcomes, Ref, Wanted
from contracts.systems import System

log = logging.getLogger(__name__)
T = TypeVar("T")
LABEL = "Towline"
AT_ONCE = 8
LARGE = 1_000_000  # bytes of a letter that goes by upload; what is smaller stands in the call itself
OVERLAP = 3600  # seconds of mail that are looked at twice when history is lost: clocks differ


@guarded(System.MAIL, WRITES)
class Gmail:
    """Our mail port on Gmail, on the mailbox that the token belongs to."""

    def __init__(
        self,
        base_url: str,
        token: Token,
        sender: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        budget: Budget = UNLIMITED,
        drift: Drift = UNWATCHED,
    ) -> None:
        """Speak to Gmail, at Google https://gmail.googleapis.com; `sender` is `Name <address>`. Raises MisconfiguredError."""
        self._sender = sender_of(sender)
        self._api = ApiClient("mail", base_url, token, DIALECT, transport=transport, timeout=timeout, budget=budget, drift=drift)
        self._room = asyncio.Semaphore(AT_ONCE)
        self._labels: dict[str, str] = {}

    async def aclose(self) -> None:
        """Close all connections."""
        await self._api.aclose()

    async def prepare(self) -> None:
        """Make our label, once."""
        await self._label_id(LABEL)

    async def send(self, wanted: Sequence[Wanted[Letter]]) -> Outcomes:
        """Send letters, each once; the reference's id is `message:conversation`."""
        outcomes = await each(self._send, {one.key: one for one in wanted}, at_once=AT_ONCE)
        await self._file([outcome for outcome in outcomes.values() if isinstance(outcome, Ref)])
        return outcomes

    async def find(self, keys: Collection[EffectKey]) -> Mapping[EffectKey, Outcome]:
        """Return our sent letters, also those in the bin; they are filed under our label, should that have been missed."""
        wanted = sorted(set(keys))
        found = await together(*(self._at_once(self._find(key)) for key in wanted))
        there: dict[EffectKey, Outcome] = {key: ref for key, ref in zip(wanted, found, strict=True) if ref}
        await self._file([ref for ref in found if ref])
        return there

    async def label(self, letter: Ref, label: str) -> None:
        """Put a label on a letter; a label that is not there is made. Raises RefusedError when the letter is gone."""
        await self._with_label(label, f"{ME}/messages/{letter.id.partition(':')[0]}/modify", {})

    async def received(self, since: str | None) -> Post:
        """Return what came into the inbox since a cursor, and letters on which people put a label since, whenever they came."""
        if since is None:
            return Post((), await self._cursor())
        history_id, _, at = since.partition(":")
        now = int(time.time())
        try:
            ids, cursor = await self._history(history_id)
        except RefusedError as error:
            if not error.cause.startswith("mail.http_404"):
                raise
            log.warning("Gmail has forgotten its history since the last look: letters are listed by date, labels may be missed")
            cursor = (await self._cursor()).partition(":")[0]  # before the list: what comes in between is seen twice, not never
            ids = await self._listed(int(at or 0))
        letters = await together(*(self._at_once(self._received(one)) for one in ids))
        return Post(sorted((one for one in letters if one), key=lambda one: one.received_at), f"{cursor}:{now}")

    async def read_words(self, letter: Ref) -> str:
        """Return a letter's words. https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/get"""
        path = f"{ME}/messages/{letter.id.partition(':')[0]}?format=raw"
        answer = await self._api.call("GET", path, nature="read")
        return words_of(base64.urlsafe_b64decode(answer["raw"]))

    async def _send(self, one: Wanted[Letter]) -> Ref:
        raw = written(one.key, one.record, self._sender)
        thread = one.record.thread.ref.id.partition(":")[2] if one.record.thread else ""
        fields = {"threadId": thread} if thread else {}
        try:
            return ref_of(await self._post(raw, fields))
        except RefusedError as error:
            if not (fields and error.cause.startswith("mail.http_404")):
                raise
            return ref_of(await self._post(raw, {}))  # somebody deleted the conversation: the letter begins it anew

    async def _post(self, raw: bytes, fields: Mapping[str, str]) -> dict[str, Any]:
        if len(raw) <= LARGE:
            body = {**fields, "raw": base64.urlsafe_b64encode(raw).decode()}
            return await self._api.call("POST", f"{ME}/messages/send", body)
        boundary = uuid4().hex
        head = f"--{boundary}\r\nContent-Type: application/json\r\n\r\n".encode() + orjson.dumps(fields)
        media = f"\r\n--{boundary}\r\nContent-Type: message/rfc822\r\n\r\n".encode() + raw
        content = head + media + f"\r\n--{boundary}--\r\n".encode()
        path, kind = f"/upload{ME}/messages/send", f"multipart/related; boundary={boundary}"
        return await self._api.call("POST", path, content, params={"uploadType": "multipart"}, content_type=kind)

    async def _find(self, key: EffectKey) -> Ref | None:
        asked: dict[str, str | int] = {
            "q": f"rfc822msgid:{message_id(key, self._sender)}",
            "labelIds": "SENT",
            "includeSpamTrash": "true",
            "maxResults": 10,
        }
        answer = await self._api.call("GET", f"{ME}/messages", params=asked, nature="read")
        return ref_of(answer["messages"][-1]) if answer.get("messages") else None

    async def _file(self, letters: Sequence[Ref]) -> None:
        """Put our label on letters. They are sent by now: a failure must not say otherwise, and `find` files them later."""
        if not letters:
            return
        try:
            ids = {"ids": [ref.id.partition(":")[0] for ref in letters]}
            await self._with_label(LABEL, f"{ME}/messages/batchModify", ids)
        except TowlineError as error:
            log.warning("letters were sent and not filed under our label: %s", error.cause)

    async def _with_label(self, name: str, path: str, body: Mapping[str, Any]) -> None:
        """Make a call that adds a label; one that somebody deleted since we saw it is made anew."""
        known = name in self._labels
        try:
            change = {**body, "addLabelIds": [await self._label_id(name)]}
            await self._api.call("POST", path, change, nature="repeatable")
        except RefusedError as error:
            if not known or not error.cause.startswith("mail.http_400"):
                raise
            del self._labels[name]
            await self._with_label(name, path, body)

    async def _label_id(self, name: str) -> str:
        """Return the id of a label, and make it if it is not there; another process may do so at the same time."""
        for _ in range(2):
            if name not in self._labels:
                await self._learn_labels()
            if name in self._labels:
                return self._labels[name]
            try:
                made = await self._api.call("POST", f"{ME}/labels", {"name": name}, nature="repeatable")
                self._labels[name] = str(made["id"])
            except RefusedError as error:
                if not error.cause.startswith("mail.http_409"):
                    raise
        raise RefusedError("mail: a label of this name cannot be made", cause="mail.label")

    async def _learn_labels(self) -> None:
        answer = await self._api.call("GET", f"{ME}/labels", nature="read")
        self._labels = {str(one["name"]): str(one["id"]) for one in answer.get("labels", ())}

    async def _cursor(self) -> str:
        profile = await self._api.call("GET", f"{ME}/profile", nature="read")
        return f"{profile['historyId']}:{int(time.time())}"

    async def _history(self, start: str) -> tuple[list[str], str]:
        """Return the ids of letters that came or were labelled, and the history id that we know all before."""
        await self._learn_labels()
        ours, ids, page = self._labels.get(LABEL, ""), dict[str, None](), ""
        while True:
            answer = await self._page("history", {"startHistoryId": start}, page)
            ids |= dict.fromkeys(one for entry in answer.get("history", ()) for one in added(entry, ours))
            page = str(answer.get("nextPageToken") or "")
            if not page:
                return list(ids), str(answer["historyId"])

    async def _listed(self, since: int) -> list[str]:
        await self._learn_labels()
        ids, page = list[str](), ""
        while True:
            answer = await self._page("messages", {"q": f"in:inbox after:{max(0, since - OVERLAP)}"}, page)
            ids += [str(one["id"]) for one in answer.get("messages", ())]
            page = str(answer.get("nextPageToken") or "")
            if not page:
                return ids

    async def _page(self, what: str, asked: Mapping[str, str], page: str) -> dict[str, Any]:
        params: dict[str, str | int] = {**asked, "maxResults": 500, **({"pageToken": page} if page else {})}
        return await self._api.call("GET", f"{ME}/{what}", params=params, nature="read")

    async def _received(self, letter_id: str) -> Received | None:
        """Return a letter by its headers; None for one that somebody deleted since, or that is no letter to us."""
        try:
            path = f"{ME}/messages/{letter_id}?format=metadata&{HEADERS}"
            answer = await self._api.call("GET", path, nature="read")
        except RefusedError as error:
            if error.cause.startswith("mail.http_404"):
                return None
            raise
        return letter_of(answer, {label: name for name, label in self._labels.items()}) if came(answer) else None

    async def _at_once(self, call: Awaitable[T]) -> T:
        async with self._room:
            return await call
