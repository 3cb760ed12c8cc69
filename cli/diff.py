"""`towline contracts diff`: what a change of the contracts means, field by field, and for the events that came in lately."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import AsJson, print_json, print_table
from contracts.errors import MisconfiguredError, RefusedError
from contracts.files import FileError
from contracts.grading import Grade
from contracts.released import names, schema_of
from contracts.whatif import Graded, Replayed, grade

ROOT = Path(__file__).parent.parent
READ = """
import json, sys
sys.path.insert(0, sys.argv[1])
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in f"{finder!r}".lower()]
from contracts.event import CONTRACTS
found = {f"{e}/{v}": kind.model_json_schema() for e, versions in CONTRACTS.items() for v, kind in versions.items()}
print(json.dumps(found))
"""
"""Run by itself, with the contracts of another commit in its path."""
Days = Annotated[int, typer.Option(min=1, max=3650, help="Replay the events of so many days; none is changed.")]


def diff(
    against: Annotated[str, typer.Option(metavar="REF", help="The commit to compare with.")] = "HEAD",
    days: Days = 30,
    as_json: AsJson = False,
) -> None:
    """Grade what has changed in the contracts, and say which of the events that came in lately would be refused.

    Exit code 1 when a version that was there before is changed so that senders break.
    """
    graded = grade(_schemas_at(against), {name: schema_of(name, kind) for name, kind in names().items()})
    found, why_not = _replayed(days)
    broken = [one for one in graded if one.is_edit and one.change.grade is Grade.BREAKING]
    if as_json:
        print_json(_told(against, graded, found, why_not, days))
    else:
        _print(against, graded, found, why_not, days)
        if broken:
            typer.echo(f"\n{broken[0].contract} was released: put it back, and make the change its next version", err=True)
    raise typer.Exit(1 if broken else 0)


def _print(against: str, graded: list[Graded], replayed: Replayed, why_not: str, days: int) -> None:
    if graded:
        columns = ("contract", "field", "grade", "change")
        print_table(columns, [(one.contract, one.change.field, one.change.grade, one.change.text) for one in graded])
    else:
        typer.echo(f"the contracts are as at {against}")
    typer.echo(f"\nthe last {days} days: {why_not or replayed.text()}")
    for (name, reason), events in replayed.named.items():
        typer.echo(f"  {name}, {reason}: {', '.join(events)}{' …' if replayed.reasons[name, reason] > len(events) else ''}")


def _told(against: str, graded: list[Graded], replayed: Replayed, why_not: str, days: int) -> dict[str, Any]:
    changes = [
        {"contract": one.contract, "field": one.change.field, "grade": one.change.grade.value, "change": one.change.text}
        for one in graded
    ]
    reasons = [
        {"contract": name, "reason": reason, "events": number, "first": replayed.named[name, reason]}
        for (name, reason), number in replayed.reasons.most_common()
    ]
    replay = {
        "days": days,
        "events": replayed.events,
        "refused": replayed.refused,
        "reasons": reasons,
        "why_not": why_not or None,
    }
    return {"against": against, "changes": changes, "replay": replay}


def _schemas_at(ref: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the schemas of all contracts as a commit has them: read by a process of its own, from a folder that goes with it."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        raise MisconfiguredError(f"{ROOT} is no git checkout, so there is nothing to compare with")
    if ref.startswith("-"):
        raise RefusedError(f"{ref} is no commit of this checkout")
    archive = subprocess.run([git, "-C", str(ROOT), "archive", ref, "contracts"], capture_output=True, check=False)  # noqa: S603
    if archive.returncode:
        raise RefusedError(f"{ref} is no commit of this checkout that has contracts")
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as packed:
            packed.extractall(folder, filter="data")
        read = subprocess.run([sys.executable, "-I", "-c", READ, folder], capture_output=True, check=False)  # noqa: S603
    if read.returncode:
        last = (read.stderr.decode(errors="replace").strip().splitlines() or ["no reason"])[-1]
        raise MisconfiguredError(f"the contracts of {ref} cannot be read here: {last}")
    found: Mapping[str, Mapping[str, Any]] = json.loads(read.stdout)
    return found


def _replayed(days: int) -> tuple[Replayed, str]:
    """Judge what came in lately; without a ledger nothing, and why."""
    try:
        return asyncio.run(replayed(days)), ""
    except FileError:
        raise
    except MisconfiguredError as error:
        return Replayed(), error.text


async def replayed(days: int) -> Replayed:
    """Judge the events of so many days by the newest contracts, but for those that are refused already."""
    from cli.books import received_lately
    from ledger.tables import EventStatus

    found = Replayed()
    async for row in received_lately(days):
        if row.status != EventStatus.QUARANTINED:  # refused as it is
            found.add(str(row.id), row.type, row.payload.get("data"))
    return found
