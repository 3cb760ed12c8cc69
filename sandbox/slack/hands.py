"""What people do in Slack, told to the app as Slack tells it: buttons, shortcuts, commands, forms; and the app's answers to that.

An interaction is told once and answered within three seconds, or the person sees an error.
https://docs.slack.dev/interactivity/handling-user-interaction
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.settings import Settings
from sandbox.slack.arguments import Arguments, accept, refuse
from sandbox.slack.messages import Messages
from sandbox.slack.workspace import TEAM, TEAM_ID, Object, Workspace, bot_of, stable_id
from sandbox.store import Store
from sandbox.system import Answer, Json, call_of

PATIENCE = 3.0
"""Seconds that the app has for its answer, and that a trigger is good for."""
ANSWERS, ANSWERED_WITHIN = 5, 1800.0
COMMAND = "/towline"


class Hands:
    """People at work in Slack. Views stand under kind `views`, what they alone were answered under `answers`."""

    def __init__(
        self, store: Store, workspace: Workspace, messages: Messages, settings: Settings, client: httpx.AsyncClient | None
    ) -> None:
        self.store, self.workspace, self.messages, self.settings = store, workspace, messages, settings
        self._given, self._client = client, client
        self._triggers: dict[str, tuple[float, str]] = {}
        self._addresses: dict[str, list[Any]] = {}
        self._deeds: dict[str, Callable[[Object, Object], tuple[str, dict[str, Any]]]] = {
            "clicks": self._click,
            "shortcuts": self._shortcut,
            "commands": self._command,
            "submissions": self._submission,
        }

    async def does(self, kind: str, given: Mapping[str, Any]) -> Object:
        """Do something as `user`; return what the app answered. Raises a 400 for what nobody can do."""
        properties = dict(given)
        person = self._person(str(properties.get("user", "")))
        if kind == "messages":
            return self.messages.write(properties.get("channel", ""), person["id"], str(properties.get("text", "")))
        if kind not in self._deeds:
            raise _cannot(f"kind must be one of messages, {', '.join(self._deeds)}")
        try:
            path, fields = self._deeds[kind](person, properties)
        except KeyError as missing:
            raise _cannot(f"there is no {missing}") from None
        return await self._tell(path, fields)

    def open_view(self, arguments: Arguments, token: str) -> Response:
        """Show a view to whoever a trigger belongs to, once and soon. https://docs.slack.dev/reference/methods/views.open"""
        trigger, view = arguments.required("trigger_id"), arguments.structure("view", "invalid_arguments")
        if not isinstance(view, dict) or view.get("type") not in {"modal", "home"} or not isinstance(view.get("blocks"), list):
            raise refuse("invalid_arguments", "missing required field: type, blocks [json-pointer:/view]")
        if len(view.get("title", {}).get("text", "")) > 24 or len(view.get("private_metadata", "")) > 3000:
            raise refuse("invalid_arguments", "must be less than 25 characters [json-pointer:/view/title/text]")
        if trigger not in self._triggers:
            raise refuse("invalid_trigger_id")
        began, person = self._triggers[trigger]
        if not person:
            raise refuse("exchanged_trigger_id")
        if time.monotonic() - began > PATIENCE:
            raise refuse("expired_trigger_id")
        self._triggers[trigger] = began, ""
        bot, _, app = bot_of(token)
        number = stable_id("V", f"{trigger} {time.time_ns()}")
        own = {"id": number, "team_id": TEAM_ID, "bot_id": bot, "app_id": app, "state": {"values": {}}}
        shown = view | own | {"hash": f"{time.time():.6f}"}
        self.store.put("views", number, shown | {"shown_to": person})
        return accept(view=shown)

    async def take_answer(self, request: Request) -> Response:
        """Take what the app answers to something that somebody did: five times, for half an hour."""
        number = request.path_params["id"]
        address = self._addresses.get(number)
        if address is None or time.monotonic() - address[0] > ANSWERED_WITHIN:
            return PlainTextResponse("expired_url", 404)
        if address[2] >= ANSWERS:
            return PlainTextResponse("used_url", 404)
        address[2] += 1
        said = Arguments.of(call_of(request))
        told = {"user": address[1], "text": said.text("text"), "response_type": said.text("response_type") or "ephemeral"}
        self.store.put("answers", str(self.store.new_id()), told)
        return PlainTextResponse("ok")

    async def close(self) -> None:
        """Close the connections that are our own."""
        if self._client and not self._given:
            await self._client.aclose()
            self._client = None

    def _click(self, person: Object, given: Object) -> tuple[str, dict[str, Any]]:
        """Press a button of a message: the first with this `action`, or the one of them with this `value`."""
        message = self._message(given["message"])
        wanted = (given["action"], given.get("value"))
        found = [
            {"block_id": block.get("block_id", str(number)), **element}
            for number, block in enumerate(message.get("blocks", ()))
            for element in block.get("elements", ())
            if element.get("type") == "button"
            and wanted in ((element["action_id"], None), (element["action_id"], element["value"]))
        ]
        if not found:
            raise KeyError(f"button {given['action']}")
        stamp = f"{time.time():.6f}"
        pressed = {name: found[0][name] for name in ("action_id", "block_id", "text", "value", "type")} | {"action_ts": stamp}
        place = {"type": "message", "message_ts": message["ts"], "channel_id": message["channel"], "is_ephemeral": False}
        return self._payload("block_actions", person, container=place, actions=[pressed], **self._on(message, person))

    def _shortcut(self, person: Object, given: Object) -> tuple[str, dict[str, Any]]:
        """Use a shortcut (`callback_id`) on a message."""
        message = self._message(given["message"])
        return self._payload(
            "message_action", person, callback_id=given["callback_id"], message_ts=message["ts"], **self._on(message, person)
        )

    def _command(self, person: Object, given: Object) -> tuple[str, dict[str, Any]]:
        """Type a slash command in a channel."""
        channel = self.workspace.addressed(given.get("channel", "#general"))
        return "commands", {
            **self._app(),
            "team_id": TEAM_ID,
            "team_domain": "towline-sandbox",
            "channel_id": channel["id"],
            "channel_name": channel["name"],
            "user_id": person["id"],
            "user_name": person["name"],
            "command": COMMAND,
            "text": str(given.get("text", "")),
            "response_url": self._address(person),
            "trigger_id": self._trigger(person),
        }

    def _submission(self, person: Object, given: Object) -> tuple[str, dict[str, Any]]:
        """Send a form: `values` by the name of each field."""
        record = self.store.get("views", given["view"])
        if record is None or record.object["shown_to"] != person["id"]:
            raise KeyError(f"view {given['view']} of this person")
        view = {name: part for name, part in record.object.items() if name != "shown_to"}
        fields = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
        entered = {name: {fields[name]["action_id"]: _entered(fields[name], text)} for name, text in given["values"].items()}
        self.store.delete("views", given["view"])
        return self._payload("view_submission", person, view=view | {"state": {"values": entered}}, response_urls=[])

    def _payload(self, kind: str, person: Object, **more: Any) -> tuple[str, dict[str, Any]]:
        who = {"id": person["id"], "username": person["name"], "name": person["name"], "team_id": TEAM_ID}
        team = {"id": TEAM_ID, "domain": "towline-sandbox"}
        base = {"type": kind, "team": team, "user": who, "trigger_id": self._trigger(person), "is_enterprise_install": False}
        return "interactions", {"payload": orjson.dumps(base | self._app() | more).decode()}

    def _on(self, message: Object, person: Object) -> dict[str, Any]:
        channel = self.workspace.channel(message["channel"])
        place = {"id": channel["id"], "name": channel["name"]}
        return {"channel": place, "message": self.messages.shown(message), "response_url": self._address(person)}

    def _app(self) -> dict[str, Any]:
        return {"api_app_id": stable_id("A", TEAM), "token": "deprecated-verification-token"}

    def _person(self, name: str) -> Object:
        for person in self.workspace.people.values():
            if name in (person["name"], person["id"]):
                return person
        raise _cannot(f"user must be one of {', '.join(sorted(one['name'] for one in self.workspace.people.values()))}")

    def _message(self, place: str) -> Object:
        record = self.store.get("messages", place)
        if record is None:
            raise KeyError(f"message {place}")
        return record.object

    def _trigger(self, person: Object) -> str:
        trigger = f"{self.store.new_id()}.{TEAM_ID[1:]}.{stable_id('', person['id']).lower()}"
        self._triggers[trigger] = time.monotonic(), person["id"]
        return trigger

    def _address(self, person: Object) -> str:
        number = str(self.store.new_id())
        self._addresses[number] = [time.monotonic(), person["id"], 0]
        return f"http://127.0.0.1:{self.settings.port}/slack/api/answers/{number}"

    async def _tell(self, path: str, fields: Mapping[str, Any]) -> Object:
        """Send one signed request, and return what the app answered, or that the person saw an error."""
        secret = self.settings.chat_signing_secret
        if secret is None:
            raise _cannot("TOWLINE_CHAT_SIGNING_SECRETS is not set, so nobody is told")
        if self._client is None:
            self._client = httpx.AsyncClient(trust_env=False)
        body, stamp = urlencode(fields).encode(), str(int(time.time()))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": sign(secret, body, stamp),
        }
        url = f"{self.settings.gateway_url.rstrip('/')}/slack/{path}"
        try:
            answer = await self._client.post(url, content=body, headers=headers, timeout=PATIENCE)
        except httpx.HTTPError:
            return {"status": None, "body": "operation_timeout"}
        return {"status": answer.status_code, "body": answer.text}


def sign(secret: str, body: bytes, stamp: str) -> str:
    """Return Slack's signature of a request. https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    return f"v0={hmac.new(secret.encode(), b'v0:' + stamp.encode() + b':' + body, hashlib.sha256).hexdigest()}"


def _entered(element: Object, text: str) -> Object:
    if element["type"] == "plain_text_input":
        return {"type": element["type"], "value": text or None}
    option = next((one for one in element["options"] if one["value"] == text), None)
    if option is None:
        raise KeyError(f"option {text}")
    return {"type": element["type"], "selected_option": option}


def _cannot(why: str) -> Answer:
    return Answer(Json({"error": why}, 400))
