"""Forms in Slack's modal views. Pure; knows nothing of HTTP. https://docs.slack.dev/reference/views/modal-views"""

from __future__ import annotations

from typing import Any

from connectors.chat.slack_hooks import Carried
from connectors.chat.text import plain
from contracts.interactions import Entry, Form

LONGEST = 2000
"""Characters in a field; a whole section of a message has room for more."""


def view(form: Form, *, subject: str, message: str, answer_to: str) -> dict[str, Any]:
    """Return a form as Slack shows it, carrying what it is about."""
    said = {"type": "section", "text": {"type": "mrkdwn", "text": plain(form.text)}}
    return {
        "type": "modal",
        "callback_id": form.action.value,
        "private_metadata": Carried(subject=subject, message=message, answer_to=answer_to).model_dump_json(),
        "title": _plain(form.title),
        "submit": _plain(form.submit),
        "close": _plain("Cancel"),
        "blocks": [said, *map(_block, form.entries)],
    }


def _block(entry: Entry) -> dict[str, Any]:
    hint = {"hint": _plain(entry.hint)} if entry.hint else {}
    return {"type": "input", "block_id": entry.name, "label": _plain(entry.label), **hint, "element": _element(entry)}


def _element(entry: Entry) -> dict[str, Any]:
    if entry.options:
        options = [{"text": _plain(label), "value": value} for value, label in entry.options]
        return {"type": "static_select", "action_id": entry.name, "options": options}
    limits = {"min_length": 1, "max_length": LONGEST}
    return {"type": "plain_text_input", "action_id": entry.name, "multiline": entry.lines, **limits}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}
