"""Help comes at once and tells the truth."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest
import typer
from typer.core import TyperGroup

from cli.main import COMMANDS, run

HEAVY = ("sqlalchemy", "sqlmodel", "pydantic", "httpx", "prefect", "great_expectations", "psutil", "pandas", "duckdb")


def test_help_imports_nothing_that_takes_long() -> None:
    program = (
        "import sys\nfrom cli.main import run\nrun(['--help'])\nprint([name for name in sys.argv[1:] if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program, *HEAVY], check=True, capture_output=True, text=True)  # noqa: S603
    assert done.stdout.strip().endswith("[]")
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_own_help_begins_as_the_list_says(name: str) -> None:
    command = typer.main.get_command(import_module(COMMANDS[name].module).app)
    assert (command.help or "").splitlines()[0].startswith(COMMANDS[name].help.removesuffix("."))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert COMMANDS[name].help.split()[0] in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"worker", "contracts"}))
def test_every_command_speaks_json(name: str) -> None:
    command = typer.main.get_command(import_module(COMMANDS[name].module).app)
    for part in command.commands.values() if isinstance(command, TyperGroup) else (command,):
        assert "--json" in {option for parameter in part.params for option in parameter.opts}


def test_an_unknown_command_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["exceptoins"]) == 2
    assert "exceptions" in capsys.readouterr().err
