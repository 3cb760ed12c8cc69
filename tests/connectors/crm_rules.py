"""What every CRM adapter must do; a vendor's test class inherits these and provides `crm` and `sandbox`."""

import asyncio
import pickle
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from connectors.crm.port import Crm
from contracts.errors import MisconfiguredError, RefusedError, RetryableError, TowlineError, UncertainError
from contracts.parties import Company, Person
from contracts.records import (
    CompanyRecord,
    ContactRecord,
    DealChange,
    DealRecord,
    Link,
    Ref,
    Restoring,
    Standing,
    Wanted,
)
from contracts.traces import Hand
from contracts.values import Money
from tests.connectors.conftest import Sandbox

PRIVATE = ("Byron", "ada@northwind.example", "Northwind", "+4930901820")


def company(domain: str | None = "northwind.example", name: str = "Northwind GmbH") -> Wanted[CompanyRecord]:
    return Wanted(uuid4(), CompanyRecord(uuid4(), Company(name=name, domain=domain, sector="energy", country="DE", employees=12)))


def contact(email: str = "ada@northwind.example", name: str = "Ada Byron King") -> Wanted[ContactRecord]:
    return Wanted(uuid4(), ContactRecord(Person(name=name, email=email, phone="+49 30 901820")))


def deal(name: str = "Northwind · implementation", currency: str = "EUR") -> Wanted[DealRecord]:
    return Wanted(uuid4(), DealRecord(name, "qualified", "sales-1", Money(minor=1_500_000, currency=currency)))


DEAL_OF_71001 = {"system": "crm", "kind": "deals", "properties": {"dealname": "Globex", "hubspot_owner_id": "71001"}}


def says_nothing_private(error: BaseException) -> bool:
    """Say whether neither the error's text nor anything that it carries names a person or a client."""
    shown = f"{error!r} {error} {vars(error)} {pickle.loads(pickle.dumps(error))!r}"  # noqa: S301 - our own
    return not any(word.lower() in shown.lower() for word in PRIVATE)


class CrmRules:
    """The port's promises."""

    async def test_a_record_is_made_once_per_key(self, crm: Crm, sandbox: Sandbox) -> None:
        one, person, opened = company(), contact(), deal()
        first = [await crm.upsert_companies([one]), await crm.upsert_contacts([person]), await crm.open_deals([opened])]
        again = [await crm.upsert_companies([one]), await crm.upsert_contacts([person]), await crm.open_deals([opened])]
        assert first == again
        assert [len(await sandbox.objects("crm", kind)) for kind in ("companies", "contacts", "deals")] == [1, 1, 1]

    async def test_a_field_is_told_with_who_changed_it_last_of_any_number_of_records(self, crm: Crm, sandbox: Sandbox) -> None:
        made = await crm.open_deals([deal(f"Northwind {one}") for one in range(60)])
        ids = [one.id for one in made.values() if isinstance(one, Ref)]
        edit = {"system": "crm", "kind": "deals", "id": ids[0], "properties": {"dealname": "Globex"}}
        await sandbox.control("PATCH", "people", edit)
        traces = await crm.read_traces("deal", ["name", "stage", "payment"], [*ids, "999999999"])
        assert set(traces) == set(ids)
        theirs, ours, never = (traces[ids[0]][field] for field in ("name", "stage", "payment"))
        assert (theirs.value, theirs.by, bool(theirs.who and theirs.at)) == ("Globex", Hand.PERSON, True)
        assert ours.by is not Hand.PERSON
        assert (never.value, never.by) == (None, Hand.UNKNOWN)

    async def test_what_was_made_is_found_by_its_key(self, crm: Crm) -> None:
        one, opened = company(), deal()
        made = {"company": (await crm.upsert_companies([one]))[one.key], "deal": (await crm.open_deals([opened]))[opened.key]}
        assert await crm.find("company", [one.record.account, uuid4()]) == {one.record.account: made["company"]}
        assert await crm.find("deal", [opened.key, uuid4()]) == {opened.key: made["deal"]}
        assert await crm.find("deal", []) == {}

    async def test_a_company_that_people_made_is_reused_and_left_alone(self, crm: Crm, sandbox: Sandbox) -> None:
        theirs = {"domain": "northwind.example", "name": "NW"}
        await sandbox.control("POST", "people", {"system": "crm", "kind": "companies", "properties": theirs})
        one = company()
        outcome = (await crm.upsert_companies([one]))[one.key]
        companies = await sandbox.objects("crm", "companies")
        assert [item["id"] for item in companies] == [outcome.id]
        assert companies[0]["object"]["properties"]["name"] == "NW"

    async def test_a_company_without_a_domain_is_known_by_its_name(self, crm: Crm, sandbox: Sandbox) -> None:
        one, same = company(None, "Acme Corporation"), company(None, "ACME  corporation")
        first = (await crm.upsert_companies([one]))[one.key]
        assert (await crm.upsert_companies([same]))[same.key] == first
        assert len(await sandbox.objects("crm", "companies")) == 1

    async def test_two_records_of_one_company_or_person_in_a_batch_are_one(self, crm: Crm, sandbox: Sandbox) -> None:
        companies, contacts = [company(), company()], [contact(), contact("ADA@northwind.example")]
        refs = {*(await crm.upsert_companies(companies)).values(), *(await crm.upsert_contacts(contacts)).values()}
        assert len(refs) == 2
        assert [len(await sandbox.objects("crm", kind)) for kind in ("companies", "contacts")] == [1, 1]

    async def test_workers_that_race_for_one_key_make_one(self, crm: Crm, sandbox: Sandbox) -> None:
        one, opened = company(), deal()
        companies = await asyncio.gather(*(crm.upsert_companies([one]) for _ in range(5)))
        deals = await asyncio.gather(*(crm.open_deals([opened]) for _ in range(5)))
        assert len({done[one.key] for done in companies}) == len({done[opened.key] for done in deals}) == 1
        assert [len(await sandbox.objects("crm", kind)) for kind in ("companies", "deals")] == [1, 1]

    async def test_two_leads_of_a_new_company_make_it_once(self, crm: Crm, sandbox: Sandbox) -> None:
        one, other = company(), company()
        same = Wanted(other.key, one.record)
        first, second = await asyncio.gather(crm.upsert_companies([one]), crm.upsert_companies([same]))
        assert first[one.key] == second[other.key]
        assert len(await sandbox.objects("crm", "companies")) == 1

    async def test_an_account_that_lost_our_fields_gets_them_again(self, crm: Crm, sandbox: Sandbox) -> None:
        await sandbox.control("POST", "reset")
        firm, opened, person = company(), deal(), contact()
        assert isinstance((await crm.upsert_companies([firm]))[firm.key], Ref)
        await sandbox.control("POST", "reset")
        assert isinstance((await crm.upsert_contacts([person]))[person.key], Ref)
        await sandbox.control("POST", "reset")
        ref = (await crm.open_deals([opened]))[opened.key]
        assert isinstance(ref, Ref)

    async def test_a_deal_that_people_changed_keeps_their_changes(self, crm: Crm, sandbox: Sandbox) -> None:
        opened = deal()
        ref = (await crm.open_deals([opened]))[opened.key]
        change = {"system": "crm", "kind": "deals", "id": ref.id, "properties": {"dealname": "Renamed", "amount": "99"}}
        await sandbox.control("PATCH", "people", change)
        assert (await crm.open_deals([opened]))[opened.key] == ref
        shown = (await crm.read_deals([ref.id]))[ref.id]
        assert (shown.name, shown.amount) == ("Renamed", Money(minor=9900, currency="EUR"))

    async def test_a_refused_record_does_not_keep_the_good_ones_from_being_written(self, crm: Crm, sandbox: Sandbox) -> None:
        good, bad = [deal(f"Deal {n}") for n in range(7)], deal(currency="XAF")
        outcomes = await crm.open_deals([*good[:3], bad, *good[3:]])
        assert isinstance(outcomes[bad.key], RefusedError)
        assert says_nothing_private(outcomes[bad.key])
        assert all(isinstance(outcomes[one.key], Ref) for one in good)
        assert len(await sandbox.objects("crm", "deals")) == len(good)

    async def test_more_than_one_call_takes_are_written_all_the_same(self, crm: Crm, sandbox: Sandbox) -> None:
        contacts = [contact(f"person{n}@northwind.example") for n in range(230)]
        outcomes = await crm.upsert_contacts(contacts)
        assert len({outcome.id for outcome in outcomes.values()}) == len(await sandbox.objects("crm", "contacts")) == 230

    async def test_a_contact_is_brought_up_to_date_by_its_address(self, crm: Crm) -> None:
        first, later = contact(name="A. King"), contact(name="Ada Byron King")
        ref = (await crm.upsert_contacts([first]))[first.key]
        assert (await crm.upsert_contacts([later]))[later.key] == ref
        person = (await crm.read_contacts([ref.id]))[ref.id].person
        assert person == later.record.person

    async def test_a_deal_is_read_with_its_company_and_person(self, crm: Crm) -> None:
        one, person, opened = company(), contact(), deal()
        company_id = (await crm.upsert_companies([one]))[one.key].id
        contact_id = (await crm.upsert_contacts([person]))[person.key].id
        deal_id = (await crm.open_deals([opened]))[opened.key].id
        links = [Link("deal", deal_id, "company", company_id), Link("deal", deal_id, "contact", contact_id)]
        wanted = Wanted(uuid4(), [*links, Link("contact", contact_id, "company", company_id)])
        assert isinstance((await crm.associate([wanted]))[wanted.key], Ref)
        assert await crm.associate([wanted]) == await crm.associate([wanted])
        shown = (await crm.read_deals([deal_id, "404404", "no-number"]))[deal_id]
        assert (shown.key, shown.name, shown.stage, shown.owner) == (str(opened.key), opened.record.name, "qualified", "sales-1")
        assert (shown.amount, shown.company, shown.person) == (opened.record.amount, one.record.company, person.record.person)
        assert (await crm.read_contacts([contact_id]))[contact_id].company == one.record.company

    async def test_what_people_wrote_that_no_contract_takes_is_absent_from_a_snapshot(self, crm: Crm, sandbox: Sandbox) -> None:
        made = await sandbox.control("POST", "people", {"system": "crm", "kind": "contacts", "properties": {"firstname": "Ada"}})
        shown = (await crm.read_contacts([made["id"]]))[made["id"]]
        assert (shown.person, shown.company, shown.owner) == (None, None, None)

    async def test_a_deal_of_a_person_in_the_crm_is_theirs(self, crm: Crm, sandbox: Sandbox) -> None:
        made = await sandbox.control("POST", "people", DEAL_OF_71001)
        assert (await crm.read_deals([made["id"]]))[made["id"]].owner == "sales-1"

    async def test_only_the_named_fields_of_a_deal_change(self, crm: Crm) -> None:
        opened = deal()
        ref = (await crm.open_deals([opened]))[opened.key]
        moved, gone = (
            Wanted(uuid4(), DealChange(ref.id, stage="discovery")),
            Wanted(uuid4(), DealChange("404404", stage="discovery")),
        )
        outcomes = await crm.change_deals([moved, gone])
        assert outcomes[moved.key] == ref
        assert isinstance(outcomes[gone.key], RefusedError)
        shown = (await crm.read_deals([ref.id]))[ref.id]
        assert (shown.stage, shown.name, shown.owner) == ("discovery", opened.record.name, "sales-1")

    async def test_a_note_is_added_once_to_its_deal_and_is_no_markup(self, crm: Crm, sandbox: Sandbox) -> None:
        opened = deal()
        ref = (await crm.open_deals([opened]))[opened.key]
        note, lost = Wanted(uuid4(), (ref.id, "a <b>\nc")), Wanted(uuid4(), ("404404", "x"))
        first, again = await crm.add_notes([note]), await crm.add_notes([note, lost])
        assert first[note.key] == again[note.key] == (await crm.find("note", [note.key]))[note.key]
        assert isinstance(again[lost.key], RefusedError)
        notes = await sandbox.objects("crm", "notes")
        assert [one["object"]["properties"]["hs_note_body"] for one in notes] == ["a &lt;b&gt;<br>c"]

    async def test_an_association_with_nothing_is_refused_and_the_others_made(self, crm: Crm) -> None:
        one, opened = company(), deal()
        company_id = (await crm.upsert_companies([one]))[one.key].id
        deal_id = (await crm.open_deals([opened]))[opened.key].id
        good = Wanted(uuid4(), [Link("deal", deal_id, "company", company_id)])
        bad = Wanted(uuid4(), [Link("deal", deal_id, "company", "404404")])
        outcomes = await crm.associate([good, bad])
        assert isinstance(outcomes[good.key], Ref)
        assert isinstance(outcomes[bad.key], RefusedError)

    async def test_a_lost_answer_is_uncertain_and_the_key_finds_the_one_that_was_made(self, crm: Crm, sandbox: Sandbox) -> None:
        opened = deal()
        await sandbox.fault("crm", "POST", lose_answer=True)
        with pytest.raises(UncertainError) as raised:
            await crm.open_deals([opened])
        assert says_nothing_private(raised.value)
        found = await crm.find("deal", [opened.key])
        assert [one["id"] for one in await sandbox.objects("crm", "deals")] == [found[opened.key].id]
        assert await crm.open_deals([opened]) == found

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            ({"status": 401, "count": 2}, MisconfiguredError),
            ({"status": 403}, MisconfiguredError),
            ({"status": 500}, RetryableError),
            ({"status": 502, "body": "html"}, RetryableError),
            ({"status": 503}, RetryableError),
            ({"status": 408}, RetryableError),
            ({"status": 0}, UncertainError),
        ],
    )
    async def test_a_call_that_fails_as_a_whole_says_what_to_do(
        self, crm: Crm, sandbox: Sandbox, fault: dict[str, object], kind: type[TowlineError]
    ) -> None:
        person = contact()
        await sandbox.fault("crm", "POST", **fault)
        with pytest.raises(kind) as raised:
            await crm.upsert_contacts([person])
        assert says_nothing_private(raised.value)
        assert isinstance((await crm.upsert_contacts([person]))[person.key], Ref)

    @pytest.mark.parametrize("status", [400, 404, 409, 422])
    async def test_a_refusal_is_the_outcome_of_its_record(self, crm: Crm, sandbox: Sandbox, status: int) -> None:
        person = contact()
        await sandbox.fault("crm", "POST", status=status)
        refusal = (await crm.upsert_contacts([person]))[person.key]
        assert isinstance(refusal, RefusedError)
        assert refusal.cause.startswith(f"crm.http_{status}.")
        assert says_nothing_private(refusal)

    async def test_preparing_again_changes_nothing(self, crm: Crm, sandbox: Sandbox) -> None:
        before = len(await sandbox.asked("/properties/"))
        await asyncio.gather(crm.prepare(), crm.prepare())
        writes = [one for one in (await sandbox.asked("/properties/"))[before:] if one["method"] != "GET"]
        assert writes == []

    async def test_nothing_to_write_is_no_call(self, crm: Crm, sandbox: Sandbox) -> None:
        before = len(await sandbox.asked())
        acts = (crm.upsert_companies, crm.upsert_contacts, crm.open_deals, crm.change_deals, crm.associate, crm.add_notes)
        assert [dict(await act([])) for act in acts] == [{}] * 6
        assert len(await sandbox.asked()) == before

    async def test_a_change_shows_what_it_finds_and_leaves_and_is_given_back(self, crm: Crm, sandbox: Sandbox) -> None:
        opened = deal()
        ref = (await crm.open_deals([opened]))[opened.key]
        assert isinstance(ref, Ref)
        before = (await crm.look("deal", [ref.id]))[ref.id]["fields"]
        change = Wanted(
            uuid4(), DealChange(ref.id, stage="discovery", amount=Money(minor=990_000, currency="EUR"), folder_url="u")
        )
        image = (await crm.images([change]))[change.key]
        await crm.change_deals([change])
        assert image.before
        now = (await crm.look("deal", [ref.id]))[ref.id]["fields"]
        assert {name: now[name] for name in image.after} == dict(image.after)
        back = Wanted(uuid4(), Restoring("deal", ref.id, image.before))
        assert isinstance((await crm.restore([back]))[back.key], Ref)
        shown = (await crm.look("deal", [ref.id]))[ref.id]["fields"]
        assert {name: shown.get(name) for name in image.before} == {name: before.get(name) for name in image.before}

    async def test_a_record_that_is_made_finds_nothing_and_is_archived_with_its_associations(
        self, crm: Crm, sandbox: Sandbox
    ) -> None:
        one, person, opened = company(), contact(), deal()
        images = [(await crm.images([wanted]))[wanted.key] for wanted in (one, person, opened)]
        assert [image.before for image in images] == [None, None, None]
        made = [
            (await crm.upsert_companies([one]))[one.key],
            (await crm.upsert_contacts([person]))[person.key],
            (await crm.open_deals([opened]))[opened.key],
        ]
        ids = [ref.id for ref in made if isinstance(ref, Ref)]
        links = Wanted(uuid4(), [Link("deal", ids[2], "company", ids[0]), Link("deal", ids[2], "contact", ids[1])])
        image = (await crm.images([links]))[links.key]
        assert set((image.before or {}).values()) == {None}
        await crm.associate([links])
        assert set(((await crm.images([links]))[links.key].before or {}).values()) == {"linked"}
        assert (await crm.look("company", [ids[0]]))[ids[0]]["holds"] == [Standing("crm", "deal", ids[2])]
        drop = Wanted(uuid4(), list(image.after))
        assert isinstance((await crm.dissociate([drop]))[drop.key], Ref)
        assert (await crm.look("company", [ids[0]]))[ids[0]]["holds"] == []
        for kind, record in zip(("company", "contact", "deal"), ids, strict=True):
            for _ in range(2):  # safe to repeat
                gone = Wanted(uuid4(), record)
                assert isinstance((await crm.archive(kind, [gone]))[gone.key], Ref)
            assert await crm.look(kind, [record]) == {}

    async def test_a_contact_that_people_keep_is_shown_as_they_wrote_it(self, crm: Crm, sandbox: Sandbox) -> None:
        theirs = {"email": "ada@northwind.example", "firstname": "Augusta"}
        await sandbox.control("POST", "people", {"system": "crm", "kind": "contacts", "properties": theirs})
        person = contact("Ada@northwind.example")
        before = (await crm.images([person]))[person.key].before
        assert before
        assert (before["firstname"], before["phone"]) == ("Augusta", None)

    async def test_all_contacts_are_given_page_by_page_as_they_stand(self, crm: Crm, sandbox: Sandbox) -> None:
        """Also what no contract takes; a contact's company is that of its company's record."""
        one = company()
        firm = (await crm.upsert_companies([one]))[one.key]
        people = [contact(f"p{n}@northwind.example", f"P{n}") for n in range(120)]
        made = await crm.upsert_contacts(people)
        first = made[people[0].key]
        assert isinstance(first, Ref)
        assert isinstance(firm, Ref)
        await crm.associate([Wanted(uuid4(), [Link("contact", first.id, "company", firm.id)])])
        theirs = {"firstname": "Ada", "phone": "ask her", "company": "nw", "country": "Mars"}
        added = await sandbox.control("POST", "people", {"system": "crm", "kind": "contacts", "properties": theirs})
        pages = [page async for page in crm.read_all_contacts()]
        given = {one["id"]: one for page in pages for one in page}
        assert [len(page) for page in pages] == [100, 21]
        assert given[first.id]["company"] == "Northwind GmbH"
        assert given[first.id]["email"] == "p0@northwind.example"
        assert {"first_name": "Ada", "phone": "ask her", "company": "nw", "country": "Mars"}.items() <= given[added["id"]].items()

    async def test_an_empty_crm_gives_no_contacts(self, crm: Crm) -> None:
        assert [page async for page in crm.read_all_contacts()] == []

    async def test_all_records_of_a_kind_are_given_page_by_page_with_our_names_for_their_fields(
        self, crm: Crm, sandbox: Sandbox
    ) -> None:
        """Also what no contract takes: a stage that is not ours stays what it is there."""
        ours = [deal(f"Northwind {n}") for n in range(120)]
        made = await crm.open_deals(ours)
        theirs = {"dealname": "Globex", "dealstage": "appointmentscheduled"}
        added = await sandbox.control("POST", "people", {"system": "crm", "kind": "deals", "properties": theirs})
        pages = [page async for page in crm.read_all("deal")]
        given = {one["id"]: one for page in pages for one in page}
        first = made[ours[0].key]
        assert isinstance(first, Ref)
        assert [len(page) for page in pages] == [100, 21]
        shown = {"name": "Northwind 0", "stage": "qualified", "owner": "sales-1", "currency": "EUR", "key": str(ours[0].key)}
        assert shown.items() <= given[first.id].items()
        assert (float(given[first.id]["amount"]), datetime.fromisoformat(given[first.id]["changed"]).tzinfo) == (15000.0, UTC)
        assert given[added["id"]]["stage"] == "appointmentscheduled"
        assert "amount" not in given[added["id"]]

    async def test_companies_and_contacts_are_given_with_what_identifies_them(self, crm: Crm) -> None:
        await crm.upsert_companies([company()])
        await crm.upsert_contacts([contact()])
        ((firm,),) = [page async for page in crm.read_all("company")]
        ((person,),) = [page async for page in crm.read_all("contact")]
        assert (firm["name"], firm["domain"]) == ("Northwind GmbH", "northwind.example")
        assert (person["email"], person["first_name"], person["last_name"]) == ("ada@northwind.example", "Ada", "Byron King")
