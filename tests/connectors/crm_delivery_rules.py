"""What every CRM adapter must do from the proposal to the payment; a vendor's test class inherits these, too."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from connectors.crm.port import Crm
from contracts.errors import MisconfiguredError, RefusedError, UncertainError
from contracts.records import DealChange, DealRecord, EffectKey, Link, Ref, RequestChange, RequestRecord, Wanted
from contracts.values import Money
from tests.connectors.conftest import Sandbox
from tests.connectors.crm_rules import deal, says_nothing_private

TEXT = "Everything that Ada Byron of Northwind agreed to.\nSee the proposal."
NOTE_TO_DEAL = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 214}]


def request(deal_id: str, name: str = "Deliver: Northwind") -> Wanted[RequestRecord]:
    return Wanted(uuid4(), RequestRecord(name, deal_id, TEXT))


def moved(request_id: str, stage: str) -> Wanted[RequestChange]:
    return Wanted(uuid4(), RequestChange(request_id, stage))


async def opened(crm: Crm, count: int = 1) -> list[str]:
    """Return the ids of deals that were opened just now."""
    outcomes = await crm.open_deals([deal(f"Deal {n}") for n in range(count)])
    return [outcome.id for outcome in outcomes.values() if isinstance(outcome, Ref)]


async def person_notes(sandbox: Sandbox, deal_id: str, **properties: str) -> str:
    """Write a note on a deal as a person in the CRM does."""
    links = [{"to": {"id": deal_id}, "types": NOTE_TO_DEAL}]
    note = {"system": "crm", "kind": "notes", "properties": properties, "associations": links}
    return str((await sandbox.control("POST", "people", note))["id"])


async def person_changes(sandbox: Sandbox, kind: str, record_id: str, **properties: str) -> None:
    await sandbox.control("PATCH", "people", {"system": "crm", "kind": kind, "id": record_id, "properties": properties})


class CrmDeliveryRules:
    """The port's promises about delivery requests, notes for the client, and what becomes of a deal."""

    async def test_a_request_is_opened_once_per_key_and_found_by_it(self, crm: Crm, sandbox: Sandbox) -> None:
        [deal_id] = await opened(crm)
        one = request(deal_id)
        first = await crm.open_requests([one])
        assert first == await crm.open_requests([one]) == await crm.find("request", [one.key, uuid4()])
        assert [item["id"] for item in await sandbox.objects("crm", "tickets")] == [first[one.key].id]

    async def test_workers_that_race_for_one_request_open_one(self, crm: Crm, sandbox: Sandbox) -> None:
        [deal_id] = await opened(crm)
        one = request(deal_id)
        done = await asyncio.gather(*(crm.open_requests([one]) for _ in range(5)))
        assert len({outcomes[one.key] for outcomes in done}) == 1
        assert len(await sandbox.objects("crm", "tickets")) == 1

    async def test_a_request_is_read_with_its_deal_and_what_is_unknown_is_left_out(self, crm: Crm) -> None:
        [deal_id] = await opened(crm)
        one = request(deal_id)
        ref = (await crm.open_requests([one]))[one.key]
        shown = await crm.read_requests([ref.id, "404404", "no-number"])
        assert list(shown) == [ref.id]
        found = shown[ref.id]
        assert (found.id, found.deal_id, found.name, found.stage, found.milestone) == (
            ref.id,
            deal_id,
            one.record.name,
            "open",
            None,
        )
        assert await crm.read_requests([]) == {}

    async def test_a_request_that_people_changed_keeps_their_changes(self, crm: Crm, sandbox: Sandbox) -> None:
        [deal_id] = await opened(crm)
        one = request(deal_id)
        ref = (await crm.open_requests([one]))[one.key]
        await person_changes(sandbox, "tickets", ref.id, subject="Theirs", towline_milestone=" Built  ", hs_pipeline_stage="3")
        assert (await crm.open_requests([one]))[one.key] == ref
        shown = (await crm.read_requests([ref.id]))[ref.id]
        assert (shown.name, shown.stage, shown.milestone) == ("Theirs", "open", "Built")

    async def test_a_request_of_nobody_s_deal_is_refused_and_the_others_opened(self, crm: Crm, sandbox: Sandbox) -> None:
        [deal_id] = await opened(crm)
        good, lost = [request(deal_id, f"Request {n}") for n in range(5)], request("404404")
        outcomes = await crm.open_requests([*good[:2], lost, *good[2:]])
        assert isinstance(outcomes[lost.key], RefusedError)
        assert says_nothing_private(outcomes[lost.key])
        assert all(isinstance(outcomes[one.key], Ref) for one in good)
        assert len(await sandbox.objects("crm", "tickets")) == 5

    async def test_more_than_a_hundred_requests_are_opened_moved_and_read(self, crm: Crm) -> None:
        [deal_id] = await opened(crm)
        wanted = [request(deal_id, f"Request {n}") for n in range(130)]
        ids = [outcome.id for outcome in (await crm.open_requests(wanted)).values() if isinstance(outcome, Ref)]
        assert len(set(ids)) == 130
        outcomes = await crm.change_requests([moved(one, "closed") for one in ids])
        assert [outcome.id for outcome in outcomes.values() if isinstance(outcome, Ref)] == ids
        shown = await crm.read_requests(ids)
        assert {(one.stage, one.deal_id) for one in shown.values()} == {("closed", deal_id)}
        assert len(shown) == 130

    async def test_a_request_is_closed_and_opened_again(self, crm: Crm) -> None:
        [deal_id] = await opened(crm)
        one = request(deal_id)
        ref = (await crm.open_requests([one]))[one.key]
        for stage in ("closed", "closed", "open"):
            change, gone = moved(ref.id, stage), moved("404404", stage)
            outcomes = await crm.change_requests([change, gone])
            assert outcomes[change.key] == ref
            assert isinstance(outcomes[gone.key], RefusedError)
            assert (await crm.read_requests([ref.id]))[ref.id].stage == stage

    async def test_the_later_of_two_changes_of_one_request_counts(self, crm: Crm) -> None:
        [deal_id] = await opened(crm)
        one = request(deal_id)
        ref = (await crm.open_requests([one]))[one.key]
        outcomes = await crm.change_requests([moved(ref.id, "closed"), moved(ref.id, "open")])
        assert list(outcomes.values()) == [ref, ref]
        assert (await crm.read_requests([ref.id]))[ref.id].stage == "open"

    async def test_a_stage_that_is_none_of_ours_is_for_the_operator(self, crm: Crm, sandbox: Sandbox) -> None:
        before = len(await sandbox.asked())
        with pytest.raises(MisconfiguredError):
            await crm.change_requests([moved("1", "on the way")])
        with pytest.raises(MisconfiguredError):
            await crm.change_deals([Wanted(uuid4(), DealChange("1", stage="on the way"))])
        assert len(await sandbox.asked()) == before

    @pytest.mark.parametrize("kind", ["request", "note"])
    async def test_a_lost_answer_to_a_request_or_note_is_found_by_its_key(self, crm: Crm, sandbox: Sandbox, kind: str) -> None:
        [deal_id] = await opened(crm)
        key: EffectKey = uuid4()

        async def write() -> Any:
            if kind == "note":
                return await crm.add_notes([Wanted(key, (deal_id, TEXT))])
            return await crm.open_requests([Wanted(key, RequestRecord("Deliver", deal_id, TEXT))])

        await sandbox.fault("crm", "POST", lose_answer=True)
        with pytest.raises(UncertainError) as raised:
            await write()
        assert says_nothing_private(raised.value)
        found = await crm.find(kind, [key])
        assert await write() == found
        assert len(await sandbox.objects("crm", {"note": "notes", "request": "tickets"}[kind])) == 1

    async def test_a_lost_answer_to_a_change_of_a_request_can_be_repeated(self, crm: Crm, sandbox: Sandbox) -> None:
        [deal_id] = await opened(crm)
        one = request(deal_id)
        ref = (await crm.open_requests([one]))[one.key]
        close = moved(ref.id, "closed")
        await sandbox.fault("crm", "POST", lose_answer=True)
        with pytest.raises(UncertainError):
            await crm.change_requests([close])
        assert (await crm.change_requests([close]))[close.key] == ref

    async def test_notes_of_people_and_ours_are_read_as_text_oldest_first(self, crm: Crm, sandbox: Sandbox) -> None:
        deal_id, silent = await opened(crm, 2)
        ours = Wanted(uuid4(), (deal_id, "We told them:\n\n<b>it's done</b> & paid"))
        our_id = (await crm.add_notes([ours]))[ours.key].id
        body = "<div><p>Built &amp; <strong>tested</strong></p><ul><li>A</li><li>B</li></ul></div>"
        released = {"hs_note_body": body, "towline_approved_by": " Ines Moreau "}
        late = await person_notes(sandbox, deal_id, hs_timestamp="2035-01-02T00:00:00Z", **released)
        early = await person_notes(sandbox, deal_id, hs_timestamp="2020-01-02T10:00:00Z", hs_note_body="First")
        found = await crm.read_notes([deal_id, silent, "404404", "no-number"])
        assert list(found) == [deal_id]
        assert [(one.id, one.text, one.approved_by) for one in found[deal_id]] == [
            (early, "First", None),
            (our_id, "We told them:\n\n<b>it's done</b> & paid", None),
            (late, "Built & tested\n- A\n- B", "Ines Moreau"),
        ]
        assert found[deal_id][0].written_at == datetime.fromisoformat("2020-01-02T10:00:00+00:00")
        assert all(one.written_at.tzinfo for one in found[deal_id])
        assert await crm.read_notes([]) == {}

    async def test_notes_of_more_than_a_hundred_deals_and_hundreds_of_one_are_all_read(self, crm: Crm) -> None:
        ids = await opened(crm, 120)
        wanted = [Wanted(uuid4(), (one, f"On {one}")) for one in ids]
        wanted += [Wanted(uuid4(), (ids[0], f"{n:03}")) for n in range(520)]
        await crm.add_notes(wanted)
        found = await crm.read_notes(ids)
        assert {deal_id: len(notes) for deal_id, notes in found.items()} == dict.fromkeys(ids, 1) | {ids[0]: 521}
        assert len({note.id for note in found[ids[0]]}) == 521

    async def test_a_note_that_stands_on_two_deals_is_read_on_both(self, crm: Crm) -> None:
        first, second = await opened(crm, 2)
        note = Wanted(uuid4(), (first, "For both"))
        ref = (await crm.add_notes([note]))[note.key]
        await crm.associate([Wanted(uuid4(), [Link("note", ref.id, "deal", second)])])
        found = await crm.read_notes([first, second])
        assert [[one.text for one in found[deal_id]] for deal_id in (first, second)] == [["For both"], ["For both"]]

    async def test_an_account_that_lost_our_fields_gets_them_again_for_requests_and_notes(
        self, crm: Crm, sandbox: Sandbox
    ) -> None:
        person = {"system": "crm", "kind": "deals", "properties": {"dealname": "Theirs"}}
        await sandbox.control("POST", "reset")
        one = request((await sandbox.control("POST", "people", person))["id"])
        assert isinstance((await crm.open_requests([one]))[one.key], Ref)
        await sandbox.control("POST", "reset")
        note = Wanted(uuid4(), ((await sandbox.control("POST", "people", person))["id"], "x"))
        assert isinstance((await crm.add_notes([note]))[note.key], Ref)
        await person_notes(sandbox, note.record[0], hs_note_body="y", towline_approved_by="Ines")
        assert [one.approved_by for one in (await crm.read_notes([note.record[0]]))[note.record[0]]] == [None, "Ines"]

    async def test_a_deal_keeps_its_service(self, crm: Crm) -> None:
        amount = Money(minor=1_500_000, currency="EUR")
        some, none = (Wanted(uuid4(), DealRecord("N", "qualified", "sales-1", amount, one)) for one in ("implementation", None))
        refs = await crm.open_deals([some, none])
        shown = await crm.read_deals([refs[some.key].id, refs[none.key].id])
        assert [shown[refs[one.key].id].service for one in (some, none)] == ["implementation", None]

    @pytest.mark.parametrize("stage", ["discovery", "discovered", "proposed", "won", "lost"])
    async def test_a_deal_is_read_at_the_stage_that_was_written(self, crm: Crm, stage: str) -> None:
        [deal_id] = await opened(crm)
        change = Wanted(uuid4(), DealChange(deal_id, stage=stage))
        for _ in range(2):
            assert (await crm.change_deals([change]))[change.key].id == deal_id
        assert (await crm.read_deals([deal_id]))[deal_id].stage == stage

    async def test_an_invoice_changes_amount_link_and_payment_and_nothing_else(self, crm: Crm, sandbox: Sandbox) -> None:
        [deal_id] = await opened(crm)
        before = (await crm.read_deals([deal_id]))[deal_id]
        yen, url = Money(minor=2_000_000, currency="JPY"), "https://pay.example/1"
        changes = [
            DealChange(deal_id, amount=yen),
            DealChange(deal_id, invoice_url=url, proposal_url=f"{url}/p", payment="open"),
            DealChange(deal_id, payment="paid"),
        ]
        await crm.change_deals([Wanted(uuid4(), change) for change in changes])
        after = (await crm.read_deals([deal_id]))[deal_id]
        assert (after.amount, after.stage, after.name, after.owner) == (yen, before.stage, before.name, before.owner)
        [held] = [one["object"]["properties"] for one in await sandbox.objects("crm", "deals")]
        links = [held[f"towline_{name}"] for name in ("invoice_url", "proposal_url", "payment")]
        assert links == [url, f"{url}/p", "paid"]

    async def test_a_currency_that_the_account_does_not_take_refuses_that_change_only(self, crm: Crm) -> None:
        good, bad = await opened(crm, 2)
        wanted = [
            Wanted(uuid4(), DealChange(one, amount=Money(minor=500, currency=code)))
            for one, code in ((good, "CHF"), (bad, "XAF"))
        ]
        outcomes = await crm.change_deals(wanted)
        assert isinstance(outcomes[wanted[0].key], Ref)
        assert isinstance(outcomes[wanted[1].key], RefusedError)
        assert (await crm.read_deals([bad]))[bad].amount == Money(minor=1_500_000, currency="EUR")

    async def test_no_request_to_write_is_no_call(self, crm: Crm, sandbox: Sandbox) -> None:
        before = len(await sandbox.asked())
        assert [dict(await act([])) for act in (crm.open_requests, crm.change_requests)] == [{}, {}]
        assert len(await sandbox.asked()) == before
