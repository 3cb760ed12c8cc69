"""Gmail keeps the mail port's promises, and what is Gmail's own."""

import base64
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import httpx
import pytest

from connectors.mail.gmail import Gmail
from connectors.oauth import StaticToken
from contracts.errors import MisconfiguredError, UncertainError
from contracts.letters import Thread
from contracts.records import Ref
from tests.connectors.conftest import Sandbox
from tests.connectors.mail_rules import SENDER, MailRules, letter, posted

SEND = "POST /gmail/v1/users/me/messages/send"


class Account:
    """The account's mailbox in the sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    async def ask(self, path: str) -> Any:
        async with httpx.AsyncClient(transport=self.sandbox.transport, headers={"authorization": "Bearer person"}) as person:
            answer = await person.get(f"{self.sandbox.url}/google/gmail/v1/users/me/{path}")
        return answer.json()

    async def sent(self) -> list[EmailMessage]:
        ids = [one["id"] for one in await self.sandbox.objects("mail", "messages") if "SENT" in one["object"]["labelIds"]]
        raws = [base64.urlsafe_b64decode((await self.ask(f"messages/{one}?format=raw"))["raw"]) for one in ids]
        return [message_from_bytes(raw, policy=policy.default) for raw in raws]  # type: ignore[misc]

    async def arrive(self, sender: str, subject: str, *, answers: str = "", labels: tuple[str, ...] = (), text: str = "") -> None:
        written = {"from": sender, "subject": subject, "in_reply_to": answers, "labels": list(labels), "text": text}
        await self.sandbox.control("POST", "people", {"system": "mail", "kind": "messages", "properties": written})

    async def labels(self, key: UUID) -> set[str]:
        names = {one["id"]: one["name"] for one in (await self.ask("labels"))["labels"]}
        (found,) = [one for one in await self.sandbox.objects("mail", "messages") if one["key"] == str(key)]
        return {names[one] for one in found["object"]["labelIds"]}

    async def lose_next_answer(self) -> None:
        await self.sandbox.fault("mail", SEND, lose_answer=True)

    async def refuse_next(self) -> None:
        await self.sandbox.fault("mail", SEND, status=400)

    async def fail_next(self) -> None:
        await self.sandbox.fault("mail", SEND, status=503)


def adapter(sandbox: Sandbox) -> Gmail:
    return Gmail(f"{sandbox.url}/google", StaticToken("towline"), SENDER, transport=sandbox.transport)


@pytest.fixture
async def mail(sandbox: Sandbox) -> AsyncIterator[Gmail]:
    """Gmail in the sandbox, prepared."""
    mail = adapter(sandbox)
    await mail.prepare()
    yield mail
    await mail.aclose()


@pytest.fixture
async def locked_out(sandbox: Sandbox) -> AsyncIterator[Gmail]:
    """Gmail with a token that is good no more."""
    mail = Gmail(f"{sandbox.url}/google", StaticToken("revoked"), SENDER, transport=sandbox.transport)
    yield mail
    await mail.aclose()


@pytest.fixture
def postbox(sandbox: Sandbox) -> Account:
    return Account(sandbox)


class TestGmail(MailRules):
    """All rules, on Gmail."""


async def test_a_lost_answer_is_found_and_filed_under_our_label(mail: Gmail, postbox: Account) -> None:
    one = letter()
    await postbox.lose_next_answer()
    with pytest.raises(UncertainError):
        await mail.send([one])
    assert "Towline" not in await postbox.labels(one.key)
    (ref,) = (await mail.find([one.key])).values()
    assert isinstance(ref, Ref)
    assert "Towline" in await postbox.labels(one.key)


async def test_a_letter_in_the_bin_was_sent_all_the_same(mail: Gmail, sandbox: Sandbox) -> None:
    one = letter()
    ref = await posted(mail, one)
    change = {"system": "mail", "kind": "messages", "id": ref.id.partition(":")[0], "properties": {"trashed": True}}
    await sandbox.control("PATCH", "people", change)
    assert await mail.find([one.key]) == {one.key: ref}


async def test_a_letter_that_came_with_our_key_is_not_one_that_we_sent(mail: Gmail, sandbox: Sandbox) -> None:
    one = letter()
    forged = {"from": "spy@evil.example", "message_id": f"<{one.key}@towline.example>"}
    await sandbox.control("POST", "people", {"system": "mail", "kind": "messages", "properties": forged})
    assert await mail.find([one.key]) == {}


async def test_an_answer_joins_its_conversation_and_begins_it_anew_when_it_was_deleted(mail: Gmail, sandbox: Sandbox) -> None:
    first = letter()
    thread = Thread(first.key, await posted(mail, first))
    answer = await posted(mail, letter(subject="Re: Kick-off", thread=thread))
    assert answer.id.partition(":")[2] == thread.ref.id.partition(":")[2]
    await sandbox.control("POST", "reset")
    again = await posted(mail, letter(subject="Re: Kick-off", thread=thread))
    assert again.id.partition(":")[0] == again.id.partition(":")[2]


async def test_labels_that_somebody_deleted_are_made_anew(mail: Gmail, sandbox: Sandbox, postbox: Account) -> None:
    await sandbox.control("POST", "reset")
    one = letter()
    ref = await posted(mail, one)
    await mail.label(ref, "Decision")
    assert await postbox.labels(one.key) == {"SENT", "Towline", "Decision"}


async def test_letters_that_cannot_be_filed_are_sent_all_the_same(mail: Gmail, sandbox: Sandbox) -> None:
    await sandbox.fault("mail", "POST /gmail/v1/users/me/messages/batchModify", status=500)
    one = letter()
    assert await mail.find([one.key]) == {}
    ref = await posted(mail, one)
    assert await mail.find([one.key]) == {one.key: ref}


async def test_letters_that_people_label_later_are_told_again(mail: Gmail, sandbox: Sandbox, postbox: Account) -> None:
    await postbox.arrive("ada@northwind.example", "We agree")
    start = await mail.received(None)
    (came,) = await sandbox.objects("mail", "messages")
    change = {"system": "mail", "kind": "messages", "id": came["id"], "properties": {"labels": ["Decision"], "read": True}}
    await sandbox.control("PATCH", "people", change)
    (told,) = (await mail.received(start.cursor)).letters
    assert (told.subject, list(told.labels)) == ("We agree", ["Decision"])


async def test_history_that_is_forgotten_loses_no_letter(
    mail: Gmail, sandbox: Sandbox, postbox: Account, caplog: pytest.LogCaptureFixture
) -> None:
    start = await mail.received(None)
    await sandbox.control("POST", "reset")
    for n in range(3):
        await postbox.arrive("ada@northwind.example", f"Letter {n}")
    post = await mail.received(start.cursor)
    assert [one.subject for one in post.letters] == ["Letter 0", "Letter 1", "Letter 2"]
    assert "forgotten" in caplog.text
    await postbox.arrive("ada@northwind.example", "Letter 3")
    assert [one.subject for one in (await mail.received(post.cursor)).letters] == ["Letter 3"]


async def test_a_letter_that_was_thrown_away_since_is_not_told(mail: Gmail, sandbox: Sandbox, postbox: Account) -> None:
    start = await mail.received(None)
    for subject in ("binned", "kept"):
        await postbox.arrive("ada@northwind.example", subject)
    binned = next(one["id"] for one in await sandbox.objects("mail", "messages"))
    change = {"system": "mail", "kind": "messages", "id": binned, "properties": {"trashed": True}}
    await sandbox.control("PATCH", "people", change)
    assert [one.subject for one in (await mail.received(start.cursor)).letters] == ["kept"]


async def test_processes_that_prepare_at_once_end_with_one_label(sandbox: Sandbox, postbox: Account) -> None:
    one, other = adapter(sandbox), adapter(sandbox)
    await one.prepare()
    await other.prepare()
    assert [label["name"] for label in (await postbox.ask("labels"))["labels"]].count("Towline") == 1
    await one.aclose()
    await other.aclose()


async def test_a_rate_limit_told_as_a_403_is_waited_for(no_waiting: None) -> None:
    limit = {"error": {"code": 403, "message": "x", "errors": [{"reason": "userRateLimitExceeded"}]}}
    answers = iter([httpx.Response(403, json=limit), httpx.Response(200, json={"messages": []})])
    mail = Gmail("http://google", StaticToken("t"), SENDER, transport=httpx.MockTransport(lambda _: next(answers)))
    assert await mail.find([letter().key]) == {}
    await mail.aclose()


def test_a_sender_that_is_no_address_is_for_the_operator() -> None:
    with pytest.raises(MisconfiguredError, match="sender"):
        Gmail("http://google", StaticToken("t"), "Towline")
