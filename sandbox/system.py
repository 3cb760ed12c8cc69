"""What a vendor's module gives to the sandbox: the shape of a stand-in for one outside system; knows no vendor."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import orjson
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.courier import Courier, Manner
from sandbox.oauth import Trouble, trouble_with
from sandbox.settings import Settings
from sandbox.store import Record, Store


@dataclass(slots=True)
class Call:
    """One request to a system, its body read; `path` is below the system's mount."""

    method: str
    path: str
    query: QueryParams
    headers: Headers
    body: bytes
    token: str | None = None
    notes: dict[str, Any] = field(default_factory=dict)  # what a system wants to remember between its steps of one call


@dataclass(slots=True)
class Card:
    """How an object looks on the page for people: one line of title, and a few short facts."""

    title: str
    facts: list[str] = field(default_factory=list)


class Answer(Exception):  # noqa: N818 - it is an answer, and may be a good one
    """Raised anywhere below a route to answer at once."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class Json(Response):
    """A JSON answer."""

    media_type = "application/json; charset=utf-8"

    def render(self, content: Any) -> bytes:
        """Return the content as JSON."""
        return orjson.dumps(content)


def call_of(request: Request) -> Call:
    """Return the call that a route is answering: body and token are read already."""
    call: Call = request.scope["sandbox.call"]
    return call


def bearer(headers: Mapping[str, str]) -> str | None:
    """Return the bearer token of a request, or None."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


class System(ABC):
    """A stand-in for one outside system. Subclasses set the class variables and say how their vendor answers.

    Several systems may share a mount (Drive and Gmail are both below /google): `parts` are the path prefixes below the mount
    that are this system's; the first system in the app's list that matches a path gets it.
    """

    name: ClassVar[str]  # as in the control interface: crm, mail, docs, chat, billing
    vendor: ClassVar[str]  # as people know it: HubSpot
    mount: ClassVar[str]  # /hubspot
    parts: ClassVar[tuple[str, ...]] = ("/",)
    kinds: ClassVar[tuple[str, ...]]  # what /_sandbox/objects and the page show, in this order
    open_paths: ClassVar[tuple[str, ...]] = ()  # path prefixes below the mount that need no token (OAuth)
    courier: Courier | None = None  # carries this vendor's webhooks, if it sends any
    expires_in: float = 1800  # seconds, of access tokens issued from now on; settable by control
    ask: Callable[..., Awaitable[Response]]  # set by the app: ask(method, path, headers, body), through the wire; for batch calls

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.journal(self.name))

    @abstractmethod
    def routes(self) -> list[BaseRoute]:
        """Return the vendor's routes, paths below the mount; endpoints take a Starlette request and may raise `Answer`."""

    @abstractmethod
    def failure(self, call: Call, status: int, message: str | None = None) -> Response:
        """Return an error in the vendor's shape: a fault of any status, 404 and 405 for what has no route, 500 for a bug here."""

    @abstractmethod
    def unauthorized(self, call: Call, trouble: Trouble) -> Response:
        """Return the vendor's answer to a token that is no good."""

    def limit(self, call: Call) -> Response | None:
        """Return the vendor's answer when a call is over its rate limit (not asked when limits are off)."""
        return None

    def headers(self, call: Call) -> dict[str, str]:
        """Return headers that this vendor puts on every answer."""
        return {}

    def token_of(self, call: Call) -> str | None:
        """Return the token that a call carries."""
        return bearer(call.headers)

    def keys_of(self, call: Call) -> list[str]:
        """Return the effect keys (`towline_key`) that a call carries, for the log of requests; never raises."""
        return []

    @abstractmethod
    def shown(self, kind: str, record: Record) -> dict[str, Any]:
        """Return a stored object as the vendor shows it."""

    @abstractmethod
    def card(self, kind: str, record: Record) -> Card:
        """Return a stored object as the page for people shows it."""

    @abstractmethod
    def seed(self) -> None:
        """Put what a new account of this vendor has; called at start and after a reset, must be safe to repeat."""

    def refused(self, call: Call) -> Response | None:
        """Return the vendor's 401 for a call with a bad token."""
        if any(call.path.startswith(p) for p in self.open_paths):
            return None
        trouble = trouble_with(call.token)
        return self.unauthorized(call, trouble) if trouble else None

    async def person_creates(self, kind: str, properties: dict[str, Any], associations: list[Any]) -> dict[str, Any]:
        """Make an object as a person at work in the vendor's UI would; return it as the vendor shows it."""
        raise NotImplementedError

    async def person_changes(self, kind: str, record_id: str, properties: dict[str, Any]) -> dict[str, Any]:
        """Change an object as a person at work in the vendor's UI would; return it as the vendor shows it."""
        raise NotImplementedError

    async def import_changes(self, kind: str, record_id: str, properties: dict[str, Any]) -> dict[str, Any]:
        """Change an object as a person's import of a file would; return it as the vendor shows it."""
        raise NotImplementedError

    async def start(self) -> None:
        """Take up background work that an earlier process left; the store is replayed and seeded."""
        return

    async def close(self) -> None:
        """Stop what runs in the background and close the store."""
        self.store.close()

    async def reset(self) -> None:
        """Forget all objects and begin as a new account."""
        self.expires_in = type(self).expires_in
        if self.courier:
            self.courier.manner = Manner(system=self.name)
        self.store.reset()
        self.seed()
