"""HubSpot's own Python client works against the sandbox as it does against HubSpot: what it requires of answers is there."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import hubspot
import pytest
from hubspot.crm.associations.v4 import BatchInputPublicDefaultAssociationMultiPost, PublicDefaultAssociationMultiPost
from hubspot.crm.contacts.exceptions import UnauthorizedException
from hubspot.crm.deals.exceptions import ApiException, NotFoundException
from hubspot.crm.objects import (
    AssociationSpec,
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchInputSimplePublicObjectId,
    BatchReadInputSimplePublicObjectId,
    Filter,
    FilterGroup,
    PublicAssociationsForObject,
    PublicObjectId,
    PublicObjectSearchRequest,
    SimplePublicObjectBatchInput,
    SimplePublicObjectBatchInputForCreate,
    SimplePublicObjectBatchInputUpsert,
    SimplePublicObjectId,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.pipelines import PipelineInput, PipelineStageInput
from hubspot.crm.properties import PropertyCreate
from hubspot.crm.properties.exceptions import ApiException as PropertiesException
from hubspot.oauth.exceptions import ApiException as OauthException

Client = Any


@pytest.fixture
def connect(sandbox: Any) -> Callable[..., Client]:
    return lambda token="test-token": hubspot.Client.create(access_token=token, host=f"{sandbox.url}/hubspot")


@pytest.fixture
def client(connect: Callable[..., Client]) -> Iterator[Client]:
    made = connect()
    for kind in ("companies", "contacts", "deals"):
        made.crm.properties.core_api.create(kind, key_property())
    return made


def key_property(name: str = "towline_key") -> PropertyCreate:
    return PropertyCreate(
        name=name, label="Key", type="string", field_type="text", group_name="dealinformation", has_unique_value=True
    )


def new(**properties: str) -> SimplePublicObjectInputForCreate:
    return SimplePublicObjectInputForCreate(properties=properties)


def upsert(kind: str, client: Client, *rows: tuple[str, dict[str, str]], by: str = "towline_key") -> Any:
    inputs = [SimplePublicObjectBatchInputUpsert(id=key, id_property=by, properties=properties) for key, properties in rows]
    return client.crm.objects.batch_api.upsert(kind, BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs))


def search(client: Client, kind: str, *filters: Filter, **more: Any) -> Any:
    request = PublicObjectSearchRequest(filter_groups=[FilterGroup(filters=list(filters))], **more)
    return client.crm.objects.search_api.do_search(kind, request)


def told(error: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(error.value.body)
    return body


def test_a_company_a_contact_and_a_deal_are_made_read_changed_and_archived(client: Client) -> None:
    company = client.crm.companies.basic_api.create(new(name="Northwind GmbH", domain="Northwind.example"))
    contact = client.crm.contacts.basic_api.create(new(email="Ada@Northwind.example", firstname="Ada"))
    assert contact.properties["email"] == "ada@northwind.example"

    api = client.crm.deals.basic_api
    deal = api.create(new(dealname="Implementation", amount="15000", dealstage="qualifiedtobuy", closedate="2026-12-24"))
    assert (deal.properties["pipeline"], deal.properties["closedate"]) == ("default", "2026-12-24T00:00:00.000Z")

    changed = api.update(deal.id, SimplePublicObjectInput(properties={"dealstage": "closedwon", "amount": ""}))
    assert changed.updated_at >= changed.created_at
    read = api.get_by_id(deal.id, properties=["dealstage", "amount", "no_such_property"])
    assert (read.properties["dealstage"], read.properties["amount"]) == ("closedwon", None)
    assert "no_such_property" not in read.properties

    api.archive(deal.id)
    with pytest.raises(NotFoundException):
        api.get_by_id(deal.id)
    assert api.get_by_id(deal.id, archived=True).archived is True
    assert client.crm.companies.basic_api.get_by_id(company.id).properties["name"] == "Northwind GmbH"


def test_usual_properties_come_unasked_and_empty_ones_as_null(client: Client) -> None:
    deal = client.crm.deals.basic_api.create(new(dealname="Bare"))
    shown = client.crm.deals.basic_api.get_by_id(deal.id).properties
    assert set(shown) == {
        "amount",
        "closedate",
        "createdate",
        "dealname",
        "dealstage",
        "hs_lastmodifieddate",
        "hs_object_id",
        "pipeline",
    }
    assert (shown["amount"], shown["hs_object_id"]) == (None, deal.id)


def test_a_record_is_found_by_a_unique_property_and_by_no_other(client: Client) -> None:
    api = client.crm.contacts.basic_api
    ada = api.create(new(email="ada@northwind.example", lastname="Byron"))
    assert api.get_by_id("Ada@northwind.example", id_property="email").id == ada.id
    with pytest.raises(Exception, match="non-unique") as error:
        api.get_by_id("Byron", id_property="lastname")
    assert told(error)["category"] == "VALIDATION_ERROR"


def test_a_batch_upsert_makes_what_is_not_there_and_changes_what_is(client: Client) -> None:
    first = upsert("deals", client, ("e1", {"dealname": "One", "amount": "10"}), ("e2", {"dealname": "Two"}))
    assert [(one.new, one.properties["towline_key"]) for one in first.results] == [(True, "e1"), (True, "e2")]
    second = upsert("deals", client, ("e2", {"dealname": "Two again"}), ("e3", {"dealname": "Three"}))
    assert [one.new for one in second.results] == [False, True]
    assert second.results[0].id == first.results[1].id
    assert second.status == "COMPLETE"
    assert search(client, "deals", Filter(property_name="towline_key", operator="HAS_PROPERTY")).total == 3


def test_contacts_are_upserted_by_email(client: Client) -> None:
    made = upsert("contacts", client, ("ada@northwind.example", {"firstname": "Ada"}), by="email")
    again = upsert("contacts", client, ("ADA@northwind.example", {"lastname": "Byron"}), by="email")
    assert (again.results[0].id, again.results[0].new) == (made.results[0].id, False)


@pytest.mark.parametrize(
    ("rows", "by", "words"),
    [
        ([("e1", {"dealname": "a"}), ("e1", {"dealname": "b"})], "towline_key", "Duplicate IDs"),
        ([("e1", {"dealname": "a"})], "dealname", "non-unique"),
        ([("e1", {"no_such": "a"}), ("e2", {"dealname": "b"})], "towline_key", "does not exist"),
        ([(f"e{n}", {"dealname": "a"}) for n in range(101)], "towline_key", "maximum number of inputs"),
    ],
)
def test_an_upsert_that_is_wrong_anywhere_writes_nothing(client: Client, rows: Any, by: str, words: str) -> None:
    with pytest.raises(Exception, match="400") as error:
        upsert("deals", client, *rows, by=by)
    assert words in told(error)["message"]
    assert client.crm.deals.basic_api.get_page().results == []


def test_traced_inputs_fail_each_for_itself(client: Client) -> None:
    def traced(trace: str, **properties: str) -> SimplePublicObjectBatchInputForCreate:
        return SimplePublicObjectBatchInputForCreate(properties=properties, object_write_trace_id=trace)

    inputs = [traced("a", dealname="Good"), traced("b", dealstage="nowhere"), traced("c", dealname="Good too")]
    answer = client.crm.objects.batch_api.create("deals", BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
    assert [one.object_write_trace_id for one in answer.results] == ["a", "c"]
    assert (answer.num_errors, answer.errors[0].context["objectWriteTraceId"]) == (1, ["b"])


def test_a_batch_tells_which_records_are_not_there(client: Client) -> None:
    made = upsert("deals", client, ("e1", {"dealname": "One"})).results[0]
    api = client.crm.objects.batch_api
    ids = [SimplePublicObjectId(id=one) for one in (made.id, "404")]
    read = BatchReadInputSimplePublicObjectId(inputs=ids, properties=["dealname"], properties_with_history=[])
    found = api.read("deals", read)
    assert [one.id for one in found.results] == [made.id]
    assert (found.num_errors, found.errors[0].category, found.errors[0].context) == (1, "OBJECT_NOT_FOUND", {"ids": ["404"]})

    changes = [SimplePublicObjectBatchInput(id=one, properties={"amount": "7"}) for one in (made.id, "404")]
    changed = api.update("deals", BatchInputSimplePublicObjectBatchInput(inputs=changes))
    assert [one.properties["amount"] for one in changed.results] == ["7"]
    assert changed.num_errors == 1

    api.archive("deals", BatchInputSimplePublicObjectId(inputs=ids))
    assert api.read("deals", read).num_errors == 1


def test_a_batch_tells_how_properties_came_to_what_they_are(client: Client) -> None:
    made = upsert("deals", client, ("e1", {"dealname": "One"})).results[0]
    upsert("deals", client, ("e1", {"dealname": "Two"}))
    ids = [SimplePublicObjectId(id=made.id)]
    read = BatchReadInputSimplePublicObjectId(inputs=ids, properties=[], properties_with_history=["dealname"])
    (record,) = client.crm.objects.batch_api.read("deals", read).results
    told = record.properties_with_history["dealname"]
    assert [(one.value, one.source_type) for one in told] == [("Two", "INTEGRATION"), ("One", "INTEGRATION")]
    assert told[0].timestamp >= told[1].timestamp


def test_a_batch_is_read_by_a_unique_property(client: Client) -> None:
    upsert("deals", client, ("e1", {"dealname": "One"}), ("e2", {"dealname": "Two"}))
    ids = [SimplePublicObjectId(id=one) for one in ("e2", "e1")]
    wanted = BatchReadInputSimplePublicObjectId(
        inputs=ids, id_property="towline_key", properties=["dealname", "towline_key"], properties_with_history=[]
    )
    assert [one.properties["dealname"] for one in client.crm.objects.batch_api.read("deals", wanted).results] == ["Two", "One"]


def test_searches_filter_sort_and_page(client: Client) -> None:
    rows = [(f"e{n}", {"dealname": f"Deal {n}", "amount": str(n * 10), "dealstage": "qualifiedtobuy"}) for n in range(12)]
    upsert("deals", client, *rows)
    big = Filter(property_name="amount", operator="GTE", value="20")
    page = search(client, "deals", big, sorts=["-amount"], limit=4, properties=["amount"])
    assert (page.total, [one.properties["amount"] for one in page.results]) == (10, ["110", "100", "90", "80"])
    rest = search(client, "deals", big, sorts=["-amount"], limit=4, after=page.paging.next.after, properties=["amount"])
    assert rest.results[0].properties["amount"] == "70"
    keyed = Filter(property_name="towline_key", operator="IN", values=["e1", "e7", "none"])
    assert {one.properties["dealname"] for one in search(client, "deals", keyed).results} == {"Deal 1", "Deal 7"}


def test_a_deal_is_joined_to_its_company_and_contact(client: Client) -> None:
    company = client.crm.companies.basic_api.create(new(name="Northwind"))
    contact = client.crm.contacts.basic_api.create(new(email="ada@northwind.example"))
    types = [AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=3)]
    links = [PublicAssociationsForObject(to=PublicObjectId(id=contact.id), types=types)]
    wanted = SimplePublicObjectInputForCreate(properties={"dealname": "Joined"}, associations=links)
    deal = client.crm.deals.basic_api.create(wanted)

    v4 = client.crm.associations.v4
    done = v4.basic_api.create_default("deals", deal.id, "companies", company.id)
    assert {one.association_spec.association_type_id for one in done.results} == {341, 342}
    page = v4.basic_api.get_page("deals", deal.id, "companies")
    assert page.results[0].to_object_id == company.id
    assert {one.type_id for one in page.results[0].association_types} == {5, 341}

    shown = client.crm.deals.basic_api.get_by_id(deal.id, associations=["contacts", "companies"])
    assert [one.id for one in shown.associations["contacts"].results] == [contact.id]
    assert shown.associations["contacts"].results[0].type == "deal_to_contact"


def test_associations_are_made_and_read_in_batches(client: Client) -> None:
    company = client.crm.companies.basic_api.create(new(name="Northwind"))
    deals = [one.id for one in upsert("deals", client, ("e1", {"dealname": "1"}), ("e2", {"dealname": "2"})).results]
    pairs = [PublicDefaultAssociationMultiPost(_from={"id": deal}, to={"id": company.id}) for deal in deals[:1]]
    api = client.crm.associations.v4.batch_api
    api.create_default("deals", "companies", BatchInputPublicDefaultAssociationMultiPost(inputs=pairs))
    read = api.get_page("deals", "companies", {"inputs": [{"id": deal} for deal in deals]})
    assert [(one._from.id, one.to[0].to_object_id) for one in read.results] == [(deals[0], company.id)]
    assert read.errors[0].sub_category == "crm.associations.NO_ASSOCIATIONS_FOUND"
    assert read.errors[0].context["fromObjectId"] == [deals[1]]

    labelled = {
        "inputs": [
            {
                "from": {"id": deals[1]},
                "to": {"id": company.id},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 341}],
            }
        ]
    }
    made = api.create("deals", "companies", labelled)
    assert (made.results[0].from_object_id, made.results[0].from_object_type_id) == (deals[1], "0-3")
    api.archive("deals", "companies", {"inputs": [{"from": {"id": deals[0]}, "to": [{"id": company.id}]}]})
    assert api.get_page("deals", "companies", {"inputs": [{"id": deals[0]}]}).results == []


def test_the_older_associations_api_reads_the_same_links(client: Client) -> None:
    company = client.crm.companies.basic_api.create(new(name="Northwind"))
    deal = client.crm.deals.basic_api.create(new(dealname="Old"))
    wanted = {"inputs": [{"from": {"id": deal.id}, "to": {"id": company.id}, "type": "deal_to_company"}]}
    client.crm.associations.batch_api.create("deals", "companies", wanted)
    read = client.crm.associations.batch_api.read("deals", "companies", {"inputs": [{"id": deal.id}]})
    assert {(one.id, one.type) for one in read.results[0].to} == {
        (company.id, "deal_to_company"),
        (company.id, "deal_to_company_unlabeled"),
    }


def test_joining_what_is_not_there_is_refused(client: Client) -> None:
    deal = client.crm.deals.basic_api.create(new(dealname="Alone"))
    with pytest.raises(Exception, match="404") as error:
        client.crm.associations.v4.basic_api.create_default("deals", deal.id, "companies", "404")
    assert told(error)["subCategory"] == "crm.associations.TO_OBJECT_NOT_FOUND"


def test_a_note_stands_on_a_deal(client: Client) -> None:
    deal = client.crm.deals.basic_api.create(new(dealname="Noted"))
    types = [AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=214)]
    note = client.crm.objects.basic_api.create(
        "notes",
        SimplePublicObjectInputForCreate(
            properties={"hs_timestamp": "1795302000000", "hs_note_body": "<p>Milestone</p>"},
            associations=[PublicAssociationsForObject(to=PublicObjectId(id=deal.id), types=types)],
        ),
    )
    assert note.properties["hs_timestamp"] == "2026-11-21T23:00:00.000Z"
    linked = client.crm.associations.v4.basic_api.get_page("deals", deal.id, "notes")
    assert [one.to_object_id for one in linked.results] == [note.id]
    with pytest.raises(Exception, match="required properties"):
        client.crm.objects.basic_api.create("notes", new(hs_note_body="no time"))


def test_properties_are_made_once(client: Client) -> None:
    made = client.crm.properties.core_api.get_by_name("deals", "towline_key")
    assert (made.has_unique_value, made.hubspot_defined) == (True, False)
    with pytest.raises(PropertiesException) as error:
        client.crm.properties.core_api.create("deals", key_property())
    assert error.value.status == 409
    batch = {"inputs": [key_property("one"), key_property("towline_key")]}
    answer = client.crm.properties.batch_api.create("deals", batch)
    assert ([one.name for one in answer.results], answer.num_errors) == (["one"], 1)
    names = [one.name for one in client.crm.properties.core_api.get_all("deals").results]
    assert {"dealname", "towline_key", "one"} <= set(names)


def test_pipelines_and_stages_are_listed_and_made(client: Client) -> None:
    [sales] = client.crm.pipelines.pipelines_api.get_all("deals").results
    assert [stage.id for stage in sales.stages][:2] == ["appointmentscheduled", "qualifiedtobuy"]
    stage = PipelineStageInput(label="Scoping", display_order=0, metadata={"probability": "0.3"})
    made = client.crm.pipelines.pipelines_api.create("deals", PipelineInput(label="Services", display_order=1, stages=[stage]))
    more = PipelineStageInput(label="Delivery", display_order=1, metadata={"probability": "1.0"})
    added = client.crm.pipelines.pipeline_stages_api.create("deals", made.id, more)
    deal = client.crm.deals.basic_api.create(new(dealname="In services", pipeline=made.id, dealstage=added.id))
    assert deal.properties["dealstage"] == added.id
    with pytest.raises(ApiException) as error:
        client.crm.deals.basic_api.create(new(dealname="Mixed", pipeline=made.id, dealstage="qualifiedtobuy"))
    assert told(error)["errors"][0]["code"] == "INVALID_OPTION"


def test_owners_come_in_pages(client: Client) -> None:
    api = client.crm.owners.owners_api
    first = api.get_page(limit=3)
    rest = api.get_page(limit=3, after=first.paging.next.after)
    emails = [one.email for one in first.results + rest.results]
    assert len(emails) == len(set(emails)) == 5
    assert api.get_page(email=emails[3]).results[0].id == rest.results[0].id
    assert client.crm.owners.owners_api.get_by_id(int(first.results[0].id)).email == emails[0]


@pytest.mark.parametrize(
    ("kind", "properties", "code"),
    [
        ("deals", {"no_such_property": "1"}, "PROPERTY_DOESNT_EXIST"),
        ("deals", {"dealstage": "nowhere"}, "INVALID_OPTION"),
        ("deals", {"amount": "a lot"}, "INVALID_NUMBER"),
        ("deals", {"closedate": "24.12.2026"}, "INVALID_DATE"),
        ("deals", {"hubspot_owner_id": "1"}, "INVALID_OWNER_ID"),
        ("deals", {"hs_object_id": "1"}, "READ_ONLY_VALUE"),
        ("contacts", {"email": "ada at northwind"}, "INVALID_EMAIL"),
        ("companies", {"industry": "Software"}, "INVALID_OPTION"),
    ],
)
def test_a_bad_request_says_which_property_and_why(client: Client, kind: str, properties: dict[str, str], code: str) -> None:
    with pytest.raises(Exception, match="400") as error:
        client.crm.objects.basic_api.create(kind, new(**properties))
    body = told(error)
    assert (body["status"], body["category"]) == ("error", "VALIDATION_ERROR")
    assert body["correlationId"]
    assert [one["code"] for one in body["errors"]] == [code]
    listed = json.loads(body["message"].removeprefix("Property values were not valid: "))
    assert (listed[0]["error"], listed[0]["name"]) == (code, next(iter(properties)))


def test_a_contact_exists_once_and_a_unique_value_too(client: Client) -> None:
    ada = client.crm.contacts.basic_api.create(new(email="ada@northwind.example"))
    with pytest.raises(Exception, match="409") as error:
        client.crm.contacts.basic_api.create(new(email="Ada@Northwind.example"))
    assert told(error)["message"] == f"Contact already exists. Existing ID: {ada.id}"
    client.crm.deals.basic_api.create(new(dealname="One", towline_key="e1"))
    with pytest.raises(ApiException) as conflict:
        client.crm.deals.basic_api.create(new(dealname="Two", towline_key="e1"))
    assert told(conflict)["errors"][0]["code"] == "CONFLICTING_UNIQUE_VALUE"


def test_a_missing_record_is_a_404(client: Client) -> None:
    with pytest.raises(NotFoundException) as error:
        client.crm.deals.basic_api.get_by_id("404")
    assert told(error)["category"] == "OBJECT_NOT_FOUND"


@pytest.mark.parametrize("token", ["an-invalid-one", "revoked-token", "expired"])
def test_a_bad_token_is_a_401(connect: Callable[..., Client], token: str) -> None:
    with pytest.raises(UnauthorizedException) as error:
        connect(token).crm.contacts.basic_api.get_page()
    assert told(error)["category"] in ("INVALID_AUTHENTICATION", "EXPIRED_AUTHENTICATION")


def test_the_191st_call_in_ten_seconds_is_a_429(limited_sandbox: Any) -> None:
    client = hubspot.Client.create(access_token="app-one", host=f"{limited_sandbox.url}/hubspot")
    for _ in range(189):
        assert limited_sandbox.http.get("/hubspot/crm/v3/owners", headers={"Authorization": "Bearer app-one"}).status_code == 200
    _, _, headers = client.crm.owners.owners_api.get_page_with_http_info()
    assert (headers["X-HubSpot-RateLimit-Max"], headers["X-HubSpot-RateLimit-Remaining"]) == ("190", "0")
    with pytest.raises(Exception, match="429") as error:
        client.crm.owners.owners_api.get_page()
    body = told(error)
    assert (body["policyName"], body["errorType"], body["status"]) == ("TEN_SECONDLY_ROLLING", "RATE_LIMIT", "error")
    other = hubspot.Client.create(access_token="app-two", host=f"{limited_sandbox.url}/hubspot")
    assert other.crm.owners.owners_api.get_page().results


def test_tokens_are_refreshed_and_end(client: Client, connect: Callable[..., Client], sandbox: Any) -> None:
    def refresh(token: str) -> Any:
        return client.oauth.tokens_api.create(
            grant_type="refresh_token", client_id="towline", client_secret="s", refresh_token=token
        )

    good = refresh("sandbox-refresh-token")
    assert (good.token_type, good.expires_in) == ("bearer", 1800)
    assert connect(good.access_token).crm.owners.owners_api.get_page().results
    known = client.oauth.access_tokens_api.get(good.access_token)
    again = client.oauth.access_tokens_api.get(refresh("sandbox-refresh-token").access_token)
    assert known.app_id == again.app_id
    with pytest.raises(OauthException) as error:
        refresh("a-revoked-one")
    assert told(error)["status"] == "BAD_REFRESH_TOKEN"
    sandbox.control("POST", "oauth", {"system": "crm", "expires_in": 0})
    with pytest.raises(Exception, match="EXPIRED_AUTHENTICATION"):
        connect(refresh("sandbox-refresh-token").access_token).crm.owners.owners_api.get_page()
