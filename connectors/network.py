"""How connections are made: time limits, the one TLS context, and whose requests a proxy takes. Knows no vendor."""

from __future__ import annotations

import logging
import ssl
from functools import cache
from urllib.parse import urlsplit

import httpx

logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells every address that it calls, and some hold a name
TIMEOUT = httpx.Timeout(15, connect=3, pool=30)
# An idle connection is given up before a server with the usual five seconds closes it under a request on its way.
LIMITS = httpx.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=4)


@cache
def tls() -> ssl.SSLContext:
    """Return the one TLS context of the process: making one takes longer than a call."""
    return httpx.create_ssl_context()


def takes_proxy(url: str) -> bool:
    """Say whether a proxy named in the environment is for this URL: what listens on this machine is never behind one."""
    return urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1")
