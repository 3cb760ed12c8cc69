"""An outside change is intended before the call and settled after it; what is done or in doubt is never repeated blindly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.context import TaskRunContext

from contracts.catalog import catalog
from contracts.errors import RefusedError, RetryableError, TowlineError, UncertainError
from contracts.event import Envelope
from contracts.lead import LeadQualifiedV1
from contracts.records import EffectKey, Image, Outcome, Ref, Wanted
from ledger.database import Ledger
from ledger.intake import receive
from lifecycle import keys
from lifecycle.paths import PATHS
from lifecycle.stages import Stage
from runtime.settings import Settings
from runtime.wiring import Runtime, using
from tasks.batch import Batch, Item
from tasks.effects import key_of, once
from tests.world import lead

NOW = datetime.now(UTC)
STEP = "open_deal"
MESSAGE = "tell_owner"
LETTER = "send_update"
Leads = Batch[LeadQualifiedV1]


@dataclass
class Vendor:
    """Does what it is asked, unless told to answer otherwise; remembers each act and each question."""

    answers: list[TowlineError | None] = field(default_factory=list)
    holds: dict[EffectKey, Ref] = field(default_factory=dict)
    acts: list[list[EffectKey]] = field(default_factory=list)
    questions: list[list[EffectKey]] = field(default_factory=list)

    async def act(self, wanted: Sequence[Wanted[Any]]) -> Mapping[EffectKey, Outcome]:
        self.acts.append([one.key for one in wanted])
        if answer := self.answers.pop(0) if self.answers else None:
            raise answer
        made = {one.key: Ref(f"made-{len(self.acts)}") for one in wanted}
        self.holds |= made
        return made

    async def find(self, keys: Collection[EffectKey]) -> Mapping[EffectKey, Ref]:
        self.questions.append(list(keys))
        return {key: self.holds[key] for key in keys if key in self.holds}

    async def image(self, wanted: Sequence[Wanted[Any]]) -> Mapping[EffectKey, Image]:
        """A record that holds how often we have acted on it."""
        return {one.key: Image({"acts": str(len(self.acts))}, {"acts": "ours"}) for one in wanted}


@pytest.fixture
async def house(ledger: Ledger) -> AsyncIterator[Runtime]:
    """A house whose vendors nobody asks."""
    nobody: list[Any] = [None] * 5
    with using(Runtime(Settings(_env_file=None), catalog(), ledger, *nobody, "w", grace=0)) as house:
        yield house


async def batch(house: Runtime, *names: str, subject: str | None = None) -> Leads:
    """A batch of leads that a run works on right now."""
    events = [lead(name, of=name, envelope={"subject": subject} if subject else None) for name in names]
    parcel = [(Envelope.model_validate(event), event) for event in events]
    receipts = await receive(house.ledger, house.catalog, parcel)
    items = [item(receipt.id, event) for receipt, event in zip(receipts, events, strict=True)]
    async with house.ledger.begin() as books:
        rows = {row.id: row for row in await books.inbox.get([one.event for one in items])}
        held = {"status": "running", "leased_by": "w", "lease_until": datetime.now(UTC) + timedelta(seconds=30)}
        await books.inbox._set([one.event for one in items], **held, flow_run_id=(run := uuid4()))
    for one in items:
        one.case = rows[one.event].case_id
    return Batch(house.catalog["lead.qualified"], run, items)


def item(event: UUID, sent: dict[str, Any]) -> Item[LeadQualifiedV1]:
    payload = LeadQualifiedV1.model_validate(sent["data"])
    return Item(
        event=event,
        case=event,
        contract="lead.qualified/1",
        payload=payload,
        received=NOW,
        occurred=NOW,
        stage=Stage.NEW,
        deal_id=None,
    )


async def step(leads: Leads, vendor: Vendor, *, look: bool = True, check: bool = False) -> None:
    find = vendor.find if look else None
    await once(leads, STEP, record=lambda one: one.payload.owner, act=vendor.act, find=find, image=vendor.image, check=check)


async def drawn_up(house: Runtime, one: Item[LeadQualifiedV1]) -> Any:
    """The step of an item as a rollback sees it."""
    async with house.ledger.begin() as books:
        await books.cases.open([one.case])
        effects = await books.effects.get([key_of(PATHS["lead.qualified"][STEP], one)])
        (deed,) = await books.rollbacks.deeds(await books.rollbacks.draw_up("", "", "", effects))
    return deed


async def state_of(house: Runtime, one: Item[LeadQualifiedV1]) -> str:
    async with house.ledger.begin() as books:
        (row,) = await books.effects.get([key_of(PATHS["lead.qualified"][STEP], one)])
    return str(row.state)


async def test_a_step_is_done_for_all_in_one_act_and_written_down(house: Runtime) -> None:
    leads, vendor = await batch(house, "a", "b", "c"), Vendor()
    await step(leads, vendor)
    assert [len(act) for act in vendor.acts] == [3]
    assert vendor.questions == []
    assert {one.refs[STEP] for one in leads} == {Ref("made-1")}
    assert [await state_of(house, one) for one in leads] == ["done"] * 3


async def test_what_is_done_is_not_done_again(house: Runtime) -> None:
    leads, vendor = await batch(house, "a", "b"), Vendor()
    await step(leads, vendor)
    await step(leads, vendor)
    assert len(vendor.acts) == 1


async def test_an_intention_without_a_result_is_looked_for_before_it_is_repeated(house: Runtime) -> None:
    leads, vendor = await batch(house, "a", "b"), Vendor(answers=[UncertainError("no answer")])
    await step(leads, vendor)
    assert len(leads) == 0
    assert {row.cause for row in leads.exceptions} == {"lead/open_deal/uncertain"}
    again = await batch(house, "a", "b")
    first, second = again
    vendor.holds[key_of(PATHS["lead.qualified"][STEP], first)] = Ref("was-there")
    await step(again, vendor)
    assert vendor.questions == [[key_of(PATHS["lead.qualified"][STEP], first), key_of(PATHS["lead.qualified"][STEP], second)]]
    assert vendor.acts[1] == [key_of(PATHS["lead.qualified"][STEP], second)]
    assert (first.refs[STEP], second.refs[STEP]) == (Ref("was-there"), Ref("made-2"))


async def test_a_refused_record_leaves_the_batch_with_its_cause(house: Runtime) -> None:
    leads, vendor = await batch(house, "a"), Vendor(answers=[RefusedError("crm: HTTP 422", cause="crm.http_422")])
    (one,) = leads
    await step(leads, vendor)
    (exception,) = leads.exceptions
    assert (exception.cause, exception.reason) == ("lead/open_deal/crm.http_422", "crm: HTTP 422")
    assert await state_of(house, one) == "refused"


async def test_what_may_work_later_stays_intended(house: Runtime) -> None:
    leads, vendor = await batch(house, "a"), Vendor(answers=[RetryableError("crm: HTTP 503", cause="crm.http_503")])
    (one,) = leads
    await step(leads, vendor)
    assert await state_of(house, one) == "intended"


async def test_what_another_run_is_doing_right_now_is_left_to_it(house: Runtime) -> None:
    first = await batch(house, "a", subject="deal-1")
    vendor = Vendor(answers=[RetryableError("crm: HTTP 503", cause="crm.http_503")])
    await step(first, vendor)
    second = await batch(house, "b", subject="deal-1")
    await step(second, vendor)
    assert len(vendor.acts) == 1
    assert [row.cause for row in second.exceptions] == ["lead/open_deal/busy"]


async def test_what_somebody_threw_away_is_made_anew(house: Runtime) -> None:
    leads, vendor = await batch(house, "a"), Vendor()
    await step(leads, vendor, check=True)
    vendor.holds.clear()
    await step(leads, vendor, check=True)
    (one,) = leads
    assert (len(vendor.acts), one.refs[STEP]) == (2, Ref("made-2"))


async def test_a_run_that_has_lost_its_event_to_another_one_begins_nothing_more(house: Runtime) -> None:
    """
    Given a run that slept past its lease, and another one that has the event by now
    When both come to the same step
    Then only the one that holds the event acts; the other one's event leaves its batch.
    """
    slept, vendor = await batch(house, "a"), Vendor()
    has = await batch(house, "a")
    await step(slept, vendor)
    assert (len(slept), vendor.acts) == (0, [])
    await step(has, vendor)
    assert (len(has), len(vendor.acts)) == (1, 1)


async def test_what_a_run_hears_after_it_has_lost_its_event_does_not_overwrite_what_is_written(house: Runtime) -> None:
    """
    Given a run that loses its event while its call is under way
    When the other run has done the step, and then the first one's call is refused
    Then the effect stays done, and the first run's event leaves at the next step.
    """
    slept, vendor = await batch(house, "a"), Vendor()

    async def act(wanted: Sequence[Wanted[Any]]) -> Mapping[EffectKey, Outcome]:
        await step(await batch(house, "a"), vendor)
        return {one.key: RefusedError("crm: HTTP 409") for one in wanted}

    (one,) = slept
    await once(slept, STEP, record=lambda one: one.payload.owner, act=act, find=vendor.find)
    assert (await state_of(house, one), len(vendor.acts)) == ("done", 1)


async def test_a_run_that_slept_over_its_look_at_a_record_neither_notes_nor_changes_it(house: Runtime) -> None:
    slept, vendor = await batch(house, "a"), Vendor()

    async def late(wanted: Sequence[Wanted[Any]]) -> Mapping[EffectKey, Image]:
        await step(await batch(house, "a"), vendor)
        return {one.key: Image({"acts": "1"}, {"acts": "late"}) for one in wanted}

    (one,) = slept
    await once(slept, STEP, record=lambda one: one.payload.owner, act=vendor.act, find=vendor.find, image=late)
    assert ((await drawn_up(house, one)).after, len(vendor.acts)) == ({"acts": "ours"}, 1)


async def test_of_two_who_miss_the_same_thing_one_makes_it_anew(house: Runtime) -> None:
    first, second, vendor = await batch(house, "a"), await batch(house, "b"), Vendor()
    (one,), (other,) = first, second
    other.case = one.case
    await step(first, vendor, check=True)
    vendor.holds.clear()
    keys = {key_of(PATHS["lead.qualified"][STEP], one): (other.event, other.case)}
    async with house.ledger.begin() as books:
        assert await books.effects.reopen(keys, run=second.run) == set(keys)
        assert await books.effects.reopen(keys, run=first.run) == set()


async def test_a_refused_step_that_a_path_can_do_without_is_complained_of_once(house: Runtime) -> None:
    leads, vendor = await batch(house, "a", "b"), Vendor(answers=[RefusedError("chat: HTTP 422", cause="chat.http_422")])
    for _ in range(2):
        await once(leads, MESSAGE, record=lambda one: one.payload.owner, act=vendor.act, find=vendor.find)
    assert (len(leads), len(vendor.acts)) == (2, 1)
    assert [row.cause for row in leads.exceptions] == ["lead/without/tell_owner/chat.http_422"] * 2
    assert {row.event_id for row in leads.exceptions} == set(leads.items)


async def test_what_a_system_cannot_tell_of_is_not_repeated_where_a_person_is_asked(house: Runtime) -> None:
    """A letter by SMTP whose end nobody saw is parked at the next look, though attempts are left."""
    letters, vendor = await batch(house, "a"), Vendor(answers=[UncertainError("no answer")])
    letters.entry = house.catalog["milestone.reached"]

    async def in_doubt(keys: Collection[EffectKey]) -> Mapping[EffectKey, Outcome]:
        return dict.fromkeys(keys, UncertainError("nobody saw its end", cause="mail.unseen_end"))

    early: Any = {"task": SimpleNamespace(retries=4), "task_run": SimpleNamespace(run_count=1)}
    with TaskRunContext.model_construct(**early):
        with pytest.raises(UncertainError, match="no answer"):
            await once(letters, LETTER, record=lambda one: one.payload.owner, act=vendor.act, find=in_doubt)
        await once(letters, LETTER, record=lambda one: one.payload.owner, act=vendor.act, find=in_doubt)
    assert len(vendor.acts) == 1
    assert [row.cause for row in letters.exceptions] == ["milestone/send_update/mail.unseen_end"]


async def test_what_a_change_finds_stays_written_when_it_is_repeated(house: Runtime) -> None:
    leads, vendor = await batch(house, "a"), Vendor(answers=[RetryableError("crm: HTTP 503", cause="crm.http_503")])
    (one,) = leads
    await step(leads, vendor)
    leads.items[one.event] = one
    await step(leads, vendor)
    deed = await drawn_up(house, one)
    assert (deed.state, deed.before, deed.after) == ("done", {"acts": "0"}, {"acts": "ours"})


async def test_what_was_undone_is_done_again_under_a_fresh_key_and_with_a_fresh_image(house: Runtime) -> None:
    leads, vendor = await batch(house, "a"), Vendor()
    (one,) = leads
    key = key_of(PATHS["lead.qualified"][STEP], one)
    await step(leads, vendor)
    for generation in range(2):
        async with house.ledger.begin() as books:
            await books.effects.undone({key: generation})
        assert await state_of(house, one) == "undone"
        await step(leads, vendor)
    assert [act for (act,) in vendor.acts] == [key, keys.again(key, 1), keys.again(key, 2)]
    assert (await drawn_up(house, one)).before == {"acts": "2"}
