"""Whether the ports of the stack are free, asked before anything starts; it must not keep one."""

from __future__ import annotations

import socket
from collections.abc import Mapping

import psutil  # type: ignore[import-untyped]

from contracts.errors import MisconfiguredError


def require_free(ports: Mapping[str, int]) -> None:
    """Check that nobody listens on these ports, given by the setting that names each.

    Raises:
        MisconfiguredError: one is taken or named twice; names port, setting and, where it can be told, the process.
    """
    seen: dict[int, str] = {}
    for setting, port in ports.items():
        if port in seen:
            raise MisconfiguredError(f"port {port} is named twice, by {seen[port]} and {setting}")
        seen[port] = setting
        if why := _fault(port):
            raise MisconfiguredError(f"port {port} cannot be used{_by_whom(port)}: {why}; set {setting} to another one")


def _fault(port: int) -> str | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            return getattr(error, "strerror", None) or "it is not a port"
    return None


def _by_whom(port: int) -> str:
    try:
        listeners = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.laddr.port == port]
        return f" (process {listeners[0].pid}, {psutil.Process(listeners[0].pid).name()})"
    except (psutil.Error, IndexError, TypeError):
        return ""
