"""Which programs the local stack is made of, each with its command, its environment and how it says that it is ready."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from contracts.files import IN_FORCE
from deployments.databases import PREFECT_DATABASE, prefect_database
from deployments.postgres import EmbeddedPostgres
from deployments.supervisor import Program
from runtime.in_force import place
from runtime.settings import Settings

ROOT = Path(__file__).parent.parent
QUIET = {
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_CLI_COLORS": "false",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONUNBUFFERED": "1",
}
PREFECT_BATCHES = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
}
"""By default Prefect records each state of a task in three statements of its own, half of all that its server did.

An interval below a second is cut to none, and the server then never rests.
"""


def worker_ready_file(settings: Settings) -> Path:
    """Return the file that the resident worker writes when it can take events."""
    return settings.state / "run" / "worker.ready"


def programs(settings: Settings, postgres: EmbeddedPostgres | None) -> list[Program]:
    """Return the programs of the stack; `postgres` is the embedded server, prepared, where one is used."""
    found = [
        _database(postgres) if postgres else None,
        _ledger(settings, after=("postgres",) if postgres else ()),
        _prefect(settings) if settings.prefect_api_url is None else None,
        _sandbox(settings) if settings.needs_sandbox else None,
        _gateway(settings),
        _worker(settings),
    ]
    return [program for program in found if program is not None]


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment of our own processes: every setting that was made, secrets too, and no analytics."""
    home = settings.state
    return {
        **_surroundings(),
        **_as_variables(settings),
        "TOWLINE_HOME": str(home),
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_API_URL": settings.prefect_url,
        IN_FORCE: str(place(settings)),
    }


def _surroundings() -> dict[str, str]:
    """What this process was given, without our own settings; modules come from this house, whatever the current folder holds."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TOWLINE_")}
    path = os.pathsep.join(filter(None, (str(ROOT), inherited.get("PYTHONPATH"))))
    return {**inherited, **QUIET, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}


def _as_variables(settings: Settings) -> dict[str, str]:
    values = settings.model_dump(exclude_unset=True, exclude_none=True, exclude={"prefect_api_url"})
    return {
        f"TOWLINE_{name.upper()}": ",".join(value) if isinstance(value, tuple) else str(value) for name, value in values.items()
    }


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]


def _database(postgres: EmbeddedPostgres) -> Program:
    async def is_ready() -> bool:
        return await asyncio.to_thread(postgres.is_ready)

    return Program(
        "postgres",
        postgres.command(),
        _surroundings(),
        is_ready=is_ready,
        stop_with=signal.SIGINT,
        grace=120,  # its last checkpoint writes everything to disk
        as_user={"cwd": "/", **postgres.as_user},
    )


def _ledger(settings: Settings, *, after: tuple[str, ...]) -> Program:
    """Told of no Prefect API where the stack runs its own server, so that it makes that server's database too."""
    own = environment(settings)
    if settings.prefect_api_url is None:
        del own["PREFECT_API_URL"]
    return Program("ledger", _module("deployments.prepare"), own, is_ready=None, after=after)


def _prefect(settings: Settings) -> Program:
    port, kept = str(settings.prefect_port), str(round(settings.keep_runs_days * 24 * 3600))
    command = _module("uvicorn", "--factory", "prefect.server.api.server:create_app", "--no-access-log", "--log-level", "warning")
    return Program(
        "prefect",
        [*command, "--host", "127.0.0.1", "--port", port, "--timeout-graceful-shutdown", "3"],
        {
            **_surroundings(),
            PREFECT_DATABASE: prefect_database(settings),
            "PREFECT_HOME": str(settings.state / "prefect"),
            "PREFECT_SERVER_API_HOST": "127.0.0.1",
            "PREFECT_SERVER_API_PORT": port,
            "PREFECT_API_URL": settings.prefect_url,
            "PREFECT_UI_API_URL": settings.prefect_url,
            # A connection costs PostgreSQL some 10 MB; more of them at once make nothing quicker on a few cores.
            "PREFECT_SERVER_DATABASE_SQLALCHEMY_POOL_SIZE": "4",
            "PREFECT_SERVER_DATABASE_SQLALCHEMY_MAX_OVERFLOW": "4",
            **PREFECT_BATCHES,
            "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
            "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": kept,
            "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": f"PT{kept}S",
        },
        is_ready=_answers(settings.prefect_port, "/api/health"),
        after=("ledger",),
    )


def _sandbox(settings: Settings) -> Program:
    own = {
        "TOWLINE_SANDBOX_PORT": str(settings.sandbox_port),
        "TOWLINE_SANDBOX_LIMITS": settings.sandbox_limits,
        "TOWLINE_SANDBOX_STATE": str(settings.state / "sandbox"),
        "TOWLINE_GATEWAY_URL": settings.gateway_url,
        "TOWLINE_CRM_WEBHOOK_SECRETS": ",".join(settings.crm_webhook_secrets),
        "TOWLINE_BILLING_WEBHOOK_SECRETS": ",".join(settings.billing_webhook_secrets),
        "TOWLINE_CHAT_SIGNING_SECRETS": ",".join(settings.chat_signing_secrets),
    }
    return Program("sandbox", _module("sandbox"), {**_surroundings(), **own}, is_ready=_answers(settings.sandbox_port, "/"))


def _gateway(settings: Settings) -> Program:
    return Program(
        "gateway", _module("web"), environment(settings), is_ready=_answers(settings.port, "/readyz"), after=("ledger",)
    )


def _worker(settings: Settings) -> Program:
    """The worker waits by itself for Prefect and the outside systems, so that its imports go on meanwhile."""
    ready = worker_ready_file(settings)

    async def is_ready() -> bool:
        return ready.exists()

    return Program(
        "worker",
        _module("deployments.worker"),
        environment(settings),
        is_ready=is_ready,
        removes=ready,
        after=("ledger",),
        grace=30,
    )


def _answers(port: int, path: str) -> Callable[[], Awaitable[bool]]:
    def ask() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    async def is_ready() -> bool:
        return await asyncio.to_thread(ask)

    return is_ready
