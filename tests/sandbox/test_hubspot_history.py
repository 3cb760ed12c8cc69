"""The sandbox's CRM tells of a property's changes as HubSpot does: by what, by whom, when, the newest first."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

DEALS = "/hubspot/crm/v3/objects/deals"
ASKED = ["dealname"]


async def made(http: httpx.AsyncClient, name: str = "One") -> str:
    answer = await http.post(DEALS, json={"properties": {"dealname": name, "dealstage": "qualifiedtobuy"}})
    return str(answer.json()["id"])


async def history(http: httpx.AsyncClient, *deals: str) -> httpx.Response:
    body = {"inputs": [{"id": one} for one in deals], "properties": ASKED, "propertiesWithHistory": ASKED}
    return await http.post(f"{DEALS}/batch/read", json=body)


async def test_each_change_is_told_with_its_hand(http: httpx.AsyncClient) -> None:
    deal = await made(http)
    person = {"system": "crm", "kind": "deals", "id": deal, "properties": {"dealname": "Two"}}
    assert (await http.patch("/_sandbox/people", json=person)).is_success
    imported = person | {"properties": {"dealname": "Three"}, "by": "import"}
    assert (await http.patch("/_sandbox/people", json=imported)).is_success
    (record,) = (await history(http, deal)).json()["results"]
    told = record["propertiesWithHistory"]["dealname"]
    assert [(one["value"], one["sourceType"]) for one in told] == [("Three", "IMPORT"), ("Two", "CRM_UI"), ("One", "INTEGRATION")]
    assert (told[1]["sourceId"], told[1]["updatedByUserId"]) == ("userId:9186656", 9186656)
    assert "updatedByUserId" not in told[2]
    assert record["properties"]["dealname"] == "Three"


async def test_what_was_not_changed_is_not_told_again_and_one_record_tells_as_a_batch_does(http: httpx.AsyncClient) -> None:
    deal = await made(http)
    await http.patch(f"{DEALS}/{deal}", json={"properties": {"dealname": "One", "amount": "5"}})
    shown: dict[str, Any] = (await http.get(f"{DEALS}/{deal}", params={"propertiesWithHistory": "dealname,amount"})).json()
    assert {name: len(told) for name, told in shown["propertiesWithHistory"].items()} == {"dealname": 1, "amount": 1}
    assert "propertiesWithHistory" not in (await http.get(f"{DEALS}/{deal}")).json()


async def test_histories_of_more_than_50_records_are_refused(http: httpx.AsyncClient) -> None:
    answer = await history(http, *map(str, range(1, 52)))
    assert answer.status_code == 400
    assert "property histories is 50" in answer.json()["message"]


@pytest.mark.parametrize(("system", "kind"), [("billing", "invoices"), ("docs", "documents")])
async def test_nobody_imports_where_no_import_is(http: httpx.AsyncClient, system: str, kind: str) -> None:
    change = {"system": system, "kind": kind, "id": "1", "properties": {}, "by": "import"}
    assert (await http.patch("/_sandbox/people", json=change)).status_code == 400
