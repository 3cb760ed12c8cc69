"""Bearer tokens: one that never changes, and one that OAuth 2.0 renews. Knows no vendor and no business."""

from __future__ import annotations

import warnings
from typing import Any, Protocol

import httpx

from connectors.network import TIMEOUT, takes_proxy, tls
from connectors.remedies import plain_code
from contracts.errors import MisconfiguredError, RetryableError, TowlineError

with warnings.catch_warnings():
    # authlib warns at import of httpx, which has a successor; it works with both. Its own filter shows the warning
    # whatever others say, so ours must come after it.
    from authlib.deprecate import AuthlibDeprecationWarning

    warnings.filterwarnings("ignore", "The httpx module is deprecated", AuthlibDeprecationWarning)
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.httpx_client import AsyncOAuth2Client

LEEWAY = 60


class Token(Protocol):
    """What an API client needs to be let in."""

    async def current(self) -> str:
        """Return an access token that should be good, renewing it first if it is about to end."""

    def renewable(self, refused: str) -> bool:
        """Note that the vendor refused this token; say whether `current` may return another one now."""

    async def aclose(self) -> None:
        """Close connections."""


class StaticToken:
    """A token that never changes, such as a private app's."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def current(self) -> str:
        """Return the token."""
        return self._token

    def renewable(self, refused: str) -> bool:
        """Say no: there is no other one."""
        return False

    async def aclose(self) -> None:
        """Do nothing."""


class RefreshedToken:
    """An access token that is renewed by its refresh token `leeway` seconds before it ends, once for however many calls wait."""

    def __init__(
        self,
        system: str,
        token_url: str,
        *,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        leeway: float = LEEWAY,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._system = system
        self._client: Any = AsyncOAuth2Client(
            client_id,
            client_secret,
            token={"access_token": "", "refresh_token": refresh_token, "token_type": "bearer", "expires_at": 1},
            token_endpoint=token_url,
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - HubSpot knows no other, Google takes it
            leeway=leeway,
            timeout=TIMEOUT,
            transport=transport,
            trust_env=takes_proxy(token_url),
            verify=tls(),
        )
        self._client.register_compliance_hook("refresh_token_response", self._checked)

    async def current(self) -> str:
        """Return an access token that is good for a while.

        Raises MisconfiguredError when the refresh token is not taken any more, RetryableError when there is no clear answer.
        """
        client = self._client
        if client.token.is_expired(leeway=client.leeway):
            try:
                await client.ensure_active_token(client.token)  # looks again, under its lock
            except httpx.HTTPError:
                raise self._error(RetryableError, "no_answer") from None
            except OAuthError as error:
                raise self._error(MisconfiguredError, plain_code(error.error)) from None
        return str(client.token["access_token"])

    def renewable(self, refused: str) -> bool:
        """Let the token end now, unless another call has renewed it already."""
        if self._client.token["access_token"] == refused:
            self._client.token["expires_at"] = 1
        return True

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    def _checked(self, response: httpx.Response) -> httpx.Response:
        """Let only a token pass: the library would keep whatever JSON came instead of one."""
        try:
            body = response.json()
        except ValueError:
            body = None
        if response.is_success and isinstance(body, dict) and body.get("access_token"):
            return response
        if response.status_code in (400, 401, 403) and isinstance(body, dict):
            raise self._error(MisconfiguredError, plain_code(body.get("error") or body.get("status")))
        raise self._error(RetryableError, f"http_{response.status_code}")

    def _error(self, kind: type[TowlineError], code: str) -> TowlineError:
        return kind(f"{self._system}: the access token could not be renewed: {code}", cause=f"{self._system}.token.{code}")
