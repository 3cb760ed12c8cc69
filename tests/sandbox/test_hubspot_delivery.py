"""HubSpot's own Python client makes tickets and notes, joins them to deals and finds them again, as at HubSpot."""

import json
from typing import Any

import hubspot
import pytest
from hubspot.crm.objects import (
    AssociationSpec,
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    Filter,
    FilterGroup,
    PublicAssociationsForObject,
    PublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectBatchInput,
    SimplePublicObjectBatchInputForCreate,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.properties import PropertyCreate
from hubspot.crm.tickets.exceptions import NotFoundException

Client = Any
TICKET_TO_DEAL, NOTE_TO_DEAL = 28, 214


@pytest.fixture
def client(sandbox: Any) -> Client:
    made = hubspot.Client.create(access_token="test-token", host=f"{sandbox.url}/hubspot")
    for kind, name, group, unique in (
        ("tickets", "towline_key", "ticketinformation", True),
        ("tickets", "towline_milestone", "ticketinformation", False),
        ("notes", "towline_approved_by", "engagement", False),
    ):
        shape = PropertyCreate(name=name, label=name, type="string", field_type="text", group_name=group, has_unique_value=unique)
        made.crm.properties.core_api.create(kind, shape)
    return made


def to_deal(deal: str, number: int) -> list[PublicAssociationsForObject]:
    types = [AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=number)]
    return [PublicAssociationsForObject(to=PublicObjectId(id=deal), types=types)]


def new(**properties: str) -> SimplePublicObjectInputForCreate:
    return SimplePublicObjectInputForCreate(properties=properties)


def test_a_ticket_is_made_for_a_deal_moved_and_archived(client: Client) -> None:
    deal = client.crm.deals.basic_api.create(new(dealname="Implementation")).id
    wanted = new(subject="Deliver", content="As proposed", hs_pipeline_stage="1")
    wanted.associations = to_deal(deal, TICKET_TO_DEAL)
    ticket = client.crm.tickets.basic_api.create(wanted)
    assert (ticket.properties["hs_pipeline"], ticket.properties["hs_pipeline_stage"]) == ("0", "1")
    linked = client.crm.associations.v4.basic_api.get_page("deals", deal, "tickets").results
    assert [(one.to_object_id, one.association_types[0].type_id) for one in linked] == [(ticket.id, 27)]

    api = client.crm.tickets.basic_api
    moved = api.update(ticket.id, SimplePublicObjectInput(properties={"hs_pipeline_stage": "2", "towline_milestone": "Built"}))
    assert moved.properties["towline_milestone"] == "Built"
    assert api.get_by_id(ticket.id, associations=["deals"]).associations["deals"].results[0].id == deal
    api.archive(ticket.id)
    with pytest.raises(NotFoundException):
        api.get_by_id(ticket.id)


def test_tickets_are_made_moved_and_found_in_batches(client: Client) -> None:
    deal = client.crm.deals.basic_api.create(new(dealname="Implementation")).id
    inputs = [
        SimplePublicObjectBatchInputForCreate(
            properties={"subject": f"T{n}", "hs_pipeline_stage": "1", "towline_key": f"k{n}"},
            associations=to_deal(one, TICKET_TO_DEAL),
            object_write_trace_id=f"k{n}",
        )
        for n, one in enumerate([deal, deal, "404"])
    ]
    api = client.crm.objects.batch_api
    made = api.create("tickets", BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
    assert [one.properties["subject"] for one in made.results] == ["T0", "T1"]
    assert made.errors[0].context["objectWriteTraceId"] == ["k2"]
    moves = [SimplePublicObjectBatchInput(id=made.results[0].id, properties={"hs_pipeline_stage": "4"})]
    api.update("tickets", BatchInputSimplePublicObjectBatchInput(inputs=moves))

    closed = Filter(property_name="hs_pipeline_stage", operator="EQ", value="4")
    search = PublicObjectSearchRequest(filter_groups=[FilterGroup(filters=[closed])], properties=["towline_key"])
    found = client.crm.tickets.search_api.do_search(search)
    assert [one.properties["towline_key"] for one in found.results] == ["k0"]
    assert client.crm.tickets.basic_api.get_by_id("k1", id_property="towline_key").id == made.results[1].id


def test_the_support_pipeline_has_its_four_stages_and_takes_no_other(client: Client) -> None:
    [support] = client.crm.pipelines.pipelines_api.get_all("tickets").results
    stages = client.crm.pipelines.pipeline_stages_api.get_all("tickets", support.id).results
    assert [(one.id, one.metadata["ticketState"]) for one in stages] == [
        ("1", "OPEN"),
        ("2", "OPEN"),
        ("3", "OPEN"),
        ("4", "CLOSED"),
    ]
    for properties, words in (({"hs_pipeline_stage": "5"}, "INVALID_OPTION"), ({"subject": "No stage"}, "REQUIRED_PROPERTIES")):
        with pytest.raises(Exception, match=words):
            client.crm.tickets.basic_api.create(new(**properties))


def test_a_closed_ticket_says_when_and_how_long_it_took(client: Client) -> None:
    api = client.crm.tickets.basic_api
    ticket = api.create(new(subject="Deliver", hs_pipeline_stage="1", createdate="2026-11-01T00:00:00Z"))

    def moved(stage: str) -> dict[str, str]:
        api.update(ticket.id, SimplePublicObjectInput(properties={"hs_pipeline_stage": stage}))
        shown: dict[str, str] = api.get_by_id(ticket.id, properties=["closed_date", "time_to_close"]).properties
        return {name: shown[name] for name in ("closed_date", "time_to_close")}

    assert moved("3") == {"closed_date": None, "time_to_close": None}
    closed = moved("4")
    assert closed["closed_date"] > "2026-11-01"
    assert int(closed["time_to_close"]) >= 0
    assert moved("1") == closed
    with pytest.raises(Exception, match="READ_ONLY_VALUE"):
        api.update(ticket.id, SimplePublicObjectInput(properties={"time_to_close": "1"}))


@pytest.mark.parametrize(
    ("stage", "flags", "has_date"),
    [
        ("closedwon", ("true", "true", "false"), True),
        ("closedlost", ("true", "false", "true"), True),
        ("contractsent", ("false", "false", "false"), False),
    ],
)
def test_a_deal_that_is_closed_says_so(client: Client, stage: str, flags: tuple[str, ...], has_date: bool) -> None:
    api, names = client.crm.deals.basic_api, ("hs_is_closed", "hs_is_closed_won", "hs_is_closed_lost")
    deal = api.create(new(dealname="D", dealstage="qualifiedtobuy"))
    api.update(deal.id, SimplePublicObjectInput(properties={"dealstage": stage}))
    shown = api.get_by_id(deal.id, properties=[*names, "closedate"]).properties
    assert (tuple(shown[name] for name in names), shown["closedate"] is not None) == (flags, has_date)
    again = api.update(deal.id, SimplePublicObjectInput(properties={"dealstage": stage, "dealname": "E"}))
    assert again.properties["closedate"] == shown["closedate"]
    dated = api.update(deal.id, SimplePublicObjectInput(properties={"dealstage": "closedwon", "closedate": "2026-01-01"}))
    assert dated.properties["closedate"] == "2026-01-01T00:00:00.000Z"


def test_notes_are_made_for_deals_in_batches_and_read_by_their_associations(client: Client) -> None:
    deals = [client.crm.deals.basic_api.create(new(dealname=name)).id for name in ("A", "B")]
    inputs = [
        SimplePublicObjectBatchInputForCreate(
            properties={"hs_timestamp": "2026-11-21T09:30:00Z", "hs_note_body": f"<p>{n}</p>", "towline_approved_by": "Ines"},
            associations=to_deal(deals[0], NOTE_TO_DEAL),
        )
        for n in range(2)
    ]
    made = client.crm.objects.batch_api.create("notes", BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
    assert {one.properties["towline_approved_by"] for one in made.results} == {"Ines"}
    read = client.crm.associations.v4.batch_api.get_page("deals", "notes", {"inputs": [{"id": deal} for deal in deals]})
    assert [[one.to_object_id for one in result.to] for result in read.results] == [[one.id for one in made.results]]
    assert read.errors[0].context["fromObjectId"] == [deals[1]]
    assert client.crm.objects.basic_api.get_by_id("0-46", made.results[0].id).id == made.results[0].id


def test_the_associations_of_one_record_come_500_at_a_time(client: Client) -> None:
    deal = client.crm.deals.basic_api.create(new(dealname="Talkative")).id
    ids = []
    for _ in range(6):
        properties = {"hs_timestamp": "1", "hs_note_body": "x"}
        one = SimplePublicObjectBatchInputForCreate(properties=properties, associations=to_deal(deal, NOTE_TO_DEAL))
        batch = BatchInputSimplePublicObjectBatchInputForCreate(inputs=[one] * 100)
        ids += [made.id for made in client.crm.objects.batch_api.create("notes", batch).results]
    api = client.crm.associations.v4.batch_api
    [first] = api.get_page("deals", "notes", {"inputs": [{"id": deal}]}).results
    after = first.paging.next.after
    [rest] = api.get_page("deals", "notes", {"inputs": [{"id": deal, "after": after}]}).results
    assert (len(first.to), rest.paging) == (500, None)
    assert [one.to_object_id for one in first.to + rest.to] == sorted(ids, key=int)


def test_a_person_writes_a_note_and_releases_it_later(client: Client, sandbox: Any) -> None:
    deal = client.crm.deals.basic_api.create(new(dealname="Implementation")).id
    link = {"to": {"id": deal}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": NOTE_TO_DEAL}]}
    note = {"system": "crm", "kind": "notes", "properties": {"hs_note_body": "<p>Done</p>"}, "associations": [link]}
    made = sandbox.control("POST", "people", note)
    assert made["properties"]["hs_timestamp"]
    release = {"system": "crm", "kind": "notes", "id": made["id"], "properties": {"towline_approved_by": "Ines Moreau"}}
    assert sandbox.control("PATCH", "people", release)["properties"]["towline_approved_by"] == "Ines Moreau"
    assert [one.to_object_id for one in client.crm.associations.v4.basic_api.get_page("deals", deal, "notes").results] == [
        made["id"]
    ]


def test_a_person_cannot_fill_in_a_field_that_nobody_has_added(sandbox: Any) -> None:
    properties = {"hs_note_body": "Done", "towline_approved_by": "Ines"}
    answer = sandbox.http.post("/_sandbox/people", json={"system": "crm", "kind": "notes", "properties": properties})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "PROPERTY_DOESNT_EXIST")
    assert sandbox.control("GET", "objects?system=crm")["notes"] == []


def test_the_page_shows_a_ticket_s_stage_and_milestone_and_who_released_a_note(client: Client, sandbox: Any) -> None:
    client.crm.tickets.basic_api.create(new(subject="Deliver", hs_pipeline_stage="3", towline_milestone="Built"))
    bare = new(hs_timestamp="1", hs_note_body="<p>Only <b>ours</b></p>")
    released = new(hs_timestamp="2", hs_note_body="For you", towline_approved_by="Ines")
    for note in (bare, released):
        client.crm.objects.basic_api.create("notes", note)
    [crm] = [one for one in json.loads(sandbox.http.get("/_sandbox/page").content)["columns"] if one["name"] == "crm"]
    shown = {(card["title"], *card["facts"]) for kind in crm["kinds"] for card in kind["cards"]}
    assert shown == {("Deliver", "Waiting on us", "Built"), ("Only ours",), ("For you", "approved by Ines")}
