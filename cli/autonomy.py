"""`towline autonomy`: how far each action may go without a person, how right it was, and what its next step lacks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from cli.books import open_books, open_ledger
from cli.output import AsJson, print_fields, print_json, print_table
from cli.pause import ByOption, who
from contracts.autonomy import Level, autonomy
from ledger.standing import BEGINNING, Standing, move, standings
from lifecycle.autonomy import THRESHOLDS, at_threshold, lacking, percent, reliability

app = typer.Typer(add_completion=False)


@app.command("autonomy")
def show(
    action: Annotated[str | None, typer.Argument(metavar="[ACTION]", help="Only this action, with its figures.")] = None,
    level: Annotated[Level | None, typer.Argument(metavar="[hand|suggested|alone]", help="Where to put it.")] = None,
    by: ByOption = None,
    reason: Annotated[str, typer.Option(help="Why it is moved; stays written down.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show how far each action may go without a person, or move one: down at any time, up one step, earned, by its owner.

    With the level at which it stands, somebody confirms where it fell to. Exit code 1 when it may not go there.
    """
    if action is not None and level is not None:
        before = asyncio.run(_moved(action, level, who(by), reason))
        if as_json:
            return print_json({"action": action, "level": level, "before": before.level, "by": who(by)})
        return typer.echo(f"{action} stands at “{level}”" + ("" if level is before.level else f", before at “{before.level}”"))
    found = asyncio.run(_standings(action))
    if as_json:
        print_json([_shown(*one) for one in found])
    elif action is None:
        columns = ("action", "risk", "level", "at most", "outcomes", "right", "next step")
        print_table(columns, [_line(one) for one, _ in found])
    else:
        _print(*found[0])
    return None


def _line(one: Standing) -> tuple[object, ...]:
    right = sum(told.is_right for told in one.told)
    action = one.action
    return one.name, action.risk, one.level, action.ceiling, len(one.told), percent(right, len(one.told)), _next(one)


def _next(one: Standing) -> str:
    if one.next_level is None:
        return "none: it stands at its ceiling"
    missing = lacking(one.action, one.evidence_for(one.next_level))
    return f"{one.next_level}: " + ("earned" if not missing else f"lacks {'; '.join(missing)}")


def _print(one: Standing, counts: Mapping[str, int]) -> None:
    action = one.action
    fields: dict[str, object] = {"action": one.name, "what": action.about, "owner": action.owner, "risk": action.risk}
    fields |= {"level": one.level, "since": one.since if one.since > BEGINNING else "the beginning", "at most": action.ceiling}
    fields |= {"why": action.because("autonomy.yaml"), "next step": _next(one)}
    fields["suggestions"] = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items()))
    print_fields(fields)
    if one.told:
        rows = [
            (f"{b.low:.2f} to {b.high:.2f}", b.outcomes, percent(b.right, b.outcomes), f"{b.confidence:.2f}")
            for b in reliability(one.told)
        ]
        print_table(("confidence", "outcomes", "right", "mean confidence"), rows, title="How right it was")
        for at in _thresholds(one):
            typer.echo(at_threshold(one.told, at).said)


def _thresholds(one: Standing) -> list[float]:
    return sorted({*THRESHOLDS, one.action.high})


def _shown(one: Standing, counts: Mapping[str, int]) -> dict[str, Any]:
    now = one.evidence_for(one.next_level) if one.next_level else None
    return {
        "action": one.name,
        "owner": one.action.owner,
        "risk": one.action.risk,
        "level": one.level,
        "since": one.since if one.since > BEGINNING else None,
        "ceiling": one.action.ceiling,
        "suggestions": counts,
        "outcomes": len(one.told),
        "right": sum(told.is_right for told in one.told),
        "reliability": [asdict(bucket) for bucket in reliability(one.told)],
        "thresholds": [asdict(at_threshold(one.told, at)) for at in _thresholds(one)],
        "next": one.next_level,
        "lacks": lacking(one.action, now) if now else [],
    }


async def _standings(action: str | None) -> list[tuple[Standing, Mapping[str, int]]]:
    names = list(autonomy().actions) if action is None else [action]
    async with open_books() as books:
        return [(one, await books.suggestions.counted(one.name)) for one in await standings(books, autonomy(), names)]


async def _moved(action: str, level: Level, by: str, reason: str) -> Standing:
    async with open_ledger() as ledger:
        return await move(ledger, autonomy(), action, level, by=by, reason=reason)
