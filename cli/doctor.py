"""`towline doctor`: looks at everything that must be in order, and says what to do about each fault."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import typer
from rich.text import Text

from cli.checks import CHECKS, Check
from cli.output import AsJson, console, print_json
from contracts.errors import TowlineError
from runtime.settings import Settings, load_settings

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; `remedy` only where something is wrong."""

    check: str
    is_fine: bool
    found: str
    remedy: str | None = None


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check this installation and say what to do about each fault; nothing is changed. Exit code 1 when there is one."""
    findings = _examine()
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            _say(finding)
    raise typer.Exit(0 if all(finding.is_fine for finding in findings) else 1)


def _examine() -> list[Finding]:
    try:
        settings = load_settings()
    except TowlineError as error:
        return [Finding("settings", is_fine=False, found=error.text, remedy="correct it in the environment or in .env")]
    return [Finding("settings", is_fine=True, found="fit"), *(_look(check, settings) for check in CHECKS)]


def _look(check: Check, settings: Settings) -> Finding:
    try:
        return Finding(check.name, is_fine=True, found=check.look(settings))
    except TowlineError as error:
        return Finding(check.name, is_fine=False, found=error.text, remedy=check.remedy)


def _say(finding: Finding) -> None:
    mark = ("✓", "green") if finding.is_fine else ("✗", "red")
    console().print(Text.assemble(mark, " ", (f"{finding.check:13}", "bold"), finding.found))
    if finding.remedy:
        console().print(Text(f"  {'':13}{finding.remedy}", style="yellow"))
