"""The outermost layer: measures every answer, adds the security headers, and lets no error's text out. Knows no route."""

from __future__ import annotations

import time
import traceback
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.logs import get_logger
from web.live import Live
from web.metrics import Metrics

log = get_logger("web")

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none';"
        " form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # without any, browsers tell no origin of a form either
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Wraps the whole app."""

    def __init__(self, app: ASGIApp, metrics: Metrics, live: Live) -> None:
        self._app = app
        self._metrics = metrics
        self.end = live.end
        """Ends what is answered without end; whoever stops the process waits for all answers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whatever happens in it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, answered, status = time.perf_counter(), None, 0

        async def send_guarded(message: Message) -> None:
            nonlocal answered, status
            if message["type"] == "http.response.start":
                answered, status = time.perf_counter(), message["status"]
                headers = MutableHeaders(raw=message["headers"])
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_guarded)
        except Exception as error:  # it was answered; its text may repeat a payload, so only kind and place are written down
            log.error("request.failed", route=_route(scope), error=type(error).__name__, where=_place_of(error))
        finally:
            self._metrics.count_answer(_route(scope), status or 500, (answered or time.perf_counter()) - began)


def _place_of(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "site-packages" not in frame.filename]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in [*own, frames[-1]]]


def _route(scope: Scope) -> str:
    """The route's template: an address that somebody makes up must not become a label."""
    return getattr(scope.get("route"), "path", "unknown")
