"""What belongs to the account and not to its records: OAuth, owners, webhook subscriptions.

https://developers.hubspot.com/docs/reference/api/app-management/oauth and .../crm/owners, .../app-management/webhooks
"""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import oauth
from sandbox.hubspot.answers import Refusal, iso, number_of, object_of, page
from sandbox.hubspot.changes import Changes
from sandbox.hubspot.vocabulary import KINDS, OWNERS, PORTAL, USER
from sandbox.store import Record
from sandbox.system import Json, call_of

OPENED = "2025-01-07T09:00:00.000Z"  # when the account was opened; its owners and their records date from then
SCOPES = ["oauth", *(f"crm.objects.{kind}.write" for kind in ("companies", "contacts", "deals")), "tickets"]
TYPE_IDS = {kind.type_id for kind in KINDS.values()}


class Account:
    """Routes of the account; `expires_in` tells how long a new access token lives, in seconds."""

    def __init__(self, changes: Changes, expires_in: Callable[[], float]) -> None:
        self.changes, self.expires_in = changes, expires_in

    def routes(self) -> list[Route]:
        """Return the routes."""
        hooks = "/webhooks/v3/{app_id}/subscriptions"
        return [
            Route("/oauth/v1/token", self._token, methods=["POST"]),
            Route("/oauth/v1/access-tokens/{token}", self._access_token, methods=["GET"]),
            Route("/crm/v3/owners", self._owners, methods=["GET"]),
            Route("/crm/v3/owners/", self._owners, methods=["GET"]),
            Route("/crm/v3/owners/{owner_id}", self._owner, methods=["GET"]),
            Route(hooks, self._subscriptions, methods=["GET"]),
            Route(hooks, self._subscribe, methods=["POST"]),
            Route(hooks + "/{subscription_id}", self._switch, methods=["PATCH"]),
            Route(hooks + "/{subscription_id}", self._unsubscribe, methods=["DELETE"]),
        ]

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs(call_of(request).body.decode(errors="replace")).items()}
        grant, client = form.get("grant_type"), form.get("client_id")
        if not client or not form.get("client_secret"):
            raise _refused("BAD_CLIENT_ID", "missing or unknown client id or secret", "invalid_client")
        if grant == "refresh_token":
            refresh = form.get("refresh_token", "")
            if not oauth.refresh_is_good(refresh):
                raise _refused("BAD_REFRESH_TOKEN", "missing or invalid refresh token", "invalid_grant")
        elif grant == "authorization_code":
            if oauth.trouble_with(form.get("code")):
                raise _refused("BAD_AUTH_CODE", "missing or unknown auth code", "invalid_grant")
            refresh = oauth.issue_refresh(oauth.app_id(client))
        else:
            raise _refused("BAD_GRANT_TYPE", "missing or unknown grant type", "unsupported_grant_type")
        lives = self.expires_in()
        access = oauth.issue_access(oauth.app_id(client), lives)
        return Json({"token_type": "bearer", "refresh_token": refresh, "access_token": access, "expires_in": int(lives)})

    async def _access_token(self, request: Request) -> Response:
        token = request.path_params["token"]
        if oauth.trouble_with(token):
            raise Refusal(404, "invalid access token", category="INVALID_AUTHENTICATION")
        ends = oauth.expiry_of(token)
        left = int(ends - time.time()) if ends else 1800
        shown = {"token": token, "user": "admin@agency.example", "hub_domain": "agency.example", "scopes": SCOPES}
        numbers = {"hub_id": PORTAL, "app_id": oauth.app_of(token), "user_id": USER, "expires_in": left}
        return Json(shown | numbers | {"token_type": "access"})

    async def _owners(self, request: Request) -> Response:
        call = call_of(request)
        limit, after, email = number_of(call, "limit", 100, 500), call.query.get("after", ""), call.query.get("email")
        found = [one for one in OWNERS if (not email or one[3] == email.lower()) and (not after or one[0] > after)]
        last = found[limit - 1][0] if len(found) > limit else None
        return Json(page([_owner(*one) for one in found[:limit]], last, f"https://api.hubapi.com/crm/v3/owners/?limit={limit}&"))

    async def _owner(self, request: Request) -> Response:
        for one in OWNERS:
            if one[0] == request.path_params["owner_id"]:
                return Json(_owner(*one))
        raise Refusal(404, "resource not found")

    async def _subscriptions(self, request: Request) -> Response:
        return Json({"results": [_subscription(record) for record in self.changes.store.all("subscriptions")]})

    async def _subscribe(self, request: Request) -> Response:
        wanted = object_of(call_of(request))
        event_type, name, type_id = (wanted.get(one) for one in ("eventType", "propertyName", "objectTypeId"))
        if not isinstance(event_type, str) or event_type.endswith(".propertyChange") != bool(name):
            raise Refusal(400, "A subscription needs an eventType, and a propertyName if that is a propertyChange")
        if event_type.startswith("object.") and type_id not in TYPE_IDS:
            raise Refusal(400, "A subscription to an object.* event needs the objectTypeId of a known object type")
        number = self.changes.subscribe(event_type, name, active=bool(wanted.get("active")), type_id=type_id)
        return Json(_subscription(self.changes.store.kinds["subscriptions"][number]), 201)

    async def _switch(self, request: Request) -> Response:
        record = self._found(request)
        active = bool(object_of(call_of(request)).get("active"))
        return Json(_subscription(self.changes.store.put("subscriptions", record.id, record.object | {"active": active})))

    async def _unsubscribe(self, request: Request) -> Response:
        self.changes.store.delete("subscriptions", self._found(request).id)
        return Response(status_code=204)

    def _found(self, request: Request) -> Record:
        record = self.changes.store.get("subscriptions", request.path_params["subscription_id"])
        if not record:
            raise Refusal(404, "resource not found")
        return record


def _refused(status: str, message: str, error: str) -> Refusal:
    refusal = Refusal(400, message, error=error, error_description=message)
    refusal.body["status"] = status
    refusal.response = Json(refusal.body, 400)
    return refusal


def _owner(owner_id: str, first: str, last: str, email: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": owner_id, "email": email, "type": "PERSON", "firstName": first, "lastName": last}
    user = {"userId": int(owner_id) + 9_000_000, "userIdIncludingInactive": int(owner_id) + 9_000_000}
    return shown | user | {"createdAt": OPENED, "updatedAt": OPENED, "archived": False}


def _subscription(record: Record) -> dict[str, Any]:
    shown = {name: value for name, value in record.object.items() if value is not None}
    return shown | {"id": record.id, "createdAt": iso(record.created_at), "updatedAt": iso(record.updated_at)}
