"""Where a case stands, and which events may move it from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from contracts.errors import StageError


class Stage(StrEnum):
    """The stages of a case, in order; a cancelled one is over wherever it stood."""

    NEW = "new"
    QUALIFIED = "qualified"
    DISCOVERY = "discovery"
    PROPOSED = "proposed"
    DELIVERY = "delivery"
    DELIVERED = "delivered"
    INVOICED = "invoiced"
    PAID = "paid"
    CANCELLED = "cancelled"


S = Stage
MOVES: Mapping[str, Mapping[Stage, Stage]] = {
    "lead.qualified": {S.NEW: S.QUALIFIED},
    "opportunity.created": {S.NEW: S.DISCOVERY, S.QUALIFIED: S.DISCOVERY},
    "discovery.completed": {S.DISCOVERY: S.PROPOSED, S.PROPOSED: S.PROPOSED},
    "change.requested": {S.DELIVERY: S.DELIVERY},
    "proposal.approved": {S.PROPOSED: S.DELIVERY, S.DELIVERY: S.DELIVERY},
    "milestone.reached": {S.DELIVERY: S.DELIVERY},
    "delivery.completed": {S.DELIVERY: S.DELIVERED},
    "invoice.issued": {S.DELIVERED: S.INVOICED},
    "invoice.overdue": {S.INVOICED: S.INVOICED},
    "invoice.voided": {S.INVOICED: S.DELIVERY, S.CANCELLED: S.CANCELLED},
    "payment.confirmed": {S.INVOICED: S.PAID},
    "payment.failed": {S.INVOICED: S.INVOICED},
    "payment.refunded": {S.PAID: S.PAID},
    "deal.cancelled": {stage: S.CANCELLED for stage in Stage if stage not in (S.NEW, S.PAID, S.CANCELLED)},
}
"""Per event: the stages it may find the case at, and the one it leaves it at from there."""

WORTH_WAITING_FOR = 24 * 3600.0
"""Seconds for which an event that came too early waits before its owner is told."""


def after(event: str, stage: Stage) -> Stage:
    """Return the stage that `event` moves a case at `stage` to.

    Raises:
        StageError: the case is past that, or not there yet.
    """
    if stage not in MOVES[event]:
        raise StageError(f"{event} does not fit a case at stage {stage}", cause="stage")
    return MOVES[event][stage]


def left_by(events: Iterable[str]) -> Stage:
    """Return where events, in their order, leave a case when others between them were undone: the last one decides."""
    stage = Stage.NEW
    for event in events:
        stage = MOVES[event].get(stage, [*MOVES[event].values()][-1])
    return stage


def before(event: str, stage: Stage) -> Stage:
    """Return the stage that `event` found a case at which it has left at `stage`: the latest that it may have been.

    Raises:
        StageError: it leaves no case there.
    """
    found = [start for start, end in MOVES[event].items() if end == stage]
    if not found:
        raise StageError(f"{event} does not leave a case at stage {stage}", cause="stage")
    return found[-1]


def is_early(event: str, stage: Stage) -> bool:
    """Say whether the case may still get to where `event` fits; one that is past it or cancelled never will."""
    order = list(Stage)
    return stage is not Stage.CANCELLED and all(order.index(stage) < order.index(allowed) for allowed in MOVES[event])
