"""The operating flows: giving back what is stuck, taking up what stopped, starting a path for a CRM record."""

from __future__ import annotations

from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.replay import replay
from flows.start import Path, start
from flows.sweep import sweep
from ledger.tables import EventStatus
from tests.world import World, lead


async def test_the_sweep_gives_back_what_nobody_prolongs(world: World) -> None:
    lost, kept = await world.arrives(lead("form-1"), lead("form-2", of="contoso"))
    async with world.house.ledger.begin() as books:
        await books.inbox.claim("lead.qualified", limit=1, worker="dead", seconds=-1)
        await books.inbox.claim("lead.qualified", limit=1, worker="alive", seconds=30)
    with temporary_settings({PREFECT_API_URL: world.prefect}):
        assert await sweep() == "1 events were stuck"
    assert [await world.status(one) for one in (lost, kept)] == ["received", "running"]


async def test_a_replay_says_how_many_go_on(world: World) -> None:
    misfit, stopped, fine = await world.arrives(lead("form-1", person=None), lead("form-2"), lead("form-3"))
    async with world.house.ledger.begin() as books:
        await books.inbox.settle({stopped: EventStatus.PARKED})
    with temporary_settings({PREFECT_API_URL: world.prefect}):
        assert await replay([misfit, stopped, fine]) == "1 of 3 events go on"
    assert [await world.status(one) for one in (misfit, stopped, fine)] == ["quarantined", "received", "received"]


async def test_a_path_started_for_a_crm_record_reads_the_rest_there(world: World) -> None:
    properties = {"name": "Iota GmbH", "domain": "iota.example"}
    company = await world.vendors.person_makes("companies", properties)
    ada = {"firstname": "Ada", "lastname": "Byron", "email": "ada@iota.example", "towline_owner": "sales-1"}
    contact = await world.vendors.person_makes("contacts", ada, company=company["id"])
    with temporary_settings({PREFECT_API_URL: world.prefect}):
        said = await start(Path.LEAD, str(contact["id"]))
    (row,) = await world.events()
    assert said == f"event {row.id} is received"
    assert row.payload["data"] == {"contact_id": str(contact["id"])}
    await world.qualify(row.id)
    assert await world.status(row.id) == "done", await world.exceptions(row.id)
    counts = await world.vendors.counts()
    assert (counts["companies"], counts["contacts"], counts["deals"]) == (1, 1, 1)


async def test_a_lead_of_a_contact_who_is_gone_parks(world: World) -> None:
    with temporary_settings({PREFECT_API_URL: world.prefect}):
        await start(Path.LEAD, "404404")
    (row,) = await world.events()
    await world.qualify(row.id)
    assert [one.cause for one in await world.exceptions(row.id)] == ["lead/read_lead/crm.gone"]
