"""The whole stack as people run it: one command starts it, what is killed comes back, one command leaves nothing.

These tests share one stack and are told in their order.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli.demo import run_demo
from contracts.changes import texts
from contracts.files import OWN
from ledger.database import Ledger
from runtime.settings import Settings

ROOT = Path(__file__).parents[2]
LEAD = {
    "company": {"name": "Northwind GmbH", "domain": "northwind.example"},
    "person": {"name": "Ada Byron", "email": "ada@northwind.example"},
    "owner": "sales-1",
}


class House:
    """A state folder with ports of its own, and the command line on it."""

    def __init__(self, home: Path) -> None:
        ports = {name: str(_free()) for name in ("TOWLINE_PORT", "TOWLINE_SANDBOX_PORT", "TOWLINE_PREFECT_PORT")}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TOWLINE_", "PREFECT_"))}
        self.environment = {**inherited, **ports, "TOWLINE_HOME": str(home), "PYTHONPATH": str(ROOT)}
        self.home = home

    def towline(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Type a command."""
        command = [sys.executable, "-m", "cli", *arguments]
        return subprocess.run(  # noqa: S603
            command, check=False, capture_output=True, text=True, input=given, env=self.environment, cwd=self.home.parent
        )

    def status(self) -> dict[str, Any]:
        """What `towline status` says, by process."""
        said = json.loads(self.towline("status", "--json").stdout)
        return {process["name"]: process for process in said["processes"]}

    def family(self) -> list[psutil.Process]:
        """Every process of the stack."""
        found = [psutil.Process(process["pid"]) for process in self.status().values()]
        return list({member.pid: member for process in found for member in (process, *process.children(recursive=True))}.values())


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until(question: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _gone(family: list[psutil.Process]) -> bool:
    return not any(member.is_running() and member.status() != psutil.STATUS_ZOMBIE for member in family)


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """Given a stack that was started in the background."""
    folder = Path(tempfile.mkdtemp(prefix="towline-stack-"))
    folder.chmod(0o755)
    house = House(folder / "home")
    try:
        started = house.towline("up", "--detach", "--json")
        assert started.returncode == 0, started.stderr
        assert json.loads(started.stdout)["ready"]
        yield house
    finally:
        house.towline("down")
        shutil.rmtree(folder, ignore_errors=True)


def test_everything_runs_and_says_what_it_takes(house: House) -> None:
    processes = house.status()
    assert set(processes) == {"supervisor", "postgres", "prefect", "sandbox", "gateway", "worker"}
    assert {process["state"] for process in processes.values()} == {"ready"}
    assert all(process["memory_mb"] > 1 for process in processes.values())


def test_the_doctor_finds_nothing(house: House) -> None:
    said = house.towline("doctor", "--json")
    assert said.returncode == 0, said.stdout
    assert len(json.loads(said.stdout)) == 11


def test_a_lead_that_is_sent_travels_to_its_end(house: House) -> None:
    said = house.towline("send", "-", "--type", "lead.qualified", "--id", "form-1", "--wait", "--json", given=json.dumps(LEAD))
    assert said.returncode == 0, said.stdout + said.stderr + house.towline("exceptions", "--all").stdout
    shown = json.loads(house.towline("event", "form-1", "--source", "towline/cli", "--json").stdout)
    assert shown["status"] == "done"
    assert {effect["state"] for effect in shown["effects"]} == {"done"}


def test_the_demo_carries_three_deals_to_their_ends(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    ports = {name.removeprefix("TOWLINE_").lower(): value for name, value in house.environment.items() if "_PORT" in name}
    asyncio.run(run_demo(Settings(_env_file=house.home / "secrets.env", home=house.home, **ports)))
    told = capsys.readouterr().out
    for line in (
        "paid: approved, delivered, invoiced and paid agree to the cent",
        "stopped for sales-operations",
        "done after its correction",
        "reads: CRM does not answer: 1 lead waits",
        "done after the outage",
    ):
        assert line in told


def test_a_second_stack_on_the_same_folder_says_so(house: House) -> None:
    for form in ((), ("--detach",)):
        said = house.towline("up", *form)
        assert said.returncode == 1
        assert said.stderr.strip().splitlines()[-1].startswith("towline: a stack is running already")


def test_a_stack_on_a_taken_port_names_port_and_setting(house: House) -> None:
    other = House(house.home.parent / "other")
    other.environment["TOWLINE_PORT"] = house.environment["TOWLINE_PORT"]
    said = other.towline("up")
    assert said.returncode == 1
    assert said.stderr.count("\n") == 1
    assert f"port {house.environment['TOWLINE_PORT']} cannot be used" in said.stderr
    assert "TOWLINE_PORT" in said.stderr


def test_a_gateway_that_is_killed_comes_back(house: House) -> None:
    before = house.status()["gateway"]
    os.kill(before["pid"], signal.SIGKILL)
    _until(lambda: house.status()["gateway"]["restarts"] == 1 and house.status()["gateway"]["state"] == "ready")
    said = house.towline("send", "-", "--type", "lead.qualified", "--id", "form-2", given=json.dumps(LEAD))
    assert said.returncode == 0, said.stderr


def test_a_change_that_two_people_agreed_on_is_read_by_gateway_and_worker(house: House) -> None:
    """Given an approved change by which nobody but billing decides about amounts, then the next lead stops at the guard."""
    workers = {name: house.status()[name]["pid"] for name in ("gateway", "worker")}
    files = texts(OWN)
    old, new = "authority: {folder_url: docs,", "authority: {amount: billing, folder_url: docs,"
    _agree_on(house, {**files, "systems.yaml": files["systems.yaml"].replace(old, new)})
    _until(lambda: _restarted(house, workers), 90)
    lead = {**LEAD, "amount": {"minor": 100, "currency": "EUR"}}
    house.towline("send", "-", "--type", "lead.qualified", "--id", "form-3", "--wait", given=json.dumps(lead))
    assert "guard.opportunity.amount" in house.towline("exceptions").stdout
    said = house.towline("doctor")
    assert "not as they are in force since change 2: systems.yaml" in " ".join(said.stdout.split())


def _agree_on(house: House, files: Mapping[str, str]) -> None:
    settings = Settings(_env_file=house.home / "secrets.env", home=house.home)

    async def agree() -> None:
        ledger = Ledger(settings.database(), pool=1)
        async with ledger.begin() as books:
            change = await books.changes.propose(files, by="integration", reason="a drill", takes_effect_at=None)
            await books.changes.approve(change.id, by="workplace")
        await ledger.close()

    asyncio.run(agree())


def _restarted(house: House, before: Mapping[str, int]) -> bool:
    now = house.status()
    return all(now[name]["state"] == "ready" and now[name]["pid"] != pid for name, pid in before.items())


def test_no_secret_stands_in_a_command_line_or_a_log(house: House) -> None:
    lines = (house.home / "secrets.env").read_text().splitlines()
    secrets = [line.partition("=")[2] for line in lines]
    assert len(secrets) == 5
    said = " ".join(word for member in house.family() for word in member.cmdline())
    said += "".join(log.read_text(errors="replace") for log in (house.home / "logs").iterdir())
    assert not any(secret in said for secret in secrets)
    assert "ada@northwind.example" not in said


def test_a_stack_whose_supervisor_was_killed_starts_again_with_all_it_knew(house: House) -> None:
    family = house.family()
    os.kill(house.status()["supervisor"]["pid"], signal.SIGKILL)
    said = house.towline("up", "--detach", "--json")
    assert said.returncode == 0, said.stderr
    assert _gone(family)
    assert json.loads(house.towline("event", "form-1", "--source", "towline/cli", "--json").stdout)["status"] == "done"


def test_down_leaves_no_process(house: House) -> None:
    family = house.family()
    assert house.towline("down").returncode == 0
    assert _gone(family)
    said = house.towline("status")
    assert said.returncode == 1
    assert "the stack is down" in said.stdout
    assert house.towline("down").returncode == 0
