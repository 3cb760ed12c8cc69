"""What is undone, what stays and what people are asked about: decided by what was written and what stands outside now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.catalog import catalog
from contracts.errors import RefusedError
from contracts.records import Facts, Standing
from lifecycle import keys, undo
from lifecycle.judging import judge
from lifecycle.paths import PATHS
from lifecycle.stages import Stage, left_by
from lifecycle.undo import INVERSES, Act, Deed, Judgement, Verdict, require_release

CASE = uuid4()
KEY = "towline_key"


def deed(step: str, undo_name: str | None, record: str = "1", *, system: str = "crm", **more: Any) -> Deed:
    """An effect of a lead."""
    named: dict[str, Any] = {"event_type": "lead.qualified"} | more
    return Deed(keys.effect_key(uuid4(), step), CASE, CASE, step=step, system=system, undo=undo_name, record=record, **named)


def fields(holds: Sequence[Standing] = (), **values: str | None) -> Facts:
    return {"fields": values, "key": KEY, "status": "open", "holds": holds}


def of(one: Deed, facts: Facts | None) -> Judgement:
    """Judge one effect by what stands outside."""
    assert one.standing
    return judge([one], {one.standing: facts})[one.key]


def deal(record: str = "1") -> Standing:
    return Standing("crm", "deal", record)


MOVED = {"before": {"dealstage": "a"}, "after": {"dealstage": "b"}}


def test_every_undo_that_a_path_names_is_known() -> None:
    named = {step.undo for path in PATHS.values() for step in path if step.undo}
    assert named == set(INVERSES) - {undo.MESSAGE}


def test_fields_of_ours_are_given_back() -> None:
    judgement = of(deed("advance_deal", "restore_deal", **MOVED), fields(dealstage="b"))
    assert (judgement.act, judgement.fields) == (Act.RESTORE, {"dealstage": "a"})


@pytest.mark.parametrize(
    ("facts", "verdict", "reason"),
    [
        (fields(dealstage="c"), Verdict.CHANGED, undo.EDITED),
        (fields(dealstage="a"), Verdict.UNDO, undo.BACK),
        (None, Verdict.UNDO, undo.GONE),
    ],
)
def test_what_a_person_changed_is_asked_about_and_what_is_back_or_gone_is_left(
    facts: Facts | None, verdict: Verdict, reason: str
) -> None:
    judgement = of(deed("advance_deal", "restore_deal", **MOVED), facts)
    assert (judgement.verdict, judgement.reason, judgement.act) == (verdict, reason, None)


def test_numbers_are_compared_as_numbers_and_nothing_is_an_empty_text() -> None:
    changed = {"before": {"amount": None}, "after": {"amount": "15000.00"}}
    assert of(deed("propose_deal", "restore_deal", **changed), fields(amount="15000")).act is Act.RESTORE
    assert of(deed("propose_deal", "restore_deal", **changed), fields(amount="")).reason == undo.BACK


def test_what_a_person_did_between_two_steps_of_ours_is_no_change_since() -> None:
    later = deed("propose_deal", "restore_deal", before={"dealstage": "theirs"}, after={"dealstage": "c"})
    earlier = deed("advance_deal", "restore_deal", **MOVED)
    judged = judge([later, earlier], {deal(): fields(dealstage="c")})
    assert [judged[one.key].fields for one in (later, earlier)] == [{"dealstage": "theirs"}, {"dealstage": "a"}]


@pytest.mark.parametrize(("stands", "verdict"), [("theirs", Verdict.UNDO), ("new", Verdict.CHANGED)])
def test_what_an_earlier_round_gave_back_is_ours_unless_somebody_touched_it_since(stands: str, verdict: Verdict) -> None:
    later = deed("propose_deal", "restore_deal", before={"dealstage": "theirs"}, after={"dealstage": "c"}, undone=True)
    earlier = deed("advance_deal", "restore_deal", **MOVED)
    judged = judge([later, earlier], {deal(): fields(dealstage=stands)})
    assert {key: one.verdict for key, one in judged.items()} == {earlier.key: verdict}


def test_a_record_that_we_made_is_archived_after_what_we_wrote_on_it_later_is_taken_back() -> None:
    later = deed("link_folder", "restore_deal", before={"folder": None}, after={"folder": "url"})
    made = deed("open_deal", "archive_deal", after={KEY: "k", "folder": None})
    judged = judge([later, made], {deal(): fields(towline_key="k", folder="url")})
    assert [judged[one.key].act for one in (later, made)] == [Act.RESTORE, Act.ARCHIVE]


def test_the_company_of_a_deal_that_people_changed_stays_with_its_deal() -> None:
    company = deed("upsert_company", "archive_company", "9", after={KEY: "account"})
    links = deed("associate_deal", "remove_associations", "1", before={"x": None}, after={"x": "linked"})
    made = deed("open_deal", "archive_deal", after={KEY: "k", "dealname": "ours"})
    found: Mapping[Standing, Facts | None] = {
        deal(): fields(towline_key="k", dealname="theirs"),
        Standing("crm", "company", "9"): fields([deal()], towline_key="account"),
    }
    judged = judge([links, made, company], found)
    assert [judged[one.key].reason for one in (links, made, company)] == [undo.KEPT_DEAL, undo.EDITED, undo.HELD]


def test_a_company_goes_with_its_deals_also_with_those_of_other_cases() -> None:
    company = deed("upsert_company", "archive_company", "9", after={KEY: "account"})
    made = deed("open_deal", "archive_deal", after={KEY: "k"})
    found: Mapping[Standing, Facts | None] = {
        deal(): fields(towline_key="k"),
        Standing("crm", "company", "9"): fields([deal(), deal("2")], towline_key="account"),
    }
    assert judge([company, made], found)[company.key].reason == undo.HELD
    assert judge([company, made], found, [deal("2")])[company.key].act is Act.ARCHIVE


def test_a_company_that_people_had_made_stays() -> None:
    judgement = of(deed("upsert_company", "archive_company", after={KEY: "account"}), fields(towline_key=None))
    assert (judgement.verdict, judgement.reason) == (Verdict.KEPT, undo.NOT_OURS)


def test_only_links_that_were_not_there_before_are_taken_away() -> None:
    links = deed("associate_deal", "remove_associations", before={"x": "linked", "y": None}, after={"x": "linked", "y": "linked"})
    assert judge([links], {})[links.key].fields == {"y": None}


@pytest.mark.parametrize(
    ("step", "name", "kind", "system", "facts", "expected"),
    [
        ("copy_packet", "trash_document", "file", "docs", {"ours": True, "lock": None}, Act.TRASH),
        ("copy_packet", "trash_document", "file", "docs", {"ours": False, "lock": None}, undo.EDITED),
        ("create_account_folder", "trash_folder", "file", "docs", {"ours": True, "holds": [deal("x")]}, undo.HELD),
        ("open_estimate", "cancel_estimate", "estimate", "billing", {"status": "open"}, Act.CANCEL),
        ("open_estimate", "cancel_estimate", "estimate", "billing", {"status": "accepted"}, undo.ACCEPTED),
        ("open_estimate", "cancel_estimate", "estimate", "billing", {"status": "canceled"}, undo.BACK),
        ("draft_invoice", "void_invoice", "invoice", "billing", {"status": "draft"}, Act.VOID),
        ("draft_invoice", "void_invoice", "invoice", "billing", {"status": "paid"}, undo.SETTLED),
        ("draft_invoice", "void_invoice", "invoice", "billing", {"status": "open", "partly_paid": True}, undo.SETTLED),
        ("open_request", "close_request", "request", "crm", fields(), Act.CLOSE),
        ("open_request", "close_request", "request", "crm", {"status": "closed"}, undo.BACK),
    ],
)
def test_where_a_paper_stands_decides(step: str, name: str, kind: str, system: str, facts: Facts, expected: Act | str) -> None:
    one = deed(step, name, system=system)
    assert one.standing == Standing(system, kind, "1")
    judgement = of(one, facts)
    assert (judgement.act or judgement.reason) == expected


@pytest.mark.parametrize(
    ("before", "stands", "expected"),
    [(None, "ours", Act.UNLOCK), (None, None, undo.BACK), (None, "theirs", undo.EDITED), ("theirs", "theirs", undo.NOT_OURS)],
)
def test_a_lock_of_ours_is_lifted_and_no_other(before: str | None, stands: str | None, expected: Act | str) -> None:
    lock = deed("lock_proposal", "unlock_document", system="docs", before={"lock": before}, after={"lock": "ours"})
    judgement = of(lock, {"ours": True, "lock": stands})
    assert (judgement.act or judgement.reason) == expected


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (deed("send_summary", None, system="mail"), undo.LETTER),
        (deed("send_invoice", None, system="billing"), undo.STAYS["send_invoice"]),
        (deed("lose_deal", None, event_type="deal.cancelled"), undo.GIVEN_UP),
        (deed("tell_owner", None, system="chat", event_type="deal.cancelled"), undo.GIVEN_UP),
        (deed("open_deal", "archive_deal", shared=True), undo.SHARED),
        (deed("open_deal", "archive_deal", in_doubt=True), undo.IN_DOUBT),
    ],
)
def test_what_cannot_be_taken_back_says_why(one: Deed, reason: str) -> None:
    assert judge([one], {}) == {one.key: Judgement(Verdict.KEPT, reason)}


def test_a_message_is_taken_back() -> None:
    one = deed("tell_owner", None, system="chat")
    assert judge([one], {})[one.key].act is Act.DELETE


def test_what_was_done_before_images_were_kept_stays() -> None:
    assert of(deed("advance_deal", "restore_deal"), fields(dealstage="b")).reason == undo.NO_IMAGE


def test_a_second_person_releases_more_than_one_deal() -> None:
    owners = catalog().owners
    require_release(owners, "integration", asked_by="integration", cases=1)
    require_release(owners, "workplace", asked_by="integration", cases=2)
    with pytest.raises(RefusedError, match="second person"):
        require_release(owners, "integration", asked_by="integration", cases=2)
    with pytest.raises(RefusedError, match="nobody"):
        require_release(owners, "sombody", asked_by="integration", cases=1)


def test_a_case_stands_where_the_events_that_are_left_say() -> None:
    assert left_by([]) is Stage.NEW
    assert left_by(["lead.qualified", "opportunity.created"]) is Stage.DISCOVERY
    assert left_by(["delivery.completed"]) is Stage.DELIVERED


def test_what_is_done_again_carries_another_key_each_time() -> None:
    key = UUID(int=7)
    assert keys.again(key, 0) == key
    assert len({keys.again(key, generation) for generation in range(4)} | {keys.undo_key(key)}) == 5
