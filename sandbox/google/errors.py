"""Google's error answers, the one shape that Drive and Docs share; knows no resource.

https://developers.google.com/workspace/drive/api/guides/handle-errors
"""

from typing import Any

from starlette.responses import Response

from sandbox.system import Answer, Json

_STATUSES = {
    400: ("INVALID_ARGUMENT", "badRequest", "Bad Request"),
    401: ("UNAUTHENTICATED", "authError", "Invalid Credentials"),
    403: ("PERMISSION_DENIED", "forbidden", "The caller does not have permission"),
    404: ("NOT_FOUND", "notFound", "Requested entity was not found."),
    405: ("UNIMPLEMENTED", "httpMethodNotAllowed", "Method Not Allowed"),
    409: ("ALREADY_EXISTS", "conflict", "Conflict"),
    410: ("NOT_FOUND", "deleted", "Gone"),
    412: ("FAILED_PRECONDITION", "conditionNotMet", "Precondition Failed"),
    413: ("INVALID_ARGUMENT", "uploadTooLarge", "Request Entity Too Large"),
    416: ("OUT_OF_RANGE", "requestedRangeNotSatisfiable", "Request range not satisfiable"),
    429: ("RESOURCE_EXHAUSTED", "rateLimitExceeded", "Rate Limit Exceeded"),
    500: ("INTERNAL", "internalError", "Internal Error"),
    501: ("UNIMPLEMENTED", "notImplemented", "Not Implemented"),
    503: ("UNAVAILABLE", "backendError", "Service unavailable. Please try again later."),
    504: ("DEADLINE_EXCEEDED", "backendError", "Deadline expired before operation could complete."),
}


def error(
    status: int, message: str | None = None, *, reason: str | None = None, grpc: str | None = None, **place: str
) -> Response:
    """Return an error answer; `place` is `location` and `locationType` where the vendor names the wrong parameter."""
    known = _STATUSES.get(status) or _STATUSES[500 if status >= 500 else 400]
    text = message or known[2]
    domain = "usageLimits" if status == 429 or (reason or "").endswith("LimitExceeded") else "global"
    detail: dict[str, Any] = {"message": text, "domain": domain, "reason": reason or known[1], **place}
    return Json({"error": {"code": status, "message": text, "errors": [detail], "status": grpc or known[0]}}, status)


def refuse(
    status: int, message: str | None = None, *, reason: str | None = None, grpc: str | None = None, **place: str
) -> Answer:
    """Return an error to be raised."""
    return Answer(error(status, message, reason=reason, grpc=grpc, **place))


def not_found(file_id: str) -> Answer:
    """Return Drive's answer to an id that names nothing."""
    return refuse(404, f"File not found: {file_id}.", location="fileId", locationType="parameter")


def invalid_parameter(name: str, message: str = "Invalid Value", reason: str = "invalid") -> Answer:
    """Return Drive's answer to a query parameter that it cannot take."""
    return refuse(400, message, reason=reason, location=name, locationType="parameter")
