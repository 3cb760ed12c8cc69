"""Paths are plans that a machine checks: each failure of each step has its remedy, and every stage knows what may move it."""

from __future__ import annotations

import pytest

from contracts.errors import StageError
from lifecycle import stages
from lifecycle.path import ASK, CELLS, KEEP, PARK, RETRY, UNDO, Once, Path, Remedy, Step
from lifecycle.paths import PATHS
from lifecycle.stages import Stage

TELLING = {"chat", "mail"}


def a_step(name: str, *, undo: str | None = None, refused: Remedy = PARK, later_failure: Remedy = KEEP) -> Step:
    """A step of which only what a test is about is named."""
    return Step(name, system="crm", undo=undo, refused=refused, uncertain=RETRY, later_failure=later_failure)


SAID, MADE, WRITTEN = a_step("tell"), a_step("make", undo="unmake"), a_step("write")
BOUND = a_step("bind", undo="unbind", later_failure=UNDO)
GOOD: dict[str, Remedy] = {"refused": PARK, "uncertain": RETRY, "later_failure": KEEP}


def test_a_step_that_cannot_be_undone_must_stand_behind_those_that_can() -> None:
    with pytest.raises(ValueError, match=r"x\.y: tell cannot be undone, so it must stand behind make"):
        Path("x.y", SAID, MADE)
    assert list(Path("x.y", MADE, SAID, WRITTEN)) == [MADE, SAID, WRITTEN]


def test_a_step_that_cannot_be_undone_must_stand_behind_those_whose_refusal_takes_others_back() -> None:
    """Otherwise a letter would stand that speaks of what was taken back."""
    with pytest.raises(ValueError, match=r"x\.y: tell cannot be undone, so it must stand behind write"):
        Path("x.y", BOUND, SAID, WRITTEN)
    not_needed = a_step("write", refused=KEEP)
    assert list(Path("x.y", BOUND, SAID, not_needed)) == [BOUND, SAID, not_needed]


@pytest.mark.parametrize("missing", CELLS)
def test_a_step_without_a_remedy_for_a_failure_is_refused(missing: str) -> None:
    cells = {cell: remedy for cell, remedy in GOOD.items() if cell != missing}
    with pytest.raises(TypeError, match=missing):
        Step("make", system="crm", undo=None, **cells)


@pytest.mark.parametrize(("cell", "remedy"), [("refused", RETRY), ("uncertain", PARK), ("later_failure", PARK)])
def test_a_remedy_that_is_none_for_a_failure_is_refused(cell: str, remedy: Remedy) -> None:
    with pytest.raises(ValueError, match=f"make: {cell} must be "):
        Step("make", system="crm", undo=None, **GOOD | {cell: remedy})


@pytest.mark.parametrize(("undo", "once"), [(None, Once.EVENT), ("unmake", Once.ACCOUNT)])
def test_what_has_no_undo_or_is_shared_by_deals_is_not_undone_for_one(undo: str | None, once: Once) -> None:
    with pytest.raises(ValueError, match="make cannot be taken back"):
        Step("make", system="crm", undo=undo, once=once, refused=PARK, uncertain=RETRY, later_failure=UNDO)


def test_a_refusal_reaches_back_to_what_is_done_before_it_the_last_one_first() -> None:
    asked, sealed = a_step("owe", undo="waive", later_failure=ASK), a_step("seal", undo="unseal", later_failure=UNDO)
    path = Path("x.y", BOUND, asked, MADE, sealed, WRITTEN)
    done = {"bind", "owe", "make", "seal"}
    assert path.left(done, UNDO, refused="write") == ["seal", "bind"]
    assert path.left(done, UNDO, refused="a read between two") == ["seal", "bind"]
    assert path.left(done, UNDO, refused="seal") == ["bind"]
    assert path.left({"seal"}, UNDO, refused="write") == ["seal"]
    assert path.left(done, ASK, refused="write") == ["owe"]


def test_a_letter_is_never_written_a_second_time_in_doubt() -> None:
    letters = [step for path in PATHS.values() for step in path if step.system == "mail"]
    assert {step.uncertain for step in letters} == {ASK}


def test_no_message_holds_up_a_deal() -> None:
    messages = [step for path in PATHS.values() for step in path if step.system == "chat"]
    assert {step.refused for step in messages} == {KEEP}


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
