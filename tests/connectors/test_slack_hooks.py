"""What Slack signed is let in and read; of the messages that people act on nothing but their place is taken."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from connectors.chat.slack_hooks import interaction, verify
from connectors.hooks import Incoming, SignatureError
from contracts.errors import ContractError
from contracts.interactions import Action, Way

# The example of Slack's documents, also in slack-sdk's tests (MIT).
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
    b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
AT = datetime.fromtimestamp(1531420618, UTC)


def incoming(body: bytes = BODY, *, signature: str | None = SIGNATURE, timestamp: str | None = "1531420618") -> Incoming:
    headers = {"x-slack-signature": signature, "x-slack-request-timestamp": timestamp}
    given = {name: value for name, value in headers.items() if value is not None}
    return Incoming("POST", "http://x/slack/commands", given, body, AT)


@pytest.mark.parametrize("secrets", [[SECRET], ["other", SECRET]])
@pytest.mark.parametrize("late", [-300, 0, 300])
def test_the_published_vector_is_let_in_for_five_minutes_by_any_of_the_secrets(secrets: list[str], late: int) -> None:
    verify(incoming(), secrets, AT + timedelta(seconds=late))


@pytest.mark.parametrize(
    ("sent", "secrets", "late", "fault"),
    [
        (incoming(), ["other"], 0, "wrong"),
        (incoming(), [], 0, "wrong"),
        (incoming(BODY + b"x"), [SECRET], 0, "wrong"),
        (incoming(b"\xff"), [SECRET], 0, "wrong"),
        (incoming(signature="v0=\xe9"), [SECRET], 0, "wrong"),
        (incoming(signature=SIGNATURE.removeprefix("v0=")), [SECRET], 0, "wrong"),
        (incoming(timestamp="soon"), [SECRET], 0, "wrong"),
        (incoming(timestamp="١٥٣١٤٢٠٦١٨"), [SECRET], 0, "wrong"),
        (incoming(signature=None), [SECRET], 0, "missing"),
        (incoming(timestamp=None), [SECRET], 0, "missing"),
        (incoming(), [SECRET], 301, "stale"),
        (incoming(), [SECRET], -301, "stale"),
    ],
)
def test_what_is_not_signed_as_it_must_be_is_refused(sent: Incoming, secrets: list[str], late: int, fault: str) -> None:
    with pytest.raises(SignatureError, match=fault):
        verify(sent, secrets, AT + timedelta(seconds=late))


def payload(**fields: Any) -> Incoming:
    base = {"user": {"id": "U1", "name": "sam"}, "trigger_id": "1.2.3", "response_url": "https://hooks.slack.com/actions/1"}
    return incoming(urlencode({"payload": json.dumps(base | fields)}).encode())


MESSAGE = {"ts": "17.5", "thread_ts": "16.1", "text": "what the client wrote", "blocks": []}
PRESSED = {
    "type": "block_actions",
    "channel": {"id": "C1", "name": "deals"},
    "message": MESSAGE,
    "actions": [{"action_id": "approve", "value": "id hash", "type": "button"}],
}


def test_a_button_is_read_with_what_it_carries_and_where_it_stands() -> None:
    found = interaction(payload(**PRESSED))
    assert found is not None
    assert (found.way, found.action, found.person, found.subject) == (Way.BUTTON, Action.APPROVE, "U1", "id hash")
    assert (found.message, found.answer_to, found.trigger) == ("C1:17.5:16.1", "https://hooks.slack.com/actions/1", "1.2.3")
    assert "client" not in repr(found)
    assert interaction(payload(**PRESSED)) == found, "the same request is the same act"


def test_a_shortcut_is_read_without_the_words_of_its_message() -> None:
    found = interaction(payload(type="message_action", callback_id="promote", channel={"id": "C1"}, message=MESSAGE))
    assert found is not None
    assert (found.way, found.action, found.message) == (Way.SHORTCUT, Action.PROMOTE, "C1:17.5:16.1")
    assert "client" not in repr(found)


def test_a_form_is_read_with_what_opened_it() -> None:
    carried = json.dumps({"subject": "id hash", "message": "C1:17.5", "answer_to": "https://hooks.slack.com/actions/9"})
    values = {
        "reason": {"reason": {"type": "plain_text_input", "value": "too dear"}},
        "kind": {"kind": {"type": "static_select", "selected_option": {"value": "action"}}},
        "rest": {"rest": {"type": "plain_text_input", "value": None}},
    }
    view = {"callback_id": "reject", "private_metadata": carried, "state": {"values": values}}
    found = interaction(payload(type="view_submission", view=view))
    assert found is not None
    assert (found.way, found.action, found.subject) == (Way.FORM, Action.REJECT, "id hash")
    assert (found.said, found.answer_to) == (
        {"reason": "too dear", "kind": "action", "rest": ""},
        "https://hooks.slack.com/actions/9",
    )


def test_a_command_is_read() -> None:
    found = interaction(incoming(urlencode({"command": "/towline", "text": " deal  North ", "user_id": "U1"}).encode()))
    assert found is not None
    assert (found.way, found.action, found.subject, found.person) == (Way.COMMAND, Action.ASK, "deal North", "U1")


@pytest.mark.parametrize(
    "other",
    [
        incoming(),
        incoming(b"ssl_check=1&token=x"),
        payload(type="view_closed", view={"callback_id": "reject"}),
        payload(**(PRESSED | {"actions": [{"action_id": "open_link"}]})),
        payload(**(PRESSED | {"actions": PRESSED["actions"] * 2})),  # type: ignore[operator]
        payload(type="message_action", callback_id="another"),
    ],
)
def test_what_is_none_of_ours_is_nothing(other: Incoming) -> None:
    assert interaction(other) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"payload=",
        b"payload=[]",
        b"payload=%7B%22type%22%3A1%7D",
        urlencode({"payload": json.dumps(PRESSED | {"user": {"id": "U\0"}})}).encode(),
        urlencode({"payload": json.dumps(PRESSED | {"user": {"id": "U"}, "trigger_id": "x" * 6000})}).encode(),
        urlencode({"command": "/towline"}).encode(),
        b"&".join(b"a=1" for _ in range(100)),
    ],
)
def test_what_is_not_what_slack_describes_is_refused_without_its_words(body: bytes) -> None:
    with pytest.raises(ContractError) as raised:
        interaction(incoming(body))
    assert "x" * 20 not in raised.value.text
