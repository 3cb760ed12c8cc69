"""Google's OAuth token endpoint: refresh_token and authorization_code grants; what tokens are worth, `sandbox.oauth` says.

https://developers.google.com/identity/protocols/oauth2/web-server#offline
"""

from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from sandbox.oauth import app_id, issue_access, issue_refresh, refresh_is_good
from sandbox.system import Json, call_of

SCOPE = " ".join(f"https://www.googleapis.com/auth/{name}" for name in ("drive", "documents", "gmail.modify"))


def answer_token(request: Request, expires_in: float) -> Response:
    """Issue an access token that is good for so many seconds."""
    form = {name: values[-1] for name, values in parse_qs(call_of(request).body.decode("utf-8", "replace")).items()}
    if not form.get("client_id"):
        return _refused("invalid_client", "Could not determine client ID from request.", 401)
    app = app_id(form["client_id"])
    access = issue_access(app, expires_in)
    issued = {
        "access_token": access,
        "expires_in": int(expires_in),
        "scope": SCOPE,
        "token_type": "Bearer",
    }
    match form.get("grant_type"):
        case "refresh_token":
            if not refresh_is_good(form.get("refresh_token", "")):
                return _refused("invalid_grant", "Token has been expired or revoked.")
            return Json(issued)
        case "authorization_code":
            if not form.get("code") or "invalid" in form["code"]:
                return _refused("invalid_grant", "Malformed auth code.")
            return Json(issued | {"refresh_token": issue_refresh(app)})
    return _refused("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")


def _refused(error: str, description: str, status: int = 400) -> Response:
    return Json({"error": error, "error_description": description}, status)
