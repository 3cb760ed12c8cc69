"""What the stack rests on: a lock, records of processes, free ports, secrets that nobody reads."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from prefect.settings import Settings as PrefectSettings

from contracts.errors import MisconfiguredError
from deployments.credentials import make_missing
from deployments.databases import prefect_database
from deployments.footprints import Footprints
from deployments.ports import require_free
from deployments.programs import environment, programs
from deployments.stack import Stack, ports
from runtime.settings import Settings

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def listener() -> socket.socket:
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    yield taken
    taken.close()


def test_one_state_folder_has_one_supervisor(tmp_path: Path) -> None:
    second = Footprints(tmp_path)
    with Footprints(tmp_path).locked():
        assert second.supervisor() == os.getpid()
        with pytest.raises(MisconfiguredError, match=f"running already in .* .process {os.getpid()}"), second.locked():
            pass
    assert second.supervisor() is None


def test_a_lock_that_nobody_holds_names_nobody(tmp_path: Path) -> None:
    assert Footprints(tmp_path).supervisor() is None
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "lock").write_text("1")
    assert Footprints(tmp_path).supervisor() is None


def test_leftovers_of_a_dead_supervisor_are_stopped(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with subprocess.Popen(SLEEP, start_new_session=True) as left:  # noqa: S603
        Footprints(tmp_path).record("gateway", left.pid)
        assert Footprints(tmp_path).stop_leftovers() == ["gateway"]
        assert left.wait(5) != 0
    assert Footprints(tmp_path).leftovers() == {}


def test_children_of_a_leftover_that_died_alone_are_stopped_too(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    parent = f"import subprocess, sys; print(subprocess.Popen({SLEEP!r}).pid, flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", parent], start_new_session=True, **pipes) as left:  # noqa: S603
        child = int(left.stdout.readline())
        Footprints(tmp_path).record("worker", left.pid)
        left.kill()
        left.wait()
        assert Footprints(tmp_path).stop_leftovers(seconds=5) == ["worker"]
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_a_process_that_only_has_the_same_number_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with subprocess.Popen(SLEEP) as other:  # noqa: S603
        (tmp_path / "run" / "gateway.pid").write_text(f'{{"pid": {other.pid}, "started": 1000.0}}')
        assert Footprints(tmp_path).stop_leftovers() == []
        assert psutil.Process(other.pid).is_running()
        other.kill()


@pytest.mark.parametrize("text", ["", "{", '{"pid": 999999999, "started": 1}', '{"started": 1}'])
def test_a_record_that_cannot_be_read_names_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "gateway.pid").write_text(text)
    assert Footprints(tmp_path).leftovers() == {}


def test_a_taken_port_is_named_with_its_setting_and_process(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with pytest.raises(MisconfiguredError) as caught:
        require_free({"TOWLINE_PORT": port})
    assert str(port) in caught.value.text
    assert "set TOWLINE_PORT" in caught.value.text
    assert f"process {os.getpid()}" in caught.value.text
    assert "\n" not in caught.value.text


def test_one_port_for_two_things_is_refused() -> None:
    with pytest.raises(MisconfiguredError, match="named twice, by TOWLINE_PORT and TOWLINE_SANDBOX_PORT"):
        require_free({"TOWLINE_PORT": 54_321, "TOWLINE_SANDBOX_PORT": 54_321})


def test_a_number_that_is_no_port_is_refused() -> None:
    with pytest.raises(MisconfiguredError, match="port 70000 cannot be used"):
        require_free({"TOWLINE_PORT": 70_000})


def test_secrets_are_made_once_and_are_private(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    make_missing(settings)
    path = tmp_path / "secrets.env"
    first = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [line.split("=")[0] for line in first.splitlines()] == [
        "TOWLINE_EVENTS_SECRETS",
        "TOWLINE_CRM_WEBHOOK_SECRETS",
        "TOWLINE_BILLING_WEBHOOK_SECRETS",
        "TOWLINE_CHAT_SIGNING_SECRETS",
        "TOWLINE_API_TOKEN",
    ]
    made = Settings(_env_file=path, home=tmp_path)
    assert made.events_secrets[0].startswith("whsec_")
    assert len(made.api_token) >= 32
    make_missing(made)
    assert path.read_text() == first


def test_only_what_is_missing_is_made_and_never_a_vendors_secret(tmp_path: Path) -> None:
    make_missing(Settings(home=tmp_path, events_secrets="whsec_c2VjcmV0", crm="hubspot", billing="stripe", chat="slack"))
    assert (tmp_path / "secrets.env").read_text().startswith("TOWLINE_API_TOKEN=")


def test_secrets_travel_by_environment_and_never_by_command_line(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path, events_secrets="whsec_one,whsec_two", api_token="very-secret", database_url="postgresql://h/d"
    )
    found = {program.name: program for program in programs(settings, None)}
    assert found["gateway"].environment["TOWLINE_EVENTS_SECRETS"] == "whsec_one,whsec_two"
    assert not any("secret" in word or "whsec" in word for program in found.values() for word in program.command)
    assert not any(name.startswith("TOWLINE_") for name in found["prefect"].environment)
    assert "TOWLINE_API_TOKEN" not in found["sandbox"].environment


def test_what_reports_home_is_switched_off_everywhere(tmp_path: Path) -> None:
    for program in programs(Settings(home=tmp_path, database_url="postgresql://h/d"), None):
        assert program.environment["DO_NOT_TRACK"] == "1"
        assert program.environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
        assert program.environment["GX_ANALYTICS_ENABLED"] == "false"


def test_the_stack_is_what_the_settings_ask_for(tmp_path: Path) -> None:
    everything = {"home": tmp_path, "database_url": "postgresql://h/d"}
    vendors = {"crm": "hubspot", "docs": "google", "chat": "slack", "mail": "gmail", "billing": "stripe"}
    own = Settings(**everything)
    assert [program.name for program in programs(own, None)] == ["ledger", "prefect", "sandbox", "gateway", "worker"]
    lean = Settings(**everything, **vendors, PREFECT_API_URL="http://prefect.example/api")
    assert [program.name for program in programs(lean, None)] == ["ledger", "gateway", "worker"]
    assert set(ports(lean)) == {"TOWLINE_PORT"}
    assert environment(lean)["PREFECT_API_URL"] == "http://prefect.example/api"


def test_prefect_has_a_database_of_its_own_beside_the_ledgers(tmp_path: Path) -> None:
    assert prefect_database(Settings(home=tmp_path)).startswith("postgresql+asyncpg://postgres@/prefect?host=")
    external = Settings(home=tmp_path, database_url="postgres://me:pw@db.example:5433/deals?ssl=require")
    assert prefect_database(external) == "postgresql+asyncpg://me:pw@db.example:5433/deals_prefect?ssl=require"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is anybody else to PostgreSQL; not tried: a folder closed to its user")
async def test_a_state_folder_that_postgresql_cannot_reach_is_said_clearly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setenv("TOWLINE_HOME", str(closed / "home"))
    monkeypatch.chdir(tmp_path)
    settings = Settings(home=closed / "home", port=_free(), sandbox_port=_free(), prefect_port=_free())
    with pytest.raises(MisconfiguredError, match="closed to others"):
        await Stack(settings, changed=lambda _: None).run()


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_prefect_keeps_its_runs_for_the_days_that_are_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own settings take the names and the units that we give them."""
    settings = Settings(_env_file=None, home=tmp_path, keep_runs_days=2)
    (prefect,) = [program for program in programs(settings, None) if program.name == "prefect"]
    for name, value in prefect.environment.items():
        if "RETENTION" in name or "VACUUM" in name:
            monkeypatch.setenv(name, value)
    server = PrefectSettings().server
    assert server.events.retention_period == server.services.db_vacuum.retention_period == timedelta(days=2)
    assert "flow_runs" in server.services.db_vacuum.enabled_vacuum_types
