"""How a mail server is named in the settings: scheme, account, host. Makes no connection, and shows no password in an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from contracts.errors import MisconfiguredError


@dataclass(frozen=True, slots=True)
class Account:
    """A server, and who we are there."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    encrypted: bool
    starts_tls: bool


def account_of(url: str, setting: str, ports: Mapping[str, int]) -> Account:
    """Return what a URL names: TLS from the start, or STARTTLS, which only this machine itself may go without.

    `ports` gives each scheme's port, the encrypted one first. Raises MisconfiguredError.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or ports.get(parts.scheme, 0)
    except ValueError:
        raise MisconfiguredError(f"mail: the {setting} URL has no port that is a number", cause=f"mail.{setting}_url") from None
    if parts.scheme not in ports or not parts.hostname:
        schemes = " or ".join(f"{scheme}://user:password@host" for scheme in ports)
        raise MisconfiguredError(f"mail: the {setting} URL must be {schemes}", cause=f"mail.{setting}_url")
    encrypted = parts.scheme == next(iter(ports))
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Account(parts.hostname, port, user, password, encrypted, not encrypted and not local)
