"""How rows of the ledger are shown: a fixed choice of fields, so that a new column is not published by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from ledger.deciding import answers_of
from ledger.tables import EventStatus
from lifecycle.decisions import Rules
from lifecycle.stages import MOVES
from web.api.continuity import shown as line

Shown = dict[str, Any]

EVENT = (
    "id",
    "type",
    "source",
    "external_id",
    "contract",
    "status",
    "flow_run_id",
    "occurred_at",
    "received_at",
    "finished_at",
    "not_before",
    "attempts",
)
EFFECT = ("step", "system", "state", "contract", "vendor_id", "cause", "attempts", "started_at", "finished_at")
EXCEPTION = (
    "event_id",
    "case_id",
    "event_type",
    "contract",
    "cause",
    "field",
    "reason",
    "route",
    "owner",
    "flow_run_id",
    "opened_at",
    "closed_at",
    "closed_as",
)
CASE = ("account_id", "title", "owner", "stage", "crm_deal_id", "opened_at", "changed_at")
DOCUMENT = (
    "artefact",
    "version",
    "name",
    "vendor_id",
    "url",
    "is_current",
    "event_id",
    "contract",
    "created_at",
    "approved_by",
    "content_hash",
    "delivery_item",
)
DECISION = ("id", "kind", "title", "content_hash", "state", "asked_at", "decided_at", "decided_by", "door")
ANSWER = ("approver", "by", "verdict", "door", "at")
CAUSE = ("cause", "event_type", "reason", "route", "owner", "deals", "oldest", "flow_run_id")

SWITCH = ("scope", "name", "reason", "by", "since")
CIRCUIT = ("system", "step", "cause", "failures", "probes", "opened_at")
GATE = ("suite", "flow_run_id", "checked", "failed", "summary", "at")


def event(row: Row[Any], effects: Sequence[Row[Any]], exceptions: Sequence[Row[Any]]) -> Shown:
    """Show an event, with the effects of its path in order and its exceptions, also closed ones."""
    return {
        **_event(row),
        "case": row.case_id,
        "effects": [{**_fields(effect, EFFECT), "url": effect.vendor_url} for effect in effects],
        "exceptions": [exception(one) for one in exceptions],
    }


def gate(row: Row[Any]) -> Shown:
    """Show what a gate said about a batch."""
    return _fields(row, GATE)


def exception(row: Row[Any]) -> Shown:
    """Show why an event stopped, and whose it is."""
    return {**_fields(row, EXCEPTION), "amount": _amount(row)}


def case(
    case_id: UUID,
    row: Row[Any] | None,
    events: Sequence[Row[Any]],
    documents: Sequence[Row[Any]],
    decisions: Sequence[Shown],
    entries: Sequence[Row[Any]],
) -> Shown:
    """Show a deal's trip, with its money from approval to payment."""
    return {
        "id": case_id,
        **(_fields(row, CASE) if row else {}),
        "amount": _amount(row) if row else None,
        "line": line(entries),
        "decisions": decisions,
        "events": [_event(one) for one in events],
        "documents": [_fields(document, DOCUMENT) for document in documents],
    }


def decision(row: Row[Any], answers: Sequence[Row[Any]], rules: Rules) -> Shown:
    """Show what people are asked, who may answer, whose turn it is, and what was answered; reasons stay in the ledger."""
    return {
        **_fields(row, DECISION),
        "case": row.case_id,
        "amount": {"minor": row.minor, "currency": row.currency},
        "document": row.url,
        "approvers": rules.approvers,
        "quorum": rules.policy.quorum,
        "missing": rules.missing(answers_of(answers)),
        "turn": rules.turn(row.turns),
        "turn_since": row.turned_at,
        "answers": [_fields(one, ANSWER) for one in answers],
    }


def paused(row: Row[Any]) -> Shown:
    """Show what somebody has paused, who, why and since when."""
    return _fields(row, SWITCH)


def outage(row: Row[Any]) -> Shown:
    """Show which system is down, by which step that is known, since when, and how often it was tried."""
    return _fields(row, CIRCUIT)


def waits_for(row: Row[Any]) -> list[str]:
    """Return the stages of its case that an event waits for; nothing where it does not wait."""
    return [stage.value for stage in MOVES.get(row.type, ())] if row.status == EventStatus.WAITING else []


def cause(row: Row[Any]) -> Shown:
    """Show what stops how many deals, and which amounts are at stake in minor units by currency."""
    return {**_fields(row, CAUSE), "amounts": row.amounts or {}}


def work(row: Row[Any], age: float) -> Shown:
    """Show how many events of a type stand at a status, and how long the oldest has been here in seconds."""
    return {"type": row.type, "status": row.status, "events": row.events, "oldest": row.oldest, "oldest_seconds": round(age, 1)}


def budget(row: Row[Any]) -> Shown:
    """Show how many calls are left of a vendor's limit, and for how many seconds the vendor wants none."""
    return {"name": row.name, "left": round(row.left, 1), "size": row.size, "held_seconds": round(row.held_seconds, 1)}


def _event(row: Row[Any]) -> Shown:
    return {**_fields(row, EVENT), "waits_for": waits_for(row)}


def _fields(row: Row[Any], names: Sequence[str]) -> Shown:
    return {name: getattr(row, name) for name in names}


def _amount(row: Row[Any]) -> Shown | None:
    return None if row.amount_minor is None else {"minor": row.amount_minor, "currency": row.currency}
