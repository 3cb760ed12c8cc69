"""Gmail as Google's official client sees it: the sandbox must answer it as Google would."""

import base64
import json
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import google.auth.credentials
import pytest
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaInMemoryUpload

ACCOUNT = "deals@towline.example"
KEY = "5d2b6d0a-6a3c-4c1e-9a53-0d1f6f1f2f10"


class Bearer(google.auth.credentials.Credentials):
    """A token that never changes."""

    def __init__(self, token: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.token = token

    @property
    def expired(self) -> bool:
        return False

    @property
    def valid(self) -> bool:
        return True

    def refresh(self, request: Any) -> None:
        raise AssertionError("the sandbox refused the token")


def client(url: str, bearer: str = "test-client") -> Any:
    """Return Google's client of Gmail, pointed at the sandbox as the documentation says."""
    document = json.loads(get_static_doc("gmail", "v1"))
    document["rootUrl"] = f"{url}/google/"
    document["baseUrl"] = document["rootUrl"] + document["servicePath"]
    document["batchPath"] = "batch/gmail/v1"
    return build_from_document(document, credentials=Bearer(bearer))


@pytest.fixture
def gmail(sandbox: Any) -> Iterator[Any]:
    with client(sandbox.url) as api:
        yield api.users()


def letter(subject: str = "Kick-off", to: str = "Ada Byron <ada@northwind.example>", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Towline <{ACCOUNT}>", to, subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("Dear Ada,\nwe begin on Monday & look forward to it.\n")
    message.add_alternative("<p>Dear Ada</p>", subtype="html")
    return message


def raw(message: EmailMessage) -> dict[str, str]:
    return {"raw": base64.urlsafe_b64encode(message.as_bytes()).decode()}


def send(gmail: Any, message: EmailMessage, **more: Any) -> dict[str, Any]:
    sent: dict[str, Any] = gmail.messages().send(userId="me", body=raw(message) | more).execute()
    return sent


def ids(gmail: Any, **search: Any) -> list[str]:
    return [one["id"] for one in gmail.messages().list(userId="me", **search).execute().get("messages", [])]


def refusal(call: Any) -> tuple[int, str]:
    """Return status and reason of a call that must fail."""
    with pytest.raises(HttpError) as caught:
        call.execute()
    error = json.loads(caught.value.content)["error"]
    assert error["code"] == caught.value.resp.status
    assert error["message"] == error["errors"][0]["message"]
    return caught.value.resp.status, error["errors"][0]["reason"]


def header_of(message: dict[str, Any], name: str) -> str:
    return next(str(h["value"]) for h in message["payload"]["headers"] if h["name"] == name)


def test_a_sent_letter_is_filed_and_shown_in_every_format(gmail: Any) -> None:
    message = letter(Message_ID=f"<{KEY}@towline.example>")
    sent = send(gmail, message)
    assert sent == {"id": sent["id"], "threadId": sent["id"], "labelIds": ["SENT"]}
    full = gmail.messages().get(userId="me", id=sent["id"]).execute()
    assert header_of(full, "Message-ID") == f"<{KEY}@towline.example>"
    assert [part["mimeType"] for part in full["payload"]["parts"]] == ["text/plain", "text/html"]
    text = base64.urlsafe_b64decode(full["payload"]["parts"][0]["body"]["data"]).decode()
    assert text.startswith("Dear Ada,")
    assert full["snippet"] == "Dear Ada, we begin on Monday &amp; look forward to it."
    minimal = gmail.messages().get(userId="me", id=sent["id"], format="minimal").execute()
    assert minimal == {name: value for name, value in full.items() if name != "payload"}
    some = gmail.messages().get(userId="me", id=sent["id"], format="metadata", metadataHeaders=["Subject", "to"]).execute()
    assert {h["name"] for h in some["payload"]["headers"]} == {"Subject", "To"}
    whole = gmail.messages().get(userId="me", id=sent["id"], format="raw").execute()
    assert base64.urlsafe_b64decode(whole["raw"]).endswith(message.as_bytes()[-40:])
    assert gmail.messages().get(userId="me", id=sent["id"], fields="id,payload/mimeType").execute() == {
        "id": sent["id"],
        "payload": {"mimeType": "multipart/alternative"},
    }


@pytest.mark.parametrize("body", [None, {}], ids=["media", "multipart"])
def test_a_letter_may_be_uploaded_as_bytes(gmail: Any, body: dict[str, Any] | None) -> None:
    message = letter("Grüße — 你好", Message_ID=f"<{KEY}@towline.example>")
    message.add_attachment(bytes(range(256)) * 40, maintype="application", subtype="pdf", filename="Plan für Ada.pdf")
    media = MediaInMemoryUpload(message.as_bytes(), "message/rfc822")
    sent = gmail.messages().send(userId="me", body=body, media_body=media).execute()
    full = gmail.messages().get(userId=ACCOUNT, id=sent["id"]).execute()
    assert header_of(full, "Subject") == "Grüße — 你好"
    *_, file = full["payload"]["parts"]
    assert (file["filename"], file["mimeType"], file["body"]["size"]) == ("Plan für Ada.pdf", "application/pdf", 10240)
    attachments = gmail.messages().attachments()
    found = attachments.get(userId="me", messageId=sent["id"], id=file["body"]["attachmentId"]).execute()
    assert base64.urlsafe_b64decode(found["data"]) == bytes(range(256)) * 40
    assert refusal(attachments.get(userId="me", messageId=sent["id"], id="nothing")) == (400, "invalidArgument")
    assert ids(gmail, q="has:attachment filename:pdf") == [sent["id"]]


def test_letters_are_found_by_what_the_search_box_understands(gmail: Any, sandbox: Any) -> None:
    mine = send(gmail, letter("Kick-off plan", Message_ID=f"<{KEY}@towline.example>"))["id"]
    written = {"from": "Charles <charles@contoso.example>", "subject": "Our decision", "text": "We say yes", "labels": ["To do"]}
    theirs = sandbox.control("POST", "people", {"system": "mail", "kind": "messages", "properties": written})["id"]
    for q, expected in {
        f"rfc822msgid:{KEY}@towline.example": [mine],
        f"rfc822msgid:<{KEY}@towline.example>": [mine],
        f"{{rfc822msgid:{KEY}@towline.example rfc822msgid:other@x.example}}": [mine],
        "rfc822msgid:other@x.example": [],
        "from:charles@contoso.example": [theirs],
        "to:ada": [mine],
        "subject:(kick-off plan)": [mine],
        'subject:"plan kick-off"': [],
        "in:inbox": [theirs],
        "in:sent": [mine],
        "label:to-do": [theirs],
        "is:unread yes": [theirs],
        "-in:inbox": [mine],
        "newer_than:1d": [theirs, mine],
        "older_than:1d": [],
        "after:2020/01/01 before:2021/01/01": [],
        "after:1577836800": [theirs, mine],
        "decision OR kick-off": [theirs, mine],
        "(decision charles) OR nobody": [theirs],
        "(" * 2_000: [theirs, mine],
        ") } OR": [theirs, mine],
        "": [theirs, mine],
    }.items():
        assert ids(gmail, q=q) == expected, q
    assert ids(gmail, labelIds=["INBOX", "UNREAD"]) == [theirs]
    assert refusal(gmail.messages().list(userId="me", labelIds=["Label_0"])) == (400, "invalidArgument")


def test_the_bin_is_searched_only_when_it_is_asked_for(gmail: Any) -> None:
    sent = send(gmail, letter())["id"]
    assert gmail.messages().trash(userId="me", id=sent).execute()["labelIds"] == ["SENT", "TRASH"]
    assert ids(gmail) == []
    assert ids(gmail, includeSpamTrash=True) == ids(gmail, q="in:trash") == ids(gmail, labelIds=["TRASH"]) == [sent]
    assert gmail.messages().untrash(userId="me", id=sent).execute()["labelIds"] == ["SENT"]
    gmail.messages().delete(userId="me", id=sent).execute()
    assert refusal(gmail.messages().get(userId="me", id=sent)) == (404, "notFound")


def test_long_lists_come_in_pages_that_stay_right_while_letters_come_in(gmail: Any) -> None:
    sent = [send(gmail, letter(f"Letter {n}"))["id"] for n in range(5)]
    call = gmail.messages().list(userId="me", maxResults=2)
    first = call.execute()
    send(gmail, letter("One more"))
    second = gmail.messages().list_next(call, first)
    pages = [first, second.execute()]
    pages.append(gmail.messages().list_next(second, pages[-1]).execute())
    assert [one["id"] for page in pages for one in page["messages"]] == sent[::-1]
    assert "nextPageToken" not in pages[-1]
    assert refusal(gmail.messages().list(userId="me", pageToken="!")) == (400, "invalidArgument")


def test_a_letter_joins_a_conversation_only_by_id_reference_and_subject(gmail: Any) -> None:
    first = send(gmail, letter(Message_ID=f"<{KEY}@towline.example>"))
    reference = {"In_Reply_To": f"<{KEY}@towline.example>", "References": f"<{KEY}@towline.example>"}
    thread = {"threadId": first["threadId"]}
    joined = send(gmail, letter("Re: Kick-off", **reference), **thread)
    others = [
        send(gmail, letter("Re: Kick-off", **reference)),
        send(gmail, letter("Something else", **reference), **thread),
        send(gmail, letter("Re: Kick-off"), **thread),
    ]
    assert joined["threadId"] == first["threadId"]
    assert [one["threadId"] for one in others] == [one["id"] for one in others]
    shown = gmail.threads().get(userId="me", id=first["threadId"], format="minimal").execute()
    assert [one["id"] for one in shown["messages"]] == [first["id"], joined["id"]]
    assert [one["id"] for one in gmail.threads().list(userId="me", q="subject:kick-off").execute()["threads"]] == [
        others[2]["id"],
        others[0]["id"],
        first["id"],
    ]
    body = {"addLabelIds": ["STARRED"]}
    changed = gmail.threads().modify(userId="me", id=first["threadId"], body=body).execute()
    assert [one["labelIds"] for one in changed["messages"]] == [["SENT", "STARRED"]] * 2
    gmail.threads().trash(userId="me", id=first["threadId"]).execute()
    assert sorted(ids(gmail, q="in:trash")) == sorted([first["id"], joined["id"]])
    gmail.threads().delete(userId="me", id=first["threadId"]).execute()
    assert refusal(gmail.threads().get(userId="me", id=first["threadId"])) == (404, "notFound")
    assert refusal(gmail.messages().send(userId="me", body=raw(letter()) | {"threadId": "abc123"})) == (404, "notFound")


def test_an_answer_that_comes_in_joins_its_conversation(gmail: Any, sandbox: Any) -> None:
    first = send(gmail, letter())
    answer = {"from": "ada@northwind.example", "subject": "Re: Kick-off", "text": "Fine", "in_reply_to": first["id"]}
    came = sandbox.control("POST", "people", {"system": "mail", "kind": "messages", "properties": answer})
    assert (came["threadId"], came["labelIds"]) == (first["threadId"], ["INBOX", "UNREAD"])
    imported = letter("RE: Kick-off", to=ACCOUNT, In_Reply_To=header_of(came, "Message-ID"))
    assert gmail.messages().import_(userId="me", body=raw(imported)).execute()["threadId"] == first["threadId"]
    inserted = gmail.messages().insert(userId="me", body=raw(imported) | {"labelIds": ["INBOX"]}).execute()
    assert inserted == {"id": inserted["id"], "threadId": inserted["id"], "labelIds": ["INBOX"]}


def test_labels_are_made_changed_counted_and_deleted(gmail: Any) -> None:
    labels = gmail.labels()
    assert {"INBOX", "SENT", "TRASH"} <= {one["id"] for one in labels.list(userId="me").execute()["labels"]}
    made = labels.create(userId="me", body={"name": "Towline", "labelListVisibility": "labelShow"}).execute()
    assert made == {"id": made["id"], "name": "Towline", "type": "user", "labelListVisibility": "labelShow"}
    assert refusal(labels.create(userId="me", body={"name": "towline"})) == (409, "aborted")
    assert refusal(labels.create(userId="me", body={"name": "Inbox"})) == (409, "aborted")
    assert refusal(labels.create(userId="me", body={})) == (400, "invalidArgument")
    sent = [send(gmail, letter())["id"] for _ in range(3)]
    change = {"addLabelIds": [made["id"], "UNREAD"]}
    assert gmail.messages().modify(userId="me", id=sent[0], body=change).execute()["labelIds"] == [made["id"], "SENT", "UNREAD"]
    gmail.messages().batchModify(userId="me", body={"ids": [*sent, "abc"], "addLabelIds": [made["id"]]}).execute()
    shown = labels.get(userId="me", id=made["id"]).execute()
    assert (shown["messagesTotal"], shown["messagesUnread"], shown["threadsTotal"]) == (3, 1, 3)
    assert labels.patch(userId="me", id=made["id"], body={"name": "Tow"}).execute()["labelListVisibility"] == "labelShow"
    assert labels.update(userId="me", id=made["id"], body={"name": "Line"}).execute() == {
        "id": made["id"],
        "name": "Line",
        "type": "user",
    }
    labels.delete(userId="me", id=made["id"]).execute()
    assert gmail.messages().get(userId="me", id=sent[1]).execute()["labelIds"] == ["SENT"]
    assert refusal(labels.get(userId="me", id=made["id"])) == (404, "notFound")
    assert refusal(labels.delete(userId="me", id="INBOX")) == (400, "invalidArgument")
    for wrong in (
        {},
        {"addLabelIds": ["nothing"]},
        {"addLabelIds": ["SENT"]},
        {"addLabelIds": ["UNREAD"] * 1, "removeLabelIds": ["UNREAD"]},
    ):
        assert refusal(gmail.messages().modify(userId="me", id=sent[0], body=wrong)) == (400, "invalidArgument")


def test_history_tells_what_changed_since(gmail: Any, sandbox: Any) -> None:
    start = gmail.getProfile(userId="me").execute()["historyId"]
    assert "history" not in gmail.history().list(userId="me", startHistoryId=start).execute()
    sent = send(gmail, letter())["id"]
    gmail.messages().modify(userId="me", id=sent, body={"addLabelIds": ["STARRED"]}).execute()
    gmail.messages().modify(userId="me", id=sent, body={"removeLabelIds": ["STARRED"]}).execute()
    sandbox.control("POST", "people", {"system": "mail", "kind": "messages", "properties": {"text": "Hello"}})
    gmail.messages().delete(userId="me", id=sent).execute()
    whole = gmail.history().list(userId="me", startHistoryId=start).execute()
    kinds = [next(name for name in one if name not in ("id", "messages")) for one in whole["history"]]
    assert kinds == ["messagesAdded", "labelsAdded", "labelsRemoved", "messagesAdded", "messagesDeleted"]
    assert whole["history"][1]["labelsAdded"][0]["labelIds"] == ["STARRED"]
    assert whole["historyId"] == whole["history"][-1]["id"] == gmail.getProfile(userId="me").execute()["historyId"]
    call = gmail.history().list(userId="me", startHistoryId=start, historyTypes=["messageAdded"], maxResults=1)
    first = call.execute()
    second = gmail.history().list_next(call, first).execute()
    assert [page["history"][0]["messages"][0]["id"] == sent for page in (first, second)] == [True, False]
    assert "nextPageToken" not in second
    inbox = gmail.history().list(userId="me", startHistoryId=start, labelId="INBOX").execute()["history"]
    assert [one["id"] for one in inbox] == [second["history"][0]["id"]]


def test_a_history_id_that_is_too_old_is_not_found(gmail: Any, sandbox: Any) -> None:
    start = gmail.getProfile(userId="me").execute()["historyId"]
    sandbox.control("POST", "reset")
    assert refusal(gmail.history().list(userId="me", startHistoryId=start)) == (404, "notFound")
    assert refusal(gmail.history().list(userId="me", startHistoryId="0x")) == (400, "invalidArgument")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "invalidArgument")),
        ({"raw": "%%%"}, (400, "invalidArgument")),
        (raw(letter(to="nobody")), (400, "invalidArgument")),
        ({"raw": base64.urlsafe_b64encode(b"Subject: x\r\n\r\nnobody gets this").decode()}, (400, "invalidArgument")),
    ],
    ids=["no letter", "no base64", "no address", "no recipient"],
)
def test_what_cannot_be_sent_is_refused(gmail: Any, body: dict[str, Any], expected: tuple[int, str]) -> None:
    assert refusal(gmail.messages().send(userId="me", body=body)) == expected
    assert ids(gmail) == []


def test_errors_have_googles_shape(gmail: Any, sandbox: Any) -> None:
    assert refusal(gmail.messages().get(userId="me", id="0123456789abcdef")) == (404, "notFound")
    assert refusal(gmail.messages().get(userId="me", id="not an id")) == (400, "invalidArgument")
    assert refusal(gmail.getProfile(userId="other@somewhere.example")) == (403, "forbidden")
    with (
        client(sandbox.url, "invalid-token") as stranger,
        pytest.raises((HttpError, AssertionError), match=r"401|refused the token"),
    ):
        stranger.users().getProfile(userId="me").execute()
    assert sandbox.http.get("/google/gmail/v1/users/me/profile", headers={"Authorization": ""}).status_code == 401
    assert gmail.settings().sendAs().list(userId="me").execute()["sendAs"][0]["isPrimary"] is True


def test_a_batch_is_answered_part_by_part(sandbox: Any) -> None:
    with client(sandbox.url) as api:
        sent, answers = send(api.users(), letter())["id"], {}
        batch = api.new_batch_http_request(callback=lambda name, answer, error: answers.update({name: (answer, error)}))
        batch.add(api.users().messages().get(userId="me", id=sent, format="minimal"), request_id="found")
        batch.add(api.users().messages().get(userId="me", id="abc"), request_id="lost")
        batch.execute()
    assert answers["found"][0]["id"] == sent
    assert answers["lost"][1].resp.status == 404


def test_letters_and_history_outlive_a_restart(serve: Callable[..., Any], tmp_path: Any) -> None:
    running = serve(state=tmp_path)
    with client(running.url) as api:
        start = api.users().getProfile(userId="me").execute()["historyId"]
        sent = send(api.users(), letter())["id"]
    again = serve(state=tmp_path)
    with client(again.url) as api:
        history = api.users().history().list(userId="me", startHistoryId=start).execute()["history"]
    assert [one["messages"][0]["id"] for one in history] == [sent]


def test_a_minute_of_units_may_be_used_at_once_and_no_more(limited_sandbox: Any) -> None:
    with client(limited_sandbox.url) as api:
        refused = None
        for n in range(70):
            try:
                send(api.users(), letter(f"Letter {n}"))
            except HttpError as error:
                refused = error
                break
    assert refused is not None
    error = json.loads(refused.content)["error"]["errors"][0]
    assert (n >= 60, refused.resp.status, error["reason"], error["domain"]) == (True, 403, "userRateLimitExceeded", "usageLimits")
    assert int(refused.resp["retry-after"]) >= 1


def test_people_see_letters_by_our_key_and_can_sort_them(gmail: Any, sandbox: Any) -> None:
    sent = send(gmail, letter(Message_ID=f"<{KEY.upper()}@towline.example>"))["id"]
    kept = sandbox.control("GET", "objects?system=mail")["messages"]
    assert [(one["id"], one["key"], header_of(one["object"], "Subject")) for one in kept] == [(sent, KEY, "Kick-off")]
    assert sandbox.control("GET", "requests?since=0")[-1]["key"] is not None
    change = {"system": "mail", "kind": "messages", "id": sent, "properties": {"labels": ["Decision"], "trashed": True}}
    sorted_ = sandbox.control("PATCH", "people", change)
    label = next(one for one in gmail.labels().list(userId="me").execute()["labels"] if one["name"] == "Decision")
    assert sorted_["labelIds"] == sorted(["SENT", "TRASH", label["id"]])
    column = next(one for one in sandbox.control("GET", "page")["columns"] if one["name"] == "mail")["kinds"][0]
    card = column["cards"][0]
    assert (card["title"], card["facts"]) == ("Kick-off", ["to Ada Byron <ada@northwind.example>", "Decision", "in the bin"])
    for wrong in ({"colour": "red"}, {"from": "nobody"}, {"subject": "a\nBcc: b@c.example"}):
        body = {"system": "mail", "kind": "messages", "properties": wrong}
        assert sandbox.http.post("/_sandbox/people", json=body).status_code == 400
