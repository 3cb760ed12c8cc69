"""The CRM's finer rules: what is unique, what is primary, what a search finds, what a page holds."""

from typing import Any

import httpx
import pytest

DEALS, COMPANIES, CONTACTS = (f"/crm/v3/objects/{kind}" for kind in ("deals", "companies", "contacts"))


@pytest.fixture
async def crm(http: httpx.AsyncClient) -> httpx.AsyncClient:
    http.base_url = httpx.URL("http://sandbox/hubspot")
    return http


async def made(crm: httpx.AsyncClient, path: str, **properties: str) -> str:
    answer = await crm.post(path, json={"properties": properties})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def found(crm: httpx.AsyncClient, *filters: dict[str, Any], path: str = DEALS, **more: Any) -> list[str]:
    answer = await crm.post(f"{path}/search", json={"filterGroups": [{"filters": list(filters)}], **more})
    assert answer.status_code == 200, answer.text
    return [one["properties"].get("dealname") or one["id"] for one in answer.json()["results"]]


def where(name: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {"propertyName": name, "operator": operator, **({} if value is None else {"value": value}), **more}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([where("dealname", "EQ", "ALPHA one")], ["Alpha One"]),
        ([where("dealname", "NEQ", "Alpha One")], ["Beta Two", "Gamma 3"]),
        ([where("amount", "EQ", "20.0")], ["Beta Two"]),
        ([where("amount", "GT", "10")], ["Beta Two", "Gamma 3"]),
        ([where("amount", "GTE", "10"), where("amount", "LT", "100")], ["Alpha One", "Beta Two"]),
        ([where("amount", "LTE", 20)], ["Alpha One", "Beta Two"]),
        ([where("amount", "BETWEEN", "15", highValue="25")], ["Beta Two"]),
        ([where("dealstage", "IN", values=["closedwon", "contractsent"])], ["Alpha One"]),
        ([where("dealstage", "NOT_IN", values=["closedwon"])], ["Beta Two"]),
        ([where("dealstage", "HAS_PROPERTY")], ["Alpha One", "Beta Two"]),
        ([where("dealstage", "NOT_HAS_PROPERTY")], ["Gamma 3"]),
        ([where("dealname", "CONTAINS_TOKEN", "beta")], ["Beta Two"]),
        ([where("dealname", "CONTAINS_TOKEN", "gam*")], ["Gamma 3"]),
        ([where("dealname", "NOT_CONTAINS_TOKEN", "two")], ["Alpha One", "Gamma 3"]),
        ([where("closedate", "GTE", "1798675200000")], ["Beta Two"]),
        ([where("closedate", "LT", "2026-12-31")], ["Alpha One"]),
    ],
)
async def test_a_search_finds(crm: httpx.AsyncClient, filters: list[dict[str, Any]], expected: list[str]) -> None:
    await made(crm, DEALS, dealname="Alpha One", amount="10", dealstage="closedwon", closedate="2026-12-01")
    await made(crm, DEALS, dealname="Beta Two", amount="20", dealstage="qualifiedtobuy", closedate="2026-12-31")
    await made(crm, DEALS, dealname="Gamma 3", amount="100")
    assert await found(crm, *filters) == expected


async def test_groups_are_alternatives_and_words_search_everywhere(crm: httpx.AsyncClient) -> None:
    for name in ("One", "Two", "Three"):
        await made(crm, DEALS, dealname=name)
    groups = [{"filters": [where("dealname", "EQ", name)]} for name in ("one", "three")]
    answer = await crm.post(f"{DEALS}/search", json={"filterGroups": groups, "sorts": [{"propertyName": "dealname"}]})
    assert [one["properties"]["dealname"] for one in answer.json()["results"]] == ["One", "Three"]
    words = await crm.post(f"{DEALS}/search", json={"query": "tw", "sorts": []})
    assert words.json()["total"] == 1


async def test_deals_are_found_by_their_company(crm: httpx.AsyncClient) -> None:
    company, deal = await made(crm, COMPANIES, name="Northwind"), await made(crm, DEALS, dealname="Joined")
    await made(crm, DEALS, dealname="Alone")
    await crm.put(f"/crm/v4/objects/deals/{deal}/associations/default/companies/{company}")
    assert await found(crm, where("associations.company", "EQ", company)) == ["Joined"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"filterGroups": [{"filters": [where("no_such", "EQ", "1")]}]}, "does not exist"),
        ({"filterGroups": [{"filters": [where("amount", "LIKE", "1")]}]}, "operator"),
        ({"filterGroups": [{"filters": [where("amount", "BETWEEN", "1")]}]}, "highValue"),
        ({"filterGroups": [{"filters": [where("amount", "IN")]}]}, "values"),
        ({"filterGroups": [{"filters": [where("amount", "EQ", "1")] * 7}]}, "at most 6"),
        ({"filterGroups": [{"filters": []}] * 6}, "at most 5"),
        ({"limit": 201}, "at most 200"),
        ({"after": "9999"}, "10000"),
        ({"after": "soon"}, "after"),
    ],
)
async def test_a_search_beyond_the_vendors_limits_is_refused(crm: httpx.AsyncClient, body: dict[str, Any], words: str) -> None:
    answer = await crm.post(f"{DEALS}/search", json=body)
    assert answer.status_code == 400
    assert words in answer.json()["message"]


async def test_a_list_is_paged_without_loss(crm: httpx.AsyncClient) -> None:
    ids = [await made(crm, DEALS, dealname=str(n)) for n in range(7)]
    await crm.delete(f"{DEALS}/{ids[2]}")
    seen: list[str] = []
    after = "0"
    while after:
        page = (await crm.get(DEALS, params={"limit": 3, "after": after})).json()
        seen += [one["id"] for one in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after")
    assert seen == ids[:2] + ids[3:]
    archived = (await crm.get(DEALS, params={"archived": "true"})).json()["results"]
    assert [(one["id"], one["archived"]) for one in archived] == [(ids[2], True)]


async def test_an_archived_unique_value_is_free_again(crm: httpx.AsyncClient) -> None:
    first = await made(crm, CONTACTS, email="ada@northwind.example")
    await crm.delete(f"{CONTACTS}/{first}")
    assert await made(crm, CONTACTS, email="ada@northwind.example") != first


async def test_a_batch_that_claims_one_email_twice_writes_nothing(crm: httpx.AsyncClient) -> None:
    inputs = [
        {"properties": {"email": email}} for email in ("ada@northwind.example", "b@northwind.example", "Ada@northwind.example")
    ]
    assert (await crm.post(f"{CONTACTS}/batch/create", json={"inputs": inputs})).status_code == 400
    assert (await crm.get(CONTACTS)).json()["results"] == []


async def test_a_contacts_email_cannot_become_anothers(crm: httpx.AsyncClient) -> None:
    await made(crm, CONTACTS, email="ada@northwind.example")
    other = await made(crm, CONTACTS, email="b@northwind.example")
    answer = await crm.patch(f"{CONTACTS}/{other}", json={"properties": {"email": "ada@northwind.example"}})
    assert answer.status_code == 409
    same = await crm.patch(f"{CONTACTS}/{other}", json={"properties": {"email": "b@northwind.example"}})
    assert same.status_code == 200


async def test_a_deal_has_one_primary_company(crm: httpx.AsyncClient) -> None:
    """Given a deal with two companies; when the second is made primary; then the first is no longer."""
    deal = await made(crm, DEALS, dealname="D")
    first, second = [await made(crm, COMPANIES, name=name) for name in ("A", "B")]
    for company in (first, second):
        await crm.put(f"/crm/v4/objects/deals/{deal}/associations/default/companies/{company}")

    async def types() -> dict[str, set[int]]:
        results = (await crm.get(f"/crm/v4/objects/deals/{deal}/associations/companies")).json()["results"]
        return {str(one["toObjectId"]): {t["typeId"] for t in one["associationTypes"]} for one in results}

    assert await types() == {first: {5, 341}, second: {341}}
    primary = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 5}]
    answer = await crm.put(f"/crm/v4/objects/deals/{deal}/associations/companies/{second}", json=primary)
    assert answer.status_code == 200
    assert await types() == {first: {341}, second: {5, 341}}
    seen = (await crm.get(f"/crm/v4/objects/companies/{second}/associations/deals")).json()["results"]
    assert {t["typeId"] for t in seen[0]["associationTypes"]} == {6, 342}


async def test_an_archived_record_loses_its_associations(crm: httpx.AsyncClient) -> None:
    deal, company = await made(crm, DEALS, dealname="D"), await made(crm, COMPANIES, name="A")
    await crm.put(f"/crm/v4/objects/deals/{deal}/associations/default/companies/{company}")
    await crm.delete(f"{COMPANIES}/{company}")
    assert (await crm.get(f"/crm/v4/objects/deals/{deal}/associations/companies")).json()["results"] == []


@pytest.mark.parametrize("types", [[], [279], [3, 341], [99999]], ids=["none", "of another type", "of two types", "of no type"])
async def test_an_association_type_that_does_not_fit_makes_no_record(crm: httpx.AsyncClient, types: list[int]) -> None:
    company = await made(crm, COMPANIES, name="A")
    wanted = [
        {"to": {"id": company}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": t} for t in types]}
    ]
    answer = await crm.post(DEALS, json={"properties": {"dealname": "D"}, "associations": wanted})
    assert answer.status_code == 400
    assert (await crm.get(DEALS)).json()["results"] == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"inputs": 5}', b'{"inputs": []}', b'{"inputs": [5]}', b'{"inputs": [{}]}'])
@pytest.mark.parametrize("verb", ["create", "update", "upsert", "read", "archive"])
async def test_a_body_that_cannot_be_read_is_a_400(crm: httpx.AsyncClient, verb: str, body: bytes) -> None:
    answer = await crm.post(f"{DEALS}/batch/{verb}", content=body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


async def test_all_names_of_an_object_type_mean_the_same(crm: httpx.AsyncClient) -> None:
    deal = await made(crm, "/crm/v3/objects/0-3", dealname="D")
    assert (await crm.get(f"/crm/v3/objects/deal/{deal}")).json()["id"] == deal


async def test_a_stage_is_checked_in_the_deals_own_pipeline(crm: httpx.AsyncClient) -> None:
    stage = {"label": "Scoping", "displayOrder": 0, "metadata": {"probability": "0.3"}}
    wanted = {"label": "Services", "displayOrder": 1, "stages": [stage]}
    pipeline = (await crm.post("/crm/v3/pipelines/deals", json=wanted)).json()
    own = pipeline["stages"][0]["id"]
    deal = await made(crm, DEALS, dealname="D", pipeline=pipeline["id"], dealstage=own)
    assert (await crm.patch(f"{DEALS}/{deal}", json={"properties": {"dealstage": "closedwon"}})).status_code == 400
    moved = {"pipeline": "default", "dealstage": "closedwon"}
    assert (await crm.patch(f"{DEALS}/{deal}", json={"properties": moved})).status_code == 200


async def test_search_carries_no_rate_limit_headers_and_other_calls_do(crm: httpx.AsyncClient) -> None:
    assert "X-HubSpot-RateLimit-Max" not in (await crm.post(f"{DEALS}/search", json={})).headers
    assert (await crm.get(DEALS)).headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
