"""Runs the sandbox on loopback until it is told to stop; knows nothing of what it serves."""

import logging
import signal
import socket
import sys

import uvicorn
from pydantic import ValidationError

from sandbox.app import create_app
from sandbox.settings import Settings
from sandbox.wire import quiet_drops


def main() -> int:
    """Serve on 127.0.0.1; a port that is taken ends with one line and exit code 1."""
    try:
        settings = Settings(_env_file=".env")
    except ValidationError as error:
        wrong = "; ".join(f"{e['loc'][0]}: {e['msg']}" for e in error.errors())
        print(f"sandbox: {wrong}", file=sys.stderr)  # noqa: T201
        return 1
    listener = socket.socket(proto=socket.IPPROTO_TCP)  # named, so that asyncio switches Nagle off
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", settings.port))
    except OSError as error:
        print(f"sandbox: port {settings.port} on 127.0.0.1 cannot be used: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # uvicorn stops on both and then raises them again: our exit code is 0
    logging.getLogger("uvicorn.error").addFilter(quiet_drops)
    try:
        app = create_app(settings)
    except (OSError, ValueError) as error:
        print(f"sandbox: the state in {settings.state} cannot be used: {error}", file=sys.stderr)  # noqa: T201
        return 1
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,  # as vendors do: one that is as short as a client's own makes both close at the same moment
    )
    uvicorn.Server(config).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
