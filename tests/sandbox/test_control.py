"""The control interface shows what is there and what was asked, and begins anew when told."""

import httpx
import pytest

from sandbox.settings import Settings
from sandbox.traffic import KEPT, Traffic

DEALS = "/hubspot/crm/v3/objects/deals"


async def make_key(http: httpx.AsyncClient) -> None:
    wanted = {
        "name": "towline_key",
        "label": "Key",
        "type": "string",
        "fieldType": "text",
        "groupName": "g",
        "hasUniqueValue": True,
    }
    assert (await http.post("/hubspot/crm/v3/properties/deals", json=wanted)).status_code == 201


async def test_objects_are_shown_by_kind_with_times_and_key(http: httpx.AsyncClient) -> None:
    await make_key(http)
    made = await http.post(DEALS, json={"properties": {"dealname": "Northwind", "towline_key": "e1/open_deal"}})
    shown = (await http.get("/_sandbox/objects", params={"system": "crm"})).json()
    assert list(shown) == ["companies", "contacts", "deals", "tickets", "notes"]
    [deal] = shown["deals"]
    assert (deal["id"], deal["key"]) == (made.json()["id"], "e1/open_deal")
    assert deal["object"]["properties"]["dealname"] == "Northwind"
    assert deal["created_at"] <= deal["updated_at"]


async def test_requests_are_numbered_and_carry_the_keys_of_writes(http: httpx.AsyncClient) -> None:
    await make_key(http)
    inputs = [{"id": f"e{n}/open_deal", "idProperty": "towline_key", "properties": {"dealname": "D"}} for n in range(2)]
    await http.post(f"{DEALS}/batch/upsert", json={"inputs": inputs})
    await http.get(f"{DEALS}/1")
    asked = (await http.get("/_sandbox/requests", params={"since": 1})).json()
    assert [(one["n"], one["method"], one["path"], one["status"], one["key"]) for one in asked] == [
        (2, "POST", "/crm/v3/objects/deals/batch/upsert", 200, "e0/open_deal"),
        (3, "GET", "/crm/v3/objects/deals/1", 404, None),
    ]
    assert asked[0]["keys"] == ["e0/open_deal", "e1/open_deal"]
    limited = (await http.get("/_sandbox/requests", params={"since": 1, "limit": 1})).json()
    assert [one["n"] for one in limited] == [2]


def test_the_log_of_requests_is_bounded_and_still_counts_right() -> None:
    traffic = Traffic()
    for _ in range(KEPT + 5):
        traffic.note("crm", "GET", "/", [])
    assert [one.n for one in traffic.since(KEPT + 2)] == [KEPT + 3, KEPT + 4, KEPT + 5]
    assert [one.n for one in traffic.since(0, 2)] == [6, 7]
    assert traffic.since(KEPT + 5) == []
    assert traffic.since(KEPT + 50) == []


async def test_a_reset_begins_anew(http: httpx.AsyncClient) -> None:
    await http.post(DEALS, json={"properties": {"dealname": "Northwind"}})
    await http.post("/_sandbox/faults", json={"system": "crm", "status": 500, "count": -1})
    assert (await http.post("/_sandbox/reset")).status_code == 204
    assert (await http.get(DEALS)).json()["results"] == []
    stages = (await http.get("/hubspot/crm/v3/pipelines/deals/default/stages")).json()["results"]
    assert stages[0]["id"] == "appointmentscheduled"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "objects", None),
        ("GET", "objects?system=fax", None),
        ("GET", "requests?since=soon", None),
        ("GET", "requests?limit=-1", None),
        ("POST", "people", {"system": "crm", "kind": "deals"}),
        ("POST", "people", {"system": "fax", "kind": "deals", "properties": {}}),
        ("POST", "webhooks", {"system": "crm", "copies": 0}),
        ("POST", "oauth", {"system": "crm", "expires_in": "soon"}),
    ],
)
async def test_a_wrong_control_call_is_told_why(http: httpx.AsyncClient, method: str, path: str, body: object) -> None:
    answer = await http.request(method, f"/_sandbox/{path}", json=body)
    assert answer.status_code == 400
    assert len(answer.json()["error"]) > 10


async def test_what_a_person_does_wrong_gets_the_vendors_refusal(http: httpx.AsyncClient) -> None:
    wrong = {"system": "crm", "kind": "deals", "properties": {"dealstage": "nowhere"}}
    answer = await http.post("/_sandbox/people", json=wrong)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    gone = await http.patch("/_sandbox/people", json={"system": "crm", "kind": "deals", "id": "1", "properties": {}})
    assert gone.status_code == 404


async def test_the_page_travels_only_when_something_changed_and_only_its_newest_cards(http: httpx.AsyncClient) -> None:
    inputs = [{"properties": {"dealname": f"Deal {n}", "amount": "1500"}} for n in range(45)]
    await http.post(f"{DEALS}/batch/create", json={"inputs": inputs})
    state = (await http.get("/_sandbox/page")).json()
    [crm] = [column for column in state["columns"] if column["name"] == "crm"]
    [deals] = [kind for kind in crm["kinds"] if kind["kind"] == "deals"]
    assert (deals["count"], len(deals["cards"])) == (45, 30)
    assert (deals["cards"][0]["title"], deals["cards"][0]["facts"]) == ("Deal 44", ["1,500.00"])
    assert [column["title"] for column in state["columns"]] == ["CRM", "Mail", "Docs", "Chat", "Billing"]
    assert next(column["vendor"] for column in state["columns"] if column["name"] == "billing") == "Stripe"
    assert (await http.get("/_sandbox/page", params={"since": state["version"]})).status_code == 204
    await http.get(DEALS)
    assert (await http.get("/_sandbox/page", params={"since": state["version"]})).status_code == 200


async def test_the_page_asks_nobody_else_for_anything(http: httpx.AsyncClient) -> None:
    page = await http.get("/")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "innerHTML" not in page.text
    assert "https://" not in page.text


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOWLINE_SANDBOX_PORT", "8599")
    monkeypatch.setenv("TOWLINE_SANDBOX_LIMITS", "off")
    monkeypatch.setenv("TOWLINE_CRM_WEBHOOK_SECRETS", "new, old")
    settings = Settings()
    assert (settings.port, settings.limits, settings.crm_webhook_secret) == (8599, False, "new")
