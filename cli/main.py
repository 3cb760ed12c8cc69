"""Finds the command and says errors in one line; it must import no command before that command runs, so that help is quick."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from contracts.errors import TowlineError


class Noun(NamedTuple):
    """Where a command lives, and its one line in the help."""

    module: str
    help: str


COMMANDS = {
    "up": Noun("cli.up", "Start the local stack and stay with it."),
    "down": Noun("cli.down", "Stop the local stack."),
    "status": Noun("cli.status", "Show the processes of the stack and the work that is not finished."),
    "send": Noun("cli.send", "Sign an event and post it to the gateway."),
    "assess": Noun("cli.assess", "Assess a file's or the CRM's contacts: duplicates, defects, and the hours to clean them."),
    "import": Noun("cli.importing", "Import the rows of a CSV file as events."),
    "events": Noun("cli.events", "List the newest events."),
    "event": Noun("cli.event", "Show one event, its outside changes in order, and what stopped it."),
    "case": Noun("cli.case", "Show one deal's trip, or cancel it."),
    "decide": Noun("cli.decide", "Show what waits for a decision, or answer it."),
    "exceptions": Noun("cli.exceptions", "Show what stopped and waits for a person, by cause."),
    "alerts": Noun("cli.alerts", "Show what owners were told and who has seen it, or say that somebody has."),
    "incidents": Noun("cli.incidents", "Show what somebody changed past us outside, and say which value counts."),
    "suggestions": Noun("cli.suggestions", "Show what is suggested for events that stopped, or answer it."),
    "autonomy": Noun("cli.autonomy", "Show how far each action may go without a person, or move one."),
    "advise": Noun("cli.advise", "Say whether real time or batches fit each path, with the figures."),
    "gates": Noun("cli.gates", "Show what the quality gates refuse and warn of, the worst first."),
    "replay": Noun("cli.replay", "Make stopped or undone events ready again."),
    "rollback": Noun("cli.rollback", "Plan to undo what was done outside, with all that stands on it."),
    "leave": Noun("cli.leave", "Leave events undone that have stopped."),
    "pause": Noun("cli.pause", "Stop new outside changes: everything, a path or a system."),
    "resume": Noun("cli.resume", "Let go on what was paused."),
    "contracts": Noun(
        "cli.contracts", "List the released contracts; print schemas, mappings, the system contract and the failure matrix."
    ),
    "user": Noun("cli.user", "Add, list, change and disable the people who may sign in; say who stands in for whom."),
    "runbooks": Noun("cli.runbooks", "List the runbooks, or print one."),
    "owners": Noun("cli.owners", "Show who answers for what, and what is not clear."),
    "doctor": Noun("cli.doctor", "Check this installation and say what to do about each fault."),
    "worker": Noun("cli.worker", "Run a resident worker in the foreground."),
    "deploy": Noun("cli.deploy", "Create or update the work pool and the deployments from the catalog."),
}


class Commands(TyperGroup):
    """The commands by name; each is a line of help until it is called, and only then imported."""

    def __init__(self, **attributes: Any) -> None:
        lines = {name: TyperCommand(name, help=noun.help) for name, noun in COMMANDS.items()}
        super().__init__(**(attributes | {"commands": lines}))

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the real command in the place of its line of help."""
        name, line, rest = super().resolve_command(ctx, args)
        if line is None or line.name is None:
            return name, line, rest
        return name, typer.main.get_command(import_module(COMMANDS[line.name].module).app), rest


app = typer.Typer(
    cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich"
)


@app.callback()
def towline() -> None:
    """Carry deals through CRM, mail, docs, chat and billing; each command explains itself with --help."""


def main() -> NoReturn:
    """Run the command that was typed."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # libraries' warnings are for developers
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code: 0 only on success, and one line on stderr otherwise."""
    try:
        app(arguments, prog_name="towline")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except TowlineError as error:
        return _fail(error.text)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (head, less) has gone: keep the interpreter from complaining when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        return _fail(_place(error))
    return 0


def _fail(text: str) -> int:
    typer.secho(f"towline: {text}", fg="red" if sys.stderr.isatty() else None, err=True)
    return 1


def _place(error: Exception) -> str:
    """Where an error that nobody foresaw came up; its text is left out, for it may hold personal data."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f" in {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"this should not happen: {type(error).__name__}{where}"
