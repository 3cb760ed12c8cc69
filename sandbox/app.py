"""Puts the systems behind one address, each at its mount, with the control interface beside them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox import gmail, google, hubspot, slack, stripe
from sandbox.control import Control
from sandbox.faults import Faults
from sandbox.page import Page
from sandbox.settings import Settings
from sandbox.system import Answer, System
from sandbox.traffic import Traffic
from sandbox.wire import Wire


def installed(settings: Settings, client: httpx.AsyncClient | None = None) -> list[System]:
    """Return every stand-in there is; the first that matches a path answers it."""
    crm, billing = hubspot.system(settings, client), stripe.system(settings, client)
    return [crm, google.system(settings), gmail.system(settings), slack.system(settings, client), billing]


def create_app(settings: Settings, systems: Sequence[System] | None = None, client: httpx.AsyncClient | None = None) -> Starlette:
    """Build the sandbox as one ASGI application: all systems unless some are named; webhooks go through `client` if given."""
    present = list(installed(settings, client) if systems is None else systems)
    faults, traffic = Faults(), Traffic()
    for system in present:
        system.seed()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        for system in present:
            await system.start()
        yield
        for system in present:
            await system.close()

    mounts: list[BaseRoute] = [_Mount(system, Wire(system, faults, traffic)) for system in present]
    control = Control(present, faults, traffic)
    page = Page(present, faults, traffic)
    app = Starlette(routes=[*mounts, *control.routes(), *page.routes()], exception_handlers={Answer: _answer}, lifespan=lifespan)
    app.state.systems = {system.name: system for system in present}
    return app


class _Mount(BaseRoute):
    """Gives a system the paths below its mount that are its own."""

    def __init__(self, system: System, wire: ASGIApp) -> None:
        self.prefixes = tuple(system.mount + part for part in system.parts)
        self.wire = wire

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        mine = scope["type"] == "http" and scope["path"].startswith(self.prefixes)
        return (Match.FULL if mine else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.wire(scope, receive, send)


async def _answer(request: Request, answer: Exception) -> Response:
    assert isinstance(answer, Answer)  # noqa: S101 - registered for this class only
    return answer.response
