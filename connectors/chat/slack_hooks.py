"""What Slack sends when people act: check its signature, and read buttons, forms, shortcuts and commands.

Of the message that somebody acted on nothing but its place is taken: what people write in chat is not ours to keep.
https://docs.slack.dev/interactivity/handling-user-interaction
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, ValidationError
from pydantic_core import PydanticCustomError, from_json
from slack_sdk.signature import SignatureVerifier

from connectors.hooks import Incoming, SignatureError, header, require_fresh
from contracts.errors import ContractError
from contracts.interactions import Action, Interaction, Way

MOST_FIELDS = 50
COMMAND = "/towline"


def _storable(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("storable", "holds a NUL character")
    return text


Text = Annotated[str, Field(max_length=5000), AfterValidator(_storable)]


class _One(BaseModel):
    id: Text = ""


class _Message(BaseModel):
    ts: Text = ""
    thread_ts: Text = ""


class _Act(BaseModel):
    action_id: Text = ""
    value: Text = ""


class _Option(BaseModel):
    value: Text = ""


class _Entered(BaseModel):
    value: Text | None = None
    selected_option: _Option | None = None


class _State(BaseModel):
    values: dict[str, dict[str, _Entered]] = {}


class _View(BaseModel):
    callback_id: Text = ""
    private_metadata: Text = ""
    state: _State = _State()


class _Payload(BaseModel):
    """An interaction payload. https://docs.slack.dev/reference/interaction-payloads"""

    type: Text
    user: _One
    trigger_id: Text = ""
    response_url: Text = ""
    callback_id: Text = ""
    channel: _One = _One()
    message: _Message = _Message()
    actions: list[_Act] = []
    view: _View = _View()


class _Command(BaseModel):
    """A slash command. https://docs.slack.dev/interactivity/implementing-slash-commands"""

    command: Text
    user_id: Text
    text: Text = ""
    trigger_id: Text = ""
    response_url: Text = ""


class Carried(BaseModel):
    """What a form carries from whatever opened it to whoever reads what was sent, in Slack's `private_metadata`."""

    subject: Text = ""
    message: Text = ""
    answer_to: Text = ""


def verify(incoming: Incoming, secrets: Sequence[str], now: datetime) -> None:
    """Raise SignatureError unless one of the secrets signed this request within five minutes of now.

    The library signs; its own check looks at the wall clock and stumbles over malformed headers.
    https://docs.slack.dev/authentication/verifying-requests-from-slack
    """
    timestamp, given = header(incoming, "x-slack-request-timestamp"), header(incoming, "x-slack-signature")
    if not re.fullmatch(r"\d{1,11}", timestamp, re.ASCII):
        raise SignatureError("wrong")
    require_fresh(int(timestamp), now)
    try:
        own = [SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=incoming.body) or "" for secret in secrets]
    except UnicodeDecodeError:
        raise SignatureError("wrong") from None
    matches = [hmac.compare_digest(one.encode(), given.encode()) for one in own]
    if not any(matches):
        raise SignatureError("wrong")


def interaction(incoming: Incoming) -> Interaction | None:
    """Return what somebody did, under an id that is the same for the same request; None for what is not ours.

    Raises:
        ContractError: it is not what Slack describes.
    """
    number = UUID(bytes=hashlib.sha256(incoming.body).digest()[:16])
    try:
        fields = dict(parse_qsl(incoming.body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
        if "payload" in fields:
            return _of_payload(number, _Payload.model_validate(from_json(fields["payload"], allow_inf_nan=False)))
        return None if "ssl_check" in fields else _of_command(number, _Command.model_validate(fields))
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_url=False, include_input=False)[0]["loc"][:3])
        raise ContractError(f"not an interaction of Slack's: {where or 'body'}", field=where or "body", rule="shape") from None
    except ValueError:
        raise ContractError("not an interaction of Slack's", field="body", rule="form") from None


def _of_payload(number: UUID, payload: _Payload) -> Interaction | None:
    base: dict[str, Any] = {"id": number, "person": payload.user.id, "trigger": payload.trigger_id}
    match payload.type:
        case "block_actions" if len(payload.actions) == 1 and (action := _known(payload.actions[0].action_id)):
            return Interaction(way=Way.BUTTON, action=action, subject=payload.actions[0].value, **_place(payload), **base)
        case "message_action" if action := _known(payload.callback_id):
            return Interaction(way=Way.SHORTCUT, action=action, **_place(payload), **base)
        case "view_submission" if action := _known(payload.view.callback_id):
            carried = Carried.model_validate_json(payload.view.private_metadata or "{}")
            return Interaction(way=Way.FORM, action=action, said=_said(payload.view.state), **carried.model_dump(), **base)
    return None


def _of_command(number: UUID, command: _Command) -> Interaction | None:
    if command.command != COMMAND:
        return None
    return Interaction(
        id=number,
        way=Way.COMMAND,
        action=Action.ASK,
        person=command.user_id,
        subject=" ".join(command.text.split()),
        answer_to=command.response_url,
        trigger=command.trigger_id,
    )


def _known(name: str) -> Action | None:
    return Action(name) if name in set(Action) else None


def _place(payload: _Payload) -> dict[str, Any]:
    """Where it was done: a message's channel and time, which name it, and the time of the thread that it stands in."""
    parts = (payload.channel.id, payload.message.ts, payload.message.thread_ts)
    message = ":".join(part for part in parts if part) if payload.channel.id and payload.message.ts else ""
    return {"message": message, "answer_to": payload.response_url}


def _said(state: _State) -> Mapping[str, str]:
    entered = {name: one for block in state.values.values() for name, one in block.items()}
    return {name: (one.selected_option.value if one.selected_option else one.value) or "" for name, one in entered.items()}
