"""Running a path for a CRM record by hand: what is asked for wrongly is refused in words, and enters nothing."""

from __future__ import annotations

from typing import Any

import pytest
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.utilities.callables import parameter_schema

from contracts.catalog import catalog
from flows.start import EVENTS, Path, start
from lifecycle.stages import MOVES
from tests.world import World


async def started(world: World, path: Path, record: str, milestone: str | None = None) -> State[Any]:
    with temporary_settings({PREFECT_API_URL: world.prefect}):
        state: State[Any] = await start(path, record, milestone, return_state=True)
    return state


async def test_a_path_started_for_a_crm_record_reads_the_rest_there(world: World) -> None:
    company = await world.vendors.person_makes("companies", {"name": "Iota GmbH", "domain": "iota.example"})
    ada = {"firstname": "Ada", "lastname": "Byron", "email": "ada@iota.example", "towline_owner": "sales-1"}
    contact = await world.vendors.person_makes("contacts", ada, company=company["id"])
    said = await started(world, Path.LEAD, str(contact["id"]))
    (row,) = await world.events()
    assert said.message == f"event {row.id} is received"
    assert row.payload["data"] == {"contact_id": str(contact["id"])}
    await world.qualify(row.id)
    assert await world.status(row.id) == "done", await world.exceptions(row.id)
    counts = await world.vendors.counts()
    assert (counts["companies"], counts["contacts"], counts["deals"]) == (1, 1, 1)


async def test_a_lead_of_a_contact_who_is_gone_parks(world: World) -> None:
    await started(world, Path.LEAD, "404404")
    (row,) = await world.events()
    await world.qualify(row.id)
    assert [one.cause for one in await world.exceptions(row.id)] == ["lead/read_lead/crm.gone"]


@pytest.mark.parametrize("path", [path for path in Path if path is not Path.LEAD], ids=lambda path: path.name.lower())
async def test_every_path_of_a_deal_is_entered_with_the_deals_id_alone(world: World, path: Path) -> None:
    milestone = "Pilot accepted" if path is Path.MILESTONE else None
    assert (await started(world, path, "310421", milestone)).is_completed()
    (row,) = await world.events()
    assert (row.type, row.status, row.source) == (EVENTS[path], "received", "prefect/on-demand")
    assert row.payload["data"] == {"deal_id": "310421"} | ({"milestone": milestone} if milestone else {})


def test_a_path_that_only_a_decision_or_the_billing_system_begins_is_not_offered() -> None:
    not_by_hand = {"proposal.approved", "invoice.overdue", "invoice.voided", "payment.failed", "payment.refunded"}
    assert set(EVENTS.values()) == set(catalog().entries) - not_by_hand
    assert set(EVENTS) == set(Path)
    assert set(MOVES) >= set(EVENTS.values())


@pytest.mark.parametrize(
    ("path", "milestone", "said"),
    [
        (Path.MILESTONE, None, "milestone: is missing"),
        (Path.INVOICE, "Pilot accepted", "milestone: is not a field of the contract"),
    ],
    ids=["milestone missing", "milestone where there is none"],
)
async def test_a_field_that_does_not_fit_the_path_is_refused(world: World, path: Path, milestone: str | None, said: str) -> None:
    state = await started(world, path, "310421", milestone)
    assert state.is_failed()
    assert state.name == "Refused"
    assert said in str(state.message)
    assert await world.events() == []


@pytest.mark.parametrize("record", ["", "deal-7", "12 34", "-1", "1.5", "٣١٠", "1" * 21, "https://app.example/310421"])
async def test_what_is_no_record_id_is_refused_before_anything_is_entered(world: World, record: str) -> None:
    state = await started(world, Path.INVOICE, record)
    assert state.is_failed()
    assert "is not a CRM record id: it has digits only" in str(state.message)
    assert await world.events() == []


def test_the_form_explains_each_field_and_asks_for_digits() -> None:
    form = parameter_schema(start).model_dump_for_openapi()
    fields = form["properties"]
    assert form["required"] == ["path", "crm_record_id"]
    assert fields["crm_record_id"]["pattern"] == "^[0-9]{1,20}$"
    assert all(field["description"] for field in fields.values())
    assert form["definitions"]["Path"]["enum"] == [path.value for path in Path]
