"""Slack as its official client sees it: the sandbox must answer it as Slack would."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.bucket import Bucket

METADATA = {"event_type": "towline_effect", "event_payload": {"towline_key": "c1:announce", "case": "c1"}}
BLOCKS: list[dict[str, Any]] = [
    {"type": "header", "text": {"type": "plain_text", "text": "New deal"}},
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Northwind* <https://x.example|open> & more"}},
    {"type": "actions", "elements": [{"type": "button", "action_id": "ok", "text": {"type": "plain_text", "text": "Approve"}}]},
]


def client(url: str, bearer: str = "xoxb-test") -> WebClient:
    return WebClient(token=bearer, base_url=f"{url}/slack/api/")


@pytest.fixture
def slack(sandbox: Any) -> WebClient:
    return client(sandbox.url)


@pytest.fixture
def sales(slack: WebClient) -> str:
    return channel_id(slack, "sales")


def channel_id(slack: WebClient, name: str) -> str:
    return str(next(c["id"] for c in slack.conversations_list()["channels"] if c["name"] == name))


def refusal(call: Callable[..., Any], **arguments: Any) -> str:
    """Return the code with which Slack refuses a call, in HTTP 200."""
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    assert caught.value.response.status_code == 200
    return str(caught.value.response["error"])


def test_a_token_says_whose_it_is(slack: WebClient, sandbox: Any) -> None:
    own = slack.auth_test()
    assert own["team"] == "Towline Sandbox"
    assert client(sandbox.url).auth_test()["bot_id"] == own["bot_id"]
    assert client(sandbox.url, "xoxb-other").auth_test()["bot_id"] != own["bot_id"]
    assert slack.api_test()["ok"]
    assert refusal(slack.api_test, error="my_error") == "my_error"


def test_a_message_with_blocks_and_metadata_is_posted_and_read_back(slack: WebClient, sales: str) -> None:
    text = 'A <b> & "c" — ünï 😀'
    posted = slack.chat_postMessage(channel="#sales", text=text, blocks=BLOCKS, metadata=METADATA, unfurl_links=False)
    assert posted["channel"] == sales
    assert posted["message"]["text"] == text
    assert posted["message"]["metadata"] == METADATA
    (read,) = slack.conversations_history(channel=sales, include_all_metadata=True)["messages"]
    assert read == posted["message"]
    assert (read["text"], read["blocks"], read["metadata"], read["ts"]) == (text, BLOCKS, METADATA, posted["ts"])
    (bare,) = slack.conversations_history(channel=sales)["messages"]
    assert "metadata" not in bare


@pytest.mark.parametrize("target", ["#sales", "sales", "id"])
def test_a_channel_is_addressed_by_id_or_name(slack: WebClient, sales: str, target: str) -> None:
    assert slack.chat_postMessage(channel=sales if target == "id" else target, text="x")["channel"] == sales


def test_times_are_unique_and_grow(slack: WebClient, sales: str) -> None:
    times = [slack.chat_postMessage(channel=sales, text=str(number))["ts"] for number in range(20)]
    assert times == sorted(set(times))
    assert all(len(ts) == 17 and ts[10] == "." for ts in times)


def test_a_message_is_changed_and_taken_back(slack: WebClient, sales: str) -> None:
    ts = slack.chat_postMessage(channel=sales, text="one", metadata=METADATA)["ts"]
    changed = slack.chat_update(channel=sales, ts=ts, text="two")
    assert (changed["text"], changed["message"]["metadata"]) == ("two", METADATA)
    assert "edited" in changed["message"]
    assert slack.api_call("chat.update", json={"channel": sales, "ts": ts, "blocks": BLOCKS})["message"]["text"] == "two"
    assert slack.conversations_history(channel=sales)["messages"][0]["text"] == "two"
    assert slack.chat_delete(channel=sales, ts=ts)["ts"] == ts
    assert slack.conversations_history(channel=sales)["messages"] == []
    assert refusal(slack.chat_delete, channel=sales, ts=ts) == "message_not_found"
    assert refusal(slack.chat_update, channel=sales, ts=ts, text="x") == "message_not_found"


def test_another_apps_message_is_not_ours_to_change(slack: WebClient, sandbox: Any, sales: str) -> None:
    ts = client(sandbox.url, "xoxb-other").chat_postMessage(channel=sales, text="theirs")["ts"]
    assert refusal(slack.chat_update, channel=sales, ts=ts, text="x") == "cant_update_message"
    assert refusal(slack.chat_delete, channel=sales, ts=ts) == "cant_delete_message"


def test_a_message_has_an_address(slack: WebClient, sales: str) -> None:
    ts = slack.chat_postMessage(channel=sales, text="x")["ts"]
    link = slack.chat_getPermalink(channel=sales, message_ts=ts)["permalink"]
    assert link == f"https://towline-sandbox.slack.com/archives/{sales}/p{ts.replace('.', '')}"
    assert refusal(slack.chat_getPermalink, channel=sales, message_ts="1.2") == "message_not_found"


def test_history_is_newest_first_within_bounds_and_in_pages(slack: WebClient, sales: str) -> None:
    times = [slack.chat_postMessage(channel=sales, text=str(number))["ts"] for number in range(5)]

    def seen(**arguments: Any) -> list[str]:
        return [message["text"] for message in slack.conversations_history(channel=sales, **arguments)["messages"]]

    assert seen() == ["4", "3", "2", "1", "0"]
    assert seen(oldest=times[1]) == ["4", "3", "2"]
    assert seen(oldest=times[1], latest=times[3]) == ["2"]
    assert seen(oldest=times[1], latest=times[3], inclusive=True) == ["3", "2", "1"]
    assert seen(oldest=times[1].split(".")[0]) == ["4", "3", "2", "1", "0"]
    pages = [
        ([m["text"] for m in page["messages"]], page["has_more"]) for page in slack.conversations_history(channel=sales, limit=2)
    ]
    assert pages == [(["4", "3"], True), (["2", "1"], True), (["0"], False)]
    assert refusal(slack.conversations_history, channel=sales, cursor="bm9uc2Vuc2U=") == "invalid_cursor"
    assert refusal(slack.conversations_history, channel=sales, oldest="soon") == "invalid_ts_oldest"
    assert refusal(slack.conversations_history, channel=sales, limit=0) == "invalid_limit"


def test_replies_make_a_thread_and_stay_out_of_the_channel(slack: WebClient, sales: str) -> None:
    first = slack.chat_postMessage(channel=sales, text="first")["ts"]
    replies = [slack.chat_postMessage(channel=sales, text=f"reply {n}", thread_ts=first)["ts"] for n in range(3)]
    slack.chat_postMessage(channel=sales, text="later")
    channel = slack.conversations_history(channel=sales)["messages"]
    assert [message["text"] for message in channel] == ["later", "first"]
    assert (channel[1]["reply_count"], channel[1]["latest_reply"], channel[1]["thread_ts"]) == (3, replies[-1], first)
    thread = slack.conversations_replies(channel=sales, ts=first)["messages"]
    assert [message["text"] for message in thread] == ["first", "reply 0", "reply 1", "reply 2"]
    newer = slack.conversations_replies(channel=sales, ts=first, oldest=replies[0])["messages"]
    assert [message["text"] for message in newer] == ["first", "reply 1", "reply 2"]
    nested = slack.chat_postMessage(channel=sales, text="nested", thread_ts=replies[0], reply_broadcast=True)
    assert nested["message"]["thread_ts"] == first
    assert slack.conversations_history(channel=sales)["messages"][0]["text"] == "nested"
    assert refusal(slack.chat_postMessage, channel=sales, text="x", thread_ts="1793000000.000100") == "thread_not_found"
    assert refusal(slack.conversations_replies, channel=sales, ts="1793000000.000100") == "thread_not_found"


def test_a_workspace_has_its_channels_from_the_start(slack: WebClient) -> None:
    names = [channel["name"] for page in slack.conversations_list(limit=3) for channel in page["channels"]]
    assert names == ["general", "sales", "deals", "delivery", "finance", "ops", "alerts"]
    assert refusal(slack.conversations_list, types="secret_channel") == "invalid_types"


def test_a_channel_is_made_once_and_can_be_closed(slack: WebClient) -> None:
    made = slack.conversations_create(name="project-northwind")["channel"]
    assert slack.conversations_info(channel=made["id"])["channel"]["name"] == "project-northwind"
    assert "already_in_channel" in slack.conversations_join(channel=made["id"])["warning"]
    assert refusal(slack.conversations_create, name="project-northwind") == "name_taken"
    assert refusal(slack.conversations_create, name="Big Deal") == "invalid_name_specials"
    assert refusal(slack.conversations_create, name="x" * 81) == "invalid_name_maxlength"
    slack.conversations_archive(channel=made["id"])
    assert refusal(slack.chat_postMessage, channel=made["id"], text="x") == "is_archived"
    assert len(slack.conversations_list(exclude_archived=True)["channels"]) == 7


def test_people_are_found_and_written_to(slack: WebClient) -> None:
    sam = slack.users_lookupByEmail(email="sales-1@towline.example")["user"]
    assert slack.users_info(user=sam["id"])["user"]["profile"]["email"] == "sales-1@towline.example"
    assert sam["id"] in [member["id"] for page in slack.users_list(limit=2) for member in page["members"]]
    opened = slack.conversations_open(users=sam["id"])["channel"]["id"]
    assert slack.conversations_open(users=[sam["id"]])["already_open"]
    assert slack.chat_postMessage(channel=sam["id"], text="hello")["channel"] == opened
    assert slack.conversations_history(channel=opened)["messages"][0]["text"] == "hello"
    assert refusal(slack.users_lookupByEmail, email="nobody@towline.example") == "users_not_found"
    assert refusal(slack.users_info, user="U0NOBODY000") == "user_not_found"
    assert refusal(slack.conversations_open, users="U0NOBODY000") == "user_not_found"


def test_a_reaction_is_put_on_a_message_once(slack: WebClient, sales: str) -> None:
    ts = slack.chat_postMessage(channel=sales, text="x")["ts"]
    slack.reactions_add(channel=sales, timestamp=ts, name="white_check_mark")
    (message,) = slack.conversations_history(channel=sales)["messages"]
    assert message["reactions"] == [{"name": "white_check_mark", "users": [slack.auth_test()["user_id"]], "count": 1}]
    assert refusal(slack.reactions_add, channel=sales, timestamp=ts, name="white_check_mark") == "already_reacted"
    assert refusal(slack.reactions_add, channel=sales, timestamp="1.2", name="eyes") == "message_not_found"


def test_a_view_needs_a_trigger_and_blocks(slack: WebClient) -> None:
    """How one is opened by whoever pressed a button is told in `test_slack_hands.py`."""
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Decide"}, "blocks": BLOCKS[:1]}
    assert refusal(slack.views_open, trigger_id="1.2.abc", view=view) == "invalid_trigger_id"
    assert refusal(slack.views_open, trigger_id="1.2.abc", view={"type": "modal"}) == "invalid_arguments"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"channel": "#nowhere", "text": "x"}, "channel_not_found"),
        ({"channel": "C0NOWHERE00", "text": "x"}, "channel_not_found"),
        ({"channel": "#sales", "text": " "}, "no_text"),
        ({"channel": "", "text": "x"}, "invalid_arguments"),
        ({"channel": "#sales", "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": "#sales", "text": "x", "blocks": [{"type": "magic"}]}, "invalid_blocks"),
        ({"channel": "#sales", "text": "x", "blocks": [{"type": "section"}]}, "invalid_blocks"),
        (
            {"channel": "#sales", "text": "x", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]},
            "invalid_blocks",
        ),
        ({"channel": "#sales", "text": "x", "blocks": [{"type": "actions", "elements": []}]}, "invalid_blocks"),
        ({"channel": "#sales", "text": "x", "blocks": [{"type": "divider", "block_id": "a"}] * 2}, "invalid_blocks"),
        ({"channel": "#sales", "text": "x", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"channel": "#sales", "text": "x", "blocks": {"type": "divider"}}, "invalid_blocks_format"),
        ({"channel": "#sales", "text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_schema"),
        ({"channel": "#sales", "text": "x", "metadata": "{"}, "invalid_metadata_format"),
    ],
)
def test_a_message_that_slack_would_not_take_is_refused(slack: WebClient, arguments: dict[str, Any], code: str) -> None:
    assert refusal(lambda **given: slack.api_call("chat.postMessage", json=given), **arguments) == code
    assert slack.conversations_history(channel=channel_id(slack, "sales"))["messages"] == []


def test_the_longest_message_is_taken(slack: WebClient, sales: str) -> None:
    assert len(slack.chat_postMessage(channel=sales, text="x" * 40_000)["message"]["text"]) == 40_000


def test_a_bad_token_is_refused_in_http_200(sandbox: Any) -> None:
    for bearer, code in (("xoxb-invalid", "invalid_auth"), ("xoxb-revoked", "token_revoked")):
        assert refusal(client(sandbox.url, bearer).auth_test) == code
    assert httpx.post(f"{sandbox.url}/slack/api/auth.test").json() == {"ok": False, "error": "not_authed"}
    assert httpx.post(f"{sandbox.url}/slack/api/auth.test", data={"token": "xoxb-test"}).json()["ok"]


async def test_a_burst_to_one_channel_is_slowed_down(limited_sandbox: Any) -> None:
    """Given one channel, When six messages come at once, Then the sixth is told to wait a second, and other channels are not."""
    slack = client(limited_sandbox.url)
    for number in range(5):
        slack.chat_postMessage(channel="#sales" if number % 2 else "sales", text=str(number))
    with pytest.raises(SlackApiError) as caught:
        slack.chat_postMessage(channel=channel_id(slack, "sales"), text="too much")
    response = caught.value.response
    assert (response.status_code, response["error"], response.headers["Retry-After"]) == (429, "ratelimited", "1")
    assert slack.chat_postMessage(channel="#ops", text="fine")["ok"]
    assert len(slack.conversations_history(channel=channel_id(slack, "sales"))["messages"]) == 5


def test_a_bucket_lets_a_burst_through_and_then_an_even_rate() -> None:
    now = 100.0
    bucket = Bucket(rate=2, burst=3, clock=lambda: now)
    assert [bucket.take("a") for _ in range(5)] == [0, 0, 0, 0.5, 0.5]
    assert bucket.take("b") == 0
    now += 0.5
    assert [bucket.take("a"), bucket.take("a")] == [0, 0.5]
    now += 1000
    assert [bucket.take("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_methods_are_limited_by_their_tier(limited_sandbox: Any) -> None:
    http = limited_sandbox.http
    answers = [http.get("/slack/api/users.list") for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert http.get("/slack/api/auth.test").json()["ok"]


async def test_the_async_client_is_served_as_well(sandbox: Any) -> None:
    slack = AsyncWebClient(token="xoxb-test", base_url=f"{sandbox.url}/slack/api/")
    posted = await slack.chat_postMessage(channel="#deals", text="hello", metadata=METADATA)
    history = await slack.conversations_history(channel=posted["channel"], include_all_metadata=True)
    assert history["messages"][0]["metadata"]["event_payload"]["towline_key"] == "c1:announce"
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await slack.conversations_info(channel="C0NOWHERE00")


async def test_arguments_come_as_json_as_a_form_or_in_the_query(http: httpx.AsyncClient) -> None:
    form = {"channel": "sales", "text": "a+b & <c>", "blocks": '[{"type": "divider"}]', "unfurl_links": "0"}
    posted = (await http.post("/slack/api/chat.postMessage", data=form)).json()
    assert (posted["message"]["text"], posted["message"]["blocks"]) == ("a+b & <c>", [{"type": "divider"}])
    shown = await http.get("/slack/api/conversations.history", params={"channel": posted["channel"], "limit": 1})
    assert shown.json()["messages"][0]["ts"] == posted["ts"]
    for body, kind, code in (
        (b"{", "application/json", "invalid_json"),
        (b"[]", "application/json", "json_not_object"),
        (b"x", "text/plain", "invalid_post_type"),
        (b"x", "", "missing_post_type"),
        (b'{"channel": {"id": 1}, "text": "x"}', "application/json", "invalid_arguments"),
        (b'{"channel": "sales", "blocks": "["}', "application/json", "invalid_blocks_format"),
    ):
        answer = await http.post("/slack/api/chat.postMessage", content=body, headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["error"]) == (200, code)


async def test_an_unknown_method_and_faults_are_told_as_slack_tells_them(http: httpx.AsyncClient) -> None:
    assert (await http.post("/slack/api/chat.shout")).json()["error"] == "unknown_method"
    for status, shown, code in ((500, 500, "internal_error"), (503, 503, "service_unavailable"), (429, 429, "ratelimited"),
                                (401, 200, "invalid_auth"), (403, 200, "missing_scope")):  # fmt: skip
        await http.post("/_sandbox/faults", json={"system": "chat", "operation": "POST /chat.postMessage", "status": status})
        answer = await http.post("/slack/api/chat.postMessage", json={"channel": "#sales", "text": "x"})
        assert (answer.status_code, answer.json()["error"]) == (shown, code)
    assert (await http.get("/_sandbox/objects", params={"system": "chat"})).json()["messages"] == []


async def test_a_message_whose_answer_is_lost_is_found_by_its_key(http: httpx.AsyncClient) -> None:
    """Given an answer that gets lost, When the channel's history is read, Then the message is there, once, with its key."""
    await http.post("/_sandbox/faults", json={"system": "chat", "operation": "POST /chat.postMessage", "lose_answer": True})
    with pytest.raises(httpx.RemoteProtocolError):
        await http.post("/slack/api/chat.postMessage", json={"channel": "#sales", "text": "x", "metadata": METADATA})
    (record,) = (await http.get("/_sandbox/objects", params={"system": "chat"})).json()["messages"]
    assert record["key"] == "c1:announce"
    history = await http.get(
        "/slack/api/conversations.history", params={"channel": record["object"]["channel"], "include_all_metadata": "true"}
    )
    assert [message["metadata"] for message in history.json()["messages"]] == [METADATA]
    asked = (await http.get("/_sandbox/requests")).json()
    assert [request["key"] for request in asked if request["path"] == "/chat.postMessage"] == ["c1:announce"]


def test_messages_outlive_a_restart_and_a_reset_begins_anew(serve: Callable[..., Any], tmp_path: Any) -> None:
    posted = client(serve(state=tmp_path).url).chat_postMessage(channel="#sales", text="kept")
    again = serve(state=tmp_path)
    slack = client(again.url)
    sales = channel_id(slack, "sales")
    assert sales == posted["channel"]
    assert slack.chat_postMessage(channel=sales, text="more")["ts"] > posted["ts"]
    assert [m["text"] for m in slack.conversations_history(channel=sales)["messages"]] == ["more", "kept"]
    again.control("POST", "reset")
    assert slack.conversations_history(channel=sales)["messages"] == []
    assert len(slack.conversations_list()["channels"]) == 7
