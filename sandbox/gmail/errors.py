"""Gmail's refusals in Google's one shape; knows no mailbox."""

from starlette.responses import Response

from sandbox.google.errors import error, refuse
from sandbox.oauth import Trouble
from sandbox.system import Answer


def not_found() -> Answer:
    """Return the answer to an id that names nothing, or a history id that is too old."""
    return refuse(404)


def bad_id() -> Answer:
    """Return the answer to what cannot be an id."""
    return invalid("Invalid id value")


def invalid(message: str) -> Answer:
    """Return the answer to an argument that Gmail cannot take."""
    return refuse(400, message, reason="invalidArgument")


def unauthorized(trouble: Trouble) -> Response:
    """Return the 401 with its challenge."""
    missing = trouble == "missing"
    message = (
        f"Request {'is missing required' if missing else 'had invalid'} authentication credential{'' if missing else 's'}. "
        "Expected OAuth 2 access token, login cookie or other valid authentication credential."
    )
    response = error(401, message, reason="required" if missing else "authError", location="Authorization", locationType="header")
    challenge = 'Bearer realm="https://accounts.google.com/"'
    response.headers["WWW-Authenticate"] = challenge if missing else challenge + ', error="invalid_token"'
    return response
