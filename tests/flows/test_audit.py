"""The CRM's records are judged every night: what is wrong is counted, somebody's as long as it is, and names nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_URL, temporary_settings

from contracts.catalog import catalog
from contracts.records import Wanted
from flows.audit import audit
from tests.world import World, lead

CAUSES = ["audit/companies/domain_stands_once", "audit/contacts/contact_has_an_email"]


async def audited(world: World) -> State[Any]:
    with temporary_settings({PREFECT_API_URL: world.prefect}):
        return await audit(return_state=True)


async def open_causes(world: World) -> Sequence[Any]:
    async with world.house.ledger.begin() as books:
        return sorted(await books.exceptions.latest(limit=50), key=lambda row: row.cause)


async def test_what_is_wrong_with_records_is_one_exception_a_rule_until_a_night_is_clean(world: World) -> None:
    """
    Given a good deal of ours, two companies of people with one domain, and a contact without an address
    When the audit runs, another such contact is made, and it runs again
    Then each broken rule is one exception, with owner, count and ids, and the second night has renewed it
    And when people have mended the records, a night closes both; no value of a record stands anywhere.
    """
    await world.travels(lead())
    people = world.vendors.person_makes
    await people("companies", {"name": "Zanzibar One", "domain": "zanzibar.example"})
    twin = await people("companies", {"name": "Zanzibar Two", "domain": "Zanzibar.example"})
    nameless = await people("contacts", {"lastname": "Quixote"})
    assert (await audited(world)).message == "3 companies, 2 contacts, 1 deals, 1 cases judged; 2 rules broken"
    second = await people("contacts", {"lastname": "Panza"})
    await audited(world)

    found = await open_causes(world)
    assert [row.cause for row in found] == CAUSES
    assert [row.reason.split(" do not hold")[0] for row in found] == ["1 of 3 companies", "2 of 3 contacts"]
    assert found[0].reason.endswith(f": {twin['id']}")
    assert found[1].reason.endswith(f": {nameless['id']}, {second['id']}")
    assert {row.owner for row in found} == {catalog()["opportunity.created"].process_owner}
    assert all("by itself" in row.route for row in found)
    kept = " ".join(f"{row.reason} {row.route}" for row in found).lower()
    assert not [value for value in ("quixote", "panza", "zanzibar") if value in kept]

    await world.vendors.person_changes("crm", "companies", twin["id"], {"domain": "other.example"})
    for contact in (nameless, second):
        await world.vendors.person_changes("crm", "contacts", contact["id"], {"email": f"c{contact['id']}@zanzibar.example"})
    assert (await audited(world)).message == "3 companies, 3 contacts, 1 deals, 1 cases judged; 0 rules broken"
    assert await open_causes(world) == []
    async with world.house.ledger.begin() as books:
        nights = {row.suite: (row.records, row.errors, row.duplicates) for row in await books.audits.nights(nights=7)}
    assert (nights["companies"], nights["contacts"]) == ((3, 0, 0), (3, 0, 0))


async def test_an_outage_in_the_middle_leaves_the_rest_to_the_next_night_and_says_so(world: World) -> None:
    """
    Given a contact without an address, and a CRM that fails as its deals are read
    When the audit runs
    Then it has failed, says what is left, and the contact is somebody's; the next night judges all.
    """
    await world.vendors.person_makes("contacts", {"lastname": "Quixote"})
    await world.vendors.fault("crm", "GET /crm/v3/objects/deals", status=503, count=-1)
    ended = await audited(world)
    assert ended.is_failed()
    assert "deals, cases are left to the next night" in str(ended.message)
    assert [row.cause for row in await open_causes(world)] == CAUSES[1:]
    await world.vendors.heal()
    assert (await audited(world)).message == "0 companies, 1 contacts, 0 deals, 0 cases judged; 1 rules broken"


async def test_a_case_whose_deal_was_deleted_is_somebodys(world: World) -> None:
    """Given a deal that somebody deletes in the CRM, When the audit runs, Then its case is somebody's, until it is over."""
    (event,) = await world.travels(lead())
    deal = (await world.case_of(event)).crm_deal_id
    await world.house.crm.archive("deal", [Wanted(uuid4(), str(deal))])
    await audited(world)
    assert [(row.cause, row.reason.endswith(f": {deal}")) for row in await open_causes(world)] == [
        ("audit/cases/case_has_its_deal", True)
    ]
    async with world.house.ledger.begin() as books:
        await books.cases.put_back({(await world.case_of(event)).id: "cancelled"})
    await audited(world)
    assert await open_causes(world) == []
