"""Paths are plans that a machine checks: what cannot be undone stands last, and every stage knows what may move it."""

from __future__ import annotations

import pytest

from contracts.errors import StageError
from lifecycle import stages
from lifecycle.path import Once, Path, Step
from lifecycle.paths import PATHS
from lifecycle.stages import Stage

SAID, MADE = Step("tell", system="chat", undo=None), Step("make", system="crm", undo="unmake")
WRITTEN = Step("write", system="mail", undo=None)
TELLING = {"chat", "mail"}


def test_a_step_that_cannot_be_undone_must_stand_behind_those_that_can() -> None:
    with pytest.raises(ValueError, match=r"x\.y: tell cannot be undone, so it must stand behind make"):
        Path("x.y", SAID, MADE)
    assert list(Path("x.y", MADE, SAID, WRITTEN)) == [MADE, SAID, WRITTEN]


def test_a_step_stands_in_a_path_once() -> None:
    with pytest.raises(ValueError, match="stands in the path twice"):
        Path("x.y", MADE, MADE)


@pytest.mark.parametrize("event", PATHS)
def test_every_path_ends_with_what_people_are_told(event: str) -> None:
    assert list(PATHS[event])[-1].system in TELLING


@pytest.mark.parametrize("event", [event for event in PATHS if event != "deal.cancelled"])
def test_every_path_can_undo_all_but_what_people_are_told(event: str) -> None:
    final = {step.name for step in PATHS[event] if step.undo is None and step.system not in TELLING}
    assert final <= {"send_invoice", "cancel_replaced"}  # a letter of billing's own, and an offer that is no more


def test_a_step_that_two_paths_share_is_done_once_for_both() -> None:
    lead, discovery = PATHS["lead.qualified"], PATHS["opportunity.created"]
    for name in ("open_deal", "associate_deal", "create_account_folder"):
        assert lead[name] is discovery[name]
    assert lead["open_deal"].once is Once.CASE
    assert lead["create_account_folder"].once is Once.ACCOUNT


@pytest.mark.parametrize(
    ("event", "before", "after"),
    [
        ("lead.qualified", Stage.NEW, Stage.QUALIFIED),
        ("opportunity.created", Stage.NEW, Stage.DISCOVERY),
        ("opportunity.created", Stage.QUALIFIED, Stage.DISCOVERY),
        ("discovery.completed", Stage.PROPOSED, Stage.PROPOSED),
        ("proposal.approved", Stage.DELIVERY, Stage.DELIVERY),
        ("invoice.voided", Stage.INVOICED, Stage.DELIVERY),
        ("invoice.voided", Stage.CANCELLED, Stage.CANCELLED),
        ("deal.cancelled", Stage.INVOICED, Stage.CANCELLED),
    ],
)
def test_an_event_moves_a_case_on(event: str, before: Stage, after: Stage) -> None:
    assert stages.after(event, before) is after


@pytest.mark.parametrize(
    ("event", "stage"),
    [
        ("lead.qualified", Stage.QUALIFIED),
        ("lead.qualified", Stage.DISCOVERY),
        ("opportunity.created", Stage.DISCOVERY),
        ("delivery.completed", Stage.DELIVERED),
        ("payment.confirmed", Stage.CANCELLED),
        ("deal.cancelled", Stage.PAID),
    ],
)
def test_an_event_that_contradicts_the_stage_is_refused_in_words(event: str, stage: Stage) -> None:
    with pytest.raises(StageError, match=f"{event} does not fit a case at stage {stage}"):
        stages.after(event, stage)


@pytest.mark.parametrize(
    ("event", "stage", "early"),
    [
        ("payment.confirmed", Stage.DELIVERED, True),
        ("delivery.completed", Stage.NEW, True),
        ("payment.confirmed", Stage.INVOICED, False),
        ("delivery.completed", Stage.PAID, False),
        ("payment.confirmed", Stage.CANCELLED, False),
        ("invoice.voided", Stage.PAID, False),
        ("invoice.voided", Stage.DELIVERY, True),
        ("deal.cancelled", Stage.NEW, True),
    ],
)
def test_an_event_is_early_while_its_case_may_still_get_there(event: str, stage: Stage, early: bool) -> None:
    assert stages.is_early(event, stage) is early


def test_every_event_with_a_path_moves_a_case() -> None:
    assert set(stages.MOVES) == set(PATHS)
