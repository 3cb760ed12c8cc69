"""A lead becomes a deal, a folder and a message, and its opportunity a packet in that folder; each of them once."""

from __future__ import annotations

import asyncio

from tests.world import World, lead


async def test_a_lead_becomes_a_deal_with_a_folder_and_an_owner_who_knows(world: World) -> None:
    """
    Given a lead that fits its contract and the gate
    When its path is run
    Then company, contact, deal, folder and message stand once, and are linked
    And its opportunity is in the inbox, of the same case, as soon as the lead is done.
    """
    (event,) = await world.arrives(lead())
    state = await world.qualify(event)
    assert state.is_completed(), state.message
    counts = {"companies": 1, "contacts": 1, "deals": 1, "folders": 1, "documents": 0, "messages": 1}
    assert await world.vendors.counts() == counts
    (deal,), (folder,) = await world.vendors.objects("crm", "deals"), await world.vendors.objects("docs", "folders")
    assert deal["properties"]["towline_folder_url"] == folder["webViewLink"]
    assert deal["properties"]["amount"] == "15000.00"
    first, follow_up = await world.events()
    assert (first.status, follow_up.status, follow_up.type) == ("done", "received", "opportunity.created")
    assert follow_up.case_id == first.case_id


async def test_an_opportunity_gets_its_packet_in_the_accounts_folder(world: World) -> None:
    """
    Given a lead whose opportunity has entered the inbox
    When the discovery path is run
    Then the packet lies in the account's folder, filled with what is known, no blank left
    And the deal stands at its stage with both links, and the document index knows folder and packet.
    """
    await world.travels(lead())
    (packet,), (folder,) = await world.vendors.objects("docs", "documents"), await world.vendors.objects("docs", "folders")
    assert packet["parents"] == [folder["id"]]
    assert packet["name"].startswith("northwind-gmbh_discovery-packet_v1_")
    text = await world.house.docs.read_text(packet["id"])
    assert "{{" not in text
    assert all(known in text for known in ("Northwind GmbH", "ada@northwind.example", "EUR 15,000.00", "implementation"))
    (deal,) = await world.vendors.objects("crm", "deals")
    assert deal["properties"]["dealstage"] == "presentationscheduled"
    assert deal["properties"]["towline_packet_url"] == packet["webViewLink"]
    first, second = await world.events()
    assert (first.status, second.status) == ("done", "done")
    async with world.house.ledger.begin() as books:
        case = (await books.cases.get([first.case_id]))[first.case_id]
        documents = await books.documents.of_case(case.id, case.account_id)
    assert [document.vendor_id for document in documents] == [folder["id"], packet["id"]]
    assert (case.stage, case.crm_deal_id) == ("discovery", deal["id"])


async def test_an_event_that_is_run_twice_makes_everything_once(world: World) -> None:
    """
    Given a lead that has travelled both paths
    When both of its events are run again
    Then nothing is made a second time, and nothing is said a second time.
    """
    (event,) = await world.travels(lead())
    before, since = await world.vendors.counts(), await world.vendors.last_request()
    await world.qualify(event)
    await world.discover(*(row.id for row in await world.events() if row.id != event))
    assert await world.vendors.counts() == before
    assert not [one for one in await world.vendors.asked(since=since) if one["method"] != "GET"]


async def test_two_runs_of_one_event_at_once_make_everything_once(world: World) -> None:
    """
    Given a lead
    When two runs take it up at the same moment
    Then one of them does it, and everything stands once.
    """
    (event,) = await world.arrives(lead())
    await asyncio.gather(world.qualify(event), world.qualify(event))
    assert await world.status(event) == "done"
    assert await world.vendors.counts() == {
        "companies": 1,
        "contacts": 1,
        "deals": 1,
        "folders": 1,
        "documents": 0,
        "messages": 1,
    }


async def test_two_leads_of_one_company_in_two_runs_at_once_share_it(world: World) -> None:
    """
    Given two leads of one company and one person, both handed out by the dispatcher
    When two runs work on them at the same moment
    Then both are done, with two deals, one company, one contact and one folder.
    """
    one, two = await world.arrives(lead("form-1"), lead("form-2"))
    await world.handed_out("lead.qualified")
    await asyncio.gather(world.qualify(one), world.qualify(two))
    assert [await world.status(one), await world.status(two)] == ["done", "done"]
    counts = await world.vendors.counts()
    assert (counts["companies"], counts["contacts"], counts["folders"], counts["deals"]) == (1, 1, 1, 2)


async def test_a_run_that_a_person_starts_works_on_the_events_it_names(world: World) -> None:
    """
    Given two leads that are ready
    When a person starts a run for the second one
    Then that one is done, and the first one still waits.
    """
    first, second = await world.arrives(lead("form-1"), lead("form-2", of="contoso"))
    await world.qualify(second)
    assert [await world.status(first), await world.status(second)] == ["received", "done"]


async def test_a_second_deal_of_a_company_finds_its_company_and_folder(world: World) -> None:
    """
    Given a company whose first deal has travelled both paths
    When another lead of it travels
    Then there are two deals and two packets, in one folder of one company.
    """
    await world.travels(lead("form-1"))
    await world.travels(lead("form-2", service="training"))
    counts = {"companies": 1, "contacts": 1, "deals": 2, "folders": 1, "documents": 2, "messages": 4}
    assert await world.vendors.counts() == counts
    (folder,) = await world.vendors.objects("docs", "folders")
    assert all(packet["parents"] == [folder["id"]] for packet in await world.vendors.objects("docs", "documents"))


async def test_two_leads_of_one_person_in_one_batch_are_two_deals_of_one_company(world: World) -> None:
    """
    Given a person who asked twice, for two things
    When both leads travel in one batch
    Then there are two deals and two packets, of one company with one contact and one folder.
    """
    await world.travels(lead("form-1"), lead("form-2", service="training"))
    counts = {"companies": 1, "contacts": 1, "deals": 2, "folders": 1, "documents": 2, "messages": 2}
    assert await world.vendors.counts() == counts
    titles = {one["properties"]["dealname"] for one in await world.vendors.objects("crm", "deals")}
    assert titles == {"Northwind GmbH · implementation", "Northwind GmbH · training"}


async def test_a_batch_of_leads_costs_the_vendors_little_and_people_one_message(world: World) -> None:
    """
    Given twenty leads of twenty companies
    When they travel in one batch
    Then all are done, the CRM was asked less often than there are leads, and each channel got one message a path.
    """
    since = await world.vendors.last_request()
    ids = await world.travels(*(lead(f"form-{n}", of=f"company{n}") for n in range(20)))
    assert {row.status for row in await world.events()} == {"done"}
    counts = await world.vendors.counts()
    assert (counts["companies"], counts["deals"], counts["folders"], counts["documents"]) == (20, 20, 20, 20)
    assert counts["messages"] == 2
    crm = await world.vendors.asked(since=since, system="crm")
    assert len(crm) < len(ids)
    (said, _) = await world.vendors.objects("chat", "messages")
    assert said["text"] == "20 new deals"


async def test_owners_with_a_channel_of_their_own_are_told_there(world: World) -> None:
    """
    Given leads of a team that has a channel, and of a seller who has none
    When they travel in one batch
    Then the team is told in its channel, and the seller in the path's.
    """
    ids = await world.arrives(lead("form-1", owner="delivery-operations"), lead("form-2", of="contoso"))
    await world.qualify(*ids)
    assert {row.status for row in await world.events() if row.id in ids} == {"done"}
    assert len({one["channel"] for one in await world.vendors.objects("chat", "messages")}) == 2
