"""What Prefect's people see of a run that left something to a person: each deal's end, its cause and runbook, by ids only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.catalog import Catalog
from contracts.runbooks import runbooks

KEY = "deals-of-a-run"
"""By which Prefect lists these reports together on its page of artifacts."""
PARKED = "parked"
"""The tag of runs that left something to a person, which people filter by."""
HEAD = "| deal | it is | cause | whose | what to do | runbook |\n|---|---|---|---|---|---|"


def artifact(
    flow_run: UUID, events: Sequence[Any], exceptions: Sequence[Any], catalog: Catalog, console: str
) -> Mapping[str, Any]:
    """Return a run's report as Prefect takes an artifact: the deals of its events, then what belongs to none."""
    by_event: dict[UUID | None, list[Any]] = {}
    for one in exceptions:
        by_event.setdefault(one.event_id, []).append(one)
    lines = [_line(row, one, catalog, console) for row in events for one in by_event.get(row.id) or [None]]
    known = {row.id for row in events}
    lines += [_line(None, one, catalog, console) for event, stopped in by_event.items() if event not in known for one in stopped]
    text = "\n".join([HEAD, *lines, "", f"[What stopped]({console}/exceptions), [all runbooks]({console}/runbooks)"])
    return {"key": KEY, "type": "markdown", "description": _said(events, exceptions), "data": text, "flow_run_id": str(flow_run)}


def _said(events: Sequence[Any], exceptions: Sequence[Any]) -> str:
    of = {row.case_id for row in events}
    stopped = {one.case_id for one in exceptions}
    return f"{len(stopped)} of {len(of)} deals need a person" if of else "needs a person" if stopped else "nothing is left"


def _line(row: Any | None, stopped: Any | None, catalog: Catalog, console: str) -> str:
    case = row.case_id if row else stopped.case_id if stopped else None
    deal = f"[{case.hex[:8]}]({console}/deals/{case})" if case else ""
    if stopped is None:
        return _cells(deal, row.status if row else "", "", "", "", "")
    book = runbooks().of(stopped.cause, stopped.event_type)
    owner = catalog.owners.owners.get(stopped.owner)
    whose = owner.name if owner else stopped.owner
    link = f"[{book.title}]({console}/runbooks/{book.file})"
    return _cells(deal, row.status if row else "open", f"`{stopped.cause}`", whose, stopped.route, link)


def _cells(*cells: str) -> str:
    """A row of a table in Markdown; what is in it cannot end its cell."""
    return f"| {' | '.join(' '.join(cell.split()).replace('|', '/') for cell in cells)} |"
