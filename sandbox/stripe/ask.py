"""One call as a handler sees it: parameters read, and who asks; knows no object of Stripe's."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from sandbox.stripe.forms import nested
from sandbox.system import Call, call_of

VERSION = "2026-05-27.dahlia"  # the API version that all objects are shaped by


@dataclass(frozen=True, slots=True)
class Ask:
    """A call: what its path names, and its parameters, from the body of a POST and the query of a GET."""

    path: dict[str, str]
    params: dict[str, Any]


Handler = Callable[[Ask], dict[str, Any]]
Table = list[tuple[str, str, Handler]]


def ask_of(request: Request) -> Ask:
    """Return a call with its parameters. Raises Stripe's refusal of a form that cannot be read."""
    call = call_of(request)
    form = call.body.decode("utf-8", "replace") if call.method == "POST" else str(call.query)
    return Ask(dict(request.path_params), nested(form))


def request_id(call: Call) -> str:
    """Return the id of a call, which its answer and the errors in it name."""
    found: str = call.notes.setdefault("request_id", f"req_{uuid.uuid4().hex[:14]}")
    return found
