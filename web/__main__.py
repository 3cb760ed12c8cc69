"""Runs gateway and console on loopback until told to stop; knows nothing of what they serve."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn

from contracts.errors import TowlineError
from runtime.logs import configure
from runtime.settings import load_settings
from web.app import app


def main() -> int:
    """Serve on 127.0.0.1; settings that do not fit or a port that is taken end with one line and exit code 1.

    A signal to stop lets what is under way be answered first.
    """
    try:
        port, application = load_settings().port, app()
    except TowlineError as error:
        return _refuse(str(error))
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        return _refuse(
            f"port {port} on 127.0.0.1 cannot be used ({getattr(error, 'strerror', error)}); TOWLINE_PORT chooses another"
        )
    configure("gateway")
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=65,
        timeout_graceful_shutdown=15,
    )
    with contextlib.suppress(KeyboardInterrupt):
        _Server(config, application.end).run(sockets=[listener])
    return 0


class _Server(uvicorn.Server):
    """Lets open streams end first when it is told to stop, since it waits for all answers."""

    def __init__(self, config: uvicorn.Config, end: Callable[[], None]) -> None:
        super().__init__(config)
        self._end = end

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal to stop."""
        self._end()
        super().handle_exit(sig, frame)


def _refuse(why: str) -> int:
    print(f"gateway: {why}", file=sys.stderr)  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main())
