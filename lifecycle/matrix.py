"""The failure matrix as people read it: every step of every path, and what becomes of it on each kind of failure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lifecycle.path import CELLS, Path, Step
from lifecycle.paths import PATHS

TITLES = {"refused": "refused", "uncertain": "uncertain", "later_failure": "a later step is refused"}
"""How people call the cells."""


def rows() -> list[Mapping[str, str]]:
    """Return the matrix, a row for each step of each path."""
    steps = [(event, step) for event, path in PATHS.items() for step in path]
    return [{"event": event, "step": step.name, "system": step.system, **_cells(step)} for event, step in steps]


def page() -> str:
    """Return the matrix in Markdown: what the remedies mean, and a table for each path; paths with the same steps share one."""
    alike: dict[tuple[Step, ...], list[Path]] = {}
    for path in PATHS.values():
        alike.setdefault(tuple(path), []).append(path)
    meanings = [(title, f"`{remedy}`", meaning) for cell, title in TITLES.items() for remedy, meaning in CELLS[cell].items()]
    parts = [_table(("when a step is", "remedy", "what it means"), meanings)]
    for steps, paths in alike.items():
        parts.append(f"### When a step of {' or '.join(f'`{path.event}`' for path in paths)} fails")
        rows = [(f"`{step.name}`", step.system, *_cells(step).values()) for step in steps]
        parts.append(_table(("step", "system", *TITLES.values(), "why"), rows))
    return "\n\n".join(parts)


def _cells(step: Step) -> dict[str, str]:
    return {cell: str(getattr(step, cell)) for cell in CELLS} | {"why": step.why}


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join([_row(head), "|" + "---|" * len(head), *map(_row, rows)])


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
