"""People act in the sandbox's Slack, and the app is told as Slack tells it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from slack_sdk.signature import SignatureVerifier

from sandbox.app import create_app
from sandbox.settings import Settings

BLOCKS = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "Decide"}},
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "approve", "value": value, "text": {"type": "plain_text", "text": "Approve"}}
            for value in ("one", "two")
        ],
    },
]
VIEW = {
    "type": "modal",
    "callback_id": "reject",
    "private_metadata": "{}",
    "title": {"type": "plain_text", "text": "Reject"},
    "blocks": [
        {"type": "input", "block_id": "why", "label": {"type": "plain_text", "text": "Why"},
         "element": {"type": "plain_text_input", "action_id": "why"}},
        {"type": "input", "block_id": "kind", "label": {"type": "plain_text", "text": "Kind"},
         "element": {"type": "static_select", "action_id": "kind",
                     "options": [{"text": {"type": "plain_text", "text": "A"}, "value": "a"}]}},
    ],
}  # fmt: skip


class App:
    """Takes what it is told, and answers as it is set to."""

    def __init__(self) -> None:
        self.told: list[httpx.Request] = []
        self.answer: Callable[[], httpx.Response] = lambda: httpx.Response(200)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.told.append(request)
        return self.answer()

    @property
    def payload(self) -> dict[str, Any]:
        """The last interaction."""
        found: dict[str, Any] = json.loads(parse_qs(self.told[-1].content.decode())["payload"][0])
        return found


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
async def slack(app: App) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(app)) as outgoing:
        sandbox = create_app(Settings(limits=False, chat_signing_secrets="secret,old", gateway_url="http://app"), client=outgoing)
        token = {"Authorization": "Bearer xoxb-test"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url="http://sandbox", headers=token) as client:
            yield client


async def does(slack: httpx.AsyncClient, kind: str, **properties: Any) -> httpx.Response:
    return await slack.post("/_sandbox/people", json={"system": "chat", "kind": kind, "properties": properties})


async def posted(slack: httpx.AsyncClient) -> str:
    answer = (await slack.post("/slack/api/chat.postMessage", json={"channel": "#deals", "text": "x", "blocks": BLOCKS})).json()
    return f"{answer['channel']}:{answer['ts']}"


async def test_a_pressed_button_is_told_signed_with_its_message_and_value(slack: httpx.AsyncClient, app: App) -> None:
    place = await posted(slack)
    answer = await does(slack, "clicks", message=place, action="approve", value="two", user="sales-1")
    assert answer.json() == {"status": 200, "body": ""}
    request, payload = app.told[0], app.payload
    assert str(request.url) == "http://app/slack/interactions"
    stamp, signature = request.headers["x-slack-request-timestamp"], request.headers["x-slack-signature"]
    assert SignatureVerifier("secret").is_valid(request.content, stamp, signature)
    assert (payload["type"], payload["actions"][0]["value"]) == ("block_actions", "two")
    assert f"{payload['channel']['id']}:{payload['message']['ts']}" == place
    assert payload["user"]["username"] == "sales-1"


async def test_a_form_is_opened_once_within_three_seconds_and_sent_by_whoever_saw_it(slack: httpx.AsyncClient, app: App) -> None:
    await does(slack, "clicks", message=await posted(slack), action="approve", user="sales-1")
    trigger = app.payload["trigger_id"]
    opened = (await slack.post("/slack/api/views.open", json={"trigger_id": trigger, "view": VIEW})).json()
    again = (await slack.post("/slack/api/views.open", json={"trigger_id": trigger, "view": VIEW})).json()
    unknown = (await slack.post("/slack/api/views.open", json={"trigger_id": "1.2.x", "view": VIEW})).json()
    assert (again["error"], unknown["error"]) == ("exchanged_trigger_id", "invalid_trigger_id")
    view, values = opened["view"]["id"], {"why": "too dear", "kind": "a"}
    assert (await does(slack, "submissions", view=view, user="sales-2", values=values)).status_code == 400
    assert (await does(slack, "submissions", view=view, user="sales-1", values={"kind": "z"})).status_code == 400
    assert (await does(slack, "submissions", view=view, user="sales-1", values=values)).json()["status"] == 200
    sent = app.payload["view"]
    assert (sent["callback_id"], sent["private_metadata"]) == ("reject", "{}")
    assert sent["state"]["values"]["why"]["why"]["value"] == "too dear"
    assert sent["state"]["values"]["kind"]["kind"]["selected_option"]["value"] == "a"


async def test_an_old_trigger_opens_nothing(slack: httpx.AsyncClient, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    from sandbox.slack import hands

    await does(slack, "clicks", message=await posted(slack), action="approve", user="sales-1")
    monkeypatch.setattr(hands, "PATIENCE", -1.0)
    answer = await slack.post("/slack/api/views.open", json={"trigger_id": app.payload["trigger_id"], "view": VIEW})
    assert answer.json()["error"] == "expired_trigger_id"


async def test_a_command_and_a_shortcut_are_told_and_answered_five_times(slack: httpx.AsyncClient, app: App) -> None:
    await does(slack, "commands", text="waiting", user="sales-1", channel="#sales")
    told = {name: values[0] for name, values in parse_qs(app.told[-1].content.decode()).items()}
    assert (told["command"], told["text"], told["channel_name"]) == ("/towline", "waiting", "sales")
    written = (await does(slack, "messages", channel="#deals", user="sales-1", text="a <b>")).json()
    place = f"{written['channel']}:{written['ts']}"
    await does(slack, "shortcuts", message=place, user="sales-2", callback_id="promote")
    assert (app.payload["type"], app.payload["callback_id"]) == ("message_action", "promote")
    assert app.payload["message"]["text"] == "a &lt;b&gt;"
    path = app.payload["response_url"].partition("8500")[2]
    answers = [await slack.post(path, json={"text": str(n), "response_type": "ephemeral"}) for n in range(6)]
    assert [(one.status_code, one.text) for one in answers] == [(200, "ok")] * 5 + [(404, "used_url")]
    assert (await slack.post("/slack/api/answers/1", json={"text": "x"})).text == "expired_url"


async def test_an_app_that_does_not_answer_is_an_error_to_the_person_and_is_not_told_again(
    slack: httpx.AsyncClient, app: App
) -> None:
    def away() -> httpx.Response:
        raise httpx.ReadTimeout("too slow")

    app.answer = away
    answer = await does(slack, "commands", text="waiting", user="sales-1")
    assert answer.json() == {"status": None, "body": "operation_timeout"}
    assert len(app.told) == 1


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("dances", {"user": "sales-1"}),
        ("clicks", {"user": "nobody"}),
        ("clicks", {"user": "sales-1", "message": "C1:1", "action": "approve"}),
        ("clicks", {"user": "sales-1"}),
        ("submissions", {"user": "sales-1", "view": "V1", "values": {}}),
    ],
)
async def test_what_nobody_can_do_is_refused(slack: httpx.AsyncClient, kind: str, properties: dict[str, Any]) -> None:
    answer = await does(slack, kind, **properties)
    assert (answer.status_code, set(answer.json())) == (400, {"error"})
