"""A mail server for tests on free ports: a real Dovecot for IMAP, and aiosmtpd for SMTP, which puts what it takes in a list."""

import asyncio
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

PASSWORD = "p@ss/word:1"
CONFIG = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {internal}
first_valid_uid = 1
mail_location = maildir:{home}/mail/%u
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={home}/mail/%u
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
namespace inbox {{
  inbox = yes
  {mailboxes}
}}
"""
SPECIAL = "mailbox Gesendet {\n    special_use = \\Sent\n    auto = create\n  }"


def dovecot() -> str:
    """Return Dovecot's path; where it is missing the test is skipped, but in CI it fails."""
    found = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None and os.environ.get("CI"):
        pytest.fail("dovecot is missing: scripts/debian.sh installs it")
    return found or pytest.skip("dovecot is not installed (scripts/debian.sh installs it): mail by IMAP was not tested")


@contextmanager
def imap_server(mailboxes: str = SPECIAL) -> Iterator[int]:
    """Run Dovecot with any user and one password; yields its port."""
    program = dovecot()
    home = Path(tempfile.mkdtemp(prefix="imap", dir="/tmp"))
    process = None
    try:
        port = free_port()
        (home / "dovecot.conf").write_text(CONFIG.format(home=home, port=port, mailboxes=mailboxes, **_users(home)))
        process = subprocess.Popen([program, "-F", "-c", home / "dovecot.conf"], stderr=subprocess.PIPE)  # noqa: S603
        _wait_for(port, process, home)
        yield port
    finally:
        if process:
            process.terminate()
            process.communicate(timeout=20)
        shutil.rmtree(home, ignore_errors=True)


def _users(home: Path) -> dict[str, Any]:
    """Return who Dovecot runs as: its mail must not belong to root, so root gives it to a user that every Debian has."""
    me = pwd.getpwuid(os.getuid())
    owner = pwd.getpwnam("mail") if me.pw_uid == 0 else me
    for folder in (home, home / "mail"):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
    os.chown(home / "mail", owner.pw_uid, owner.pw_gid)
    internal = pwd.getpwnam("nobody") if me.pw_uid == 0 else me
    return {
        "internal": internal.pw_name,
        "internal_group": grp.getgrgid(internal.pw_gid).gr_name,
        "owner": owner.pw_uid,
        "group": owner.pw_gid,
        "password": PASSWORD,
    }


def _wait_for(port: int, process: "subprocess.Popen[bytes]", home: Path) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(2)
            if probe.connect_ex(("127.0.0.1", port)) == 0 and probe.recv(4) == b"* OK":
                return
        time.sleep(0.02)
    log = home / "dovecot.log"
    pytest.fail(f"dovecot did not start: {log.read_text() if log.exists() else process.communicate(timeout=5)[1]!r}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Smtp:
    """An SMTP server that takes letters, and does what it is told with the next one."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.recipients: list[list[str]] = []
        self.port = 0
        self.next_recipient = ""  # what is said to the next RCPT
        self.next_letter = ""  # what is said to the next text, without taking it
        self.lose = False  # take the next text, and break the connection
        self.locked = False
        self.wants_login = True
        self.logins = 0

    @property
    def letters(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=policy.default) for raw in self.taken]  # type: ignore[misc]

    def authenticate(self, server: Any, session: Session, envelope: Envelope, mechanism: str, login: Any) -> AuthResult:
        self.logins += 1
        return AuthResult(success=not self.locked and login.password.decode() == PASSWORD, handled=False)

    async def handle_RCPT(self, server: Any, session: Session, envelope: Envelope, to: str, options: list[str]) -> str:  # noqa: N802
        said, self.next_recipient = self.next_recipient, ""
        if self.wants_login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if not said:
            envelope.rcpt_tos.append(to)
        return said or "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        said, self.next_letter = self.next_letter, ""
        if not said:
            assert isinstance(envelope.content, bytes)
            self.taken.append(envelope.content)
            self.recipients.append(envelope.rcpt_tos)
        if self.lose:
            self.lose = False
            server.transport.abort()
        return said or "250 OK"


@asynccontextmanager
async def smtp_server(*, login: bool = True, host: str = "127.0.0.1") -> AsyncIterator[Smtp]:
    """Run an SMTP server in this event loop."""
    smtp = Smtp()
    smtp.wants_login = login
    loop = asyncio.get_running_loop()

    def connected() -> SMTP:
        check = smtp.authenticate if login else None
        return SMTP(
            smtp, hostname="smtp.test", loop=loop, authenticator=check, auth_require_tls=False, data_size_limit=50_000_000
        )

    server = await loop.create_server(connected, host, 0)
    smtp.port = server.sockets[0].getsockname()[1]
    try:
        yield smtp
    finally:
        server.close()
        await server.wait_closed()
