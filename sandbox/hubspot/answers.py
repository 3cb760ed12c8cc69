"""HubSpot's answers: errors, batches, pages and times in the vendor's shapes (https://developers.hubspot.com/docs/reference/api/other-resources/error-handling)."""

import time
import uuid
from datetime import UTC, datetime
from typing import Any

import orjson

from sandbox.system import Answer, Call, Json

CATEGORIES = {
    400: "VALIDATION_ERROR",
    401: "INVALID_AUTHENTICATION",
    403: "MISSING_SCOPES",
    404: "OBJECT_NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    422: "VALIDATION_ERROR",
    429: "RATE_LIMITS",
}


class Refusal(Answer):
    """An error answer whose body can also become one entry among a batch's errors."""

    def __init__(self, status: int, message: str, *, category: str | None = None, **more: Any) -> None:
        self.body: dict[str, Any] = {"status": "error", "message": message, "correlationId": str(uuid.uuid4())}
        self.body |= {"category": category or CATEGORIES.get(status, "INTERNAL_ERROR"), **more}
        super().__init__(Json(self.body, status))

    def entry(self, context: dict[str, list[str]] | None = None) -> dict[str, Any]:
        """Return the error as an entry of a batch answer's `errors`."""
        kept = {name: value for name, value in self.body.items() if name != "correlationId"}
        return {"errors": [], "links": {}, **kept, "context": {**kept.get("context", {}), **(context or {})}}


def iso(seconds: float) -> str:
    """Return a time as HubSpot writes it: UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def batch(results: list[Any], errors: list[dict[str, Any]], started: float, done: int = 200) -> Json:
    """Return the answer to a batch call: 207 as soon as one of its inputs failed."""
    body = {"status": "COMPLETE", "results": results, "startedAt": iso(started), "completedAt": iso(time.time())}
    return Json(body | {"numErrors": len(errors), "errors": errors}, 207) if errors else Json(body, done)


def page(results: list[Any], after: str | None, link: str = "") -> dict[str, Any]:
    """Return one page of a collection, pointing to the next if there is one."""
    return {"results": results} | ({"paging": {"next": {"after": after, "link": f"{link}after={after}"}}} if after else {})


def body_of(call: Call) -> Any:
    """Return the JSON body of a call, parsed once."""
    if "json" not in call.notes:
        try:
            call.notes["json"] = orjson.loads(call.body)
        except orjson.JSONDecodeError as error:
            raise Refusal(400, f"Invalid input JSON on line {error.lineno}, column {error.colno}: {error.msg}") from None
    return call.notes["json"]


def object_of(call: Call) -> dict[str, Any]:
    """Return the JSON body of a call, which must be an object."""
    body = body_of(call)
    if not isinstance(body, dict):
        raise Refusal(400, "Invalid input JSON on line 1, column 1: Cannot deserialize the body as an object")
    return body


def inputs_of(call: Call, most: int = 100) -> list[dict[str, Any]]:
    """Return the inputs of a batch call: at least one, at most so many."""
    inputs = object_of(call).get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(one, dict) for one in inputs):
        raise Refusal(400, "Invalid input JSON: inputs must be a list of objects", context={"propertyName": ["inputs"]})
    if len(inputs) > most:
        raise Refusal(400, f"Invalid request: the maximum number of inputs in a batch is {most}, got {len(inputs)}")
    if not inputs:
        raise Refusal(400, "Invalid request: inputs must not be empty")
    return inputs


def texts_of(body: dict[str, Any], name: str) -> list[str]:
    """Return a list of texts in a body, empty if it is not there."""
    given = body.get(name) or []
    if not isinstance(given, list) or not all(isinstance(one, str | int | float) for one in given):
        raise Refusal(400, f"Invalid input JSON: {name} must be a list of strings", context={"propertyName": [name]})
    return [str(one) for one in given]


def number_of(call: Call, name: str, default: int, most: int) -> int:
    """Return a whole number of the query, such as `limit`."""
    text = call.query.get(name)
    if text is None:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise Refusal(400, f"Invalid {name}: must be a number from 1 to {most}", context={name: [text]})
    return int(text)


def words_of(call: Call, name: str) -> list[str]:
    """Return a list of the query, given comma-separated or several times over."""
    return [word.strip() for text in call.query.getlist(name) for word in text.split(",") if word.strip()]
