"""An outside change is intended before the call and settled after it; what is done or in doubt is never repeated blindly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest

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

STEP = "open_deal"
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
        await books.inbox.claim("lead.qualified", limit=100, worker="w", seconds=30)
    for one in items:
        one.case = rows[one.event].case_id
    return Batch(house.catalog["lead.qualified"], uuid4(), items)


def item(event: UUID, sent: dict[str, Any]) -> Item[LeadQualifiedV1]:
    payload = LeadQualifiedV1.model_validate(sent["data"])
    return Item(
        event=event, case=event, contract="lead.qualified/1", payload=payload, received=None, stage=Stage.NEW, deal_id=None
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
    first, second = (one for one in (await batch(house, "a", "b")).items.values())
    vendor.holds[key_of(PATHS["lead.qualified"][STEP], first)] = Ref("was-there")
    again: Leads = Batch(leads.entry, leads.run, [first, second])
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
