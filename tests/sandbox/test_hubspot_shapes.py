"""Answers have the fields that HubSpot's own client's models require, and none that those do not know."""

import inspect
import re
from types import ModuleType
from typing import Any

import httpx
import hubspot.crm.associations.v4.models
import hubspot.crm.objects.models
import hubspot.crm.owners.models
import hubspot.crm.pipelines.models
import hubspot.crm.properties.models
import hubspot.oauth.models
import hubspot.webhooks.models
import pytest

OBJECTS, LINKS = hubspot.crm.objects.models, hubspot.crm.associations.v4.models
DEALS, NOTES = "/crm/v3/objects/deals", "/crm/v3/objects/notes"
KEYED = [{"id": "e1", "idProperty": "towline_key", "properties": {"dealname": "Keyed"}}]
SEARCH = {"filterGroups": [{"filters": [{"propertyName": "dealname", "operator": "HAS_PROPERTY"}]}], "limit": 1}
TOKEN = {"grant_type": "refresh_token", "client_id": "a", "client_secret": "s", "refresh_token": "sandbox-refresh-token"}
PIPELINE = {"label": "P", "displayOrder": 1, "stages": [{"label": "S", "displayOrder": 0, "metadata": {"probability": "0.1"}}]}
PROPERTY = {"name": "one", "label": "One", "type": "enumeration", "fieldType": "select", "groupName": "g"}
OPTION = {"label": "A", "value": "a"}
NOTE = {"properties": {"hs_timestamp": "1"}}
TICKET = {"properties": {"subject": "T", "hs_pipeline_stage": "4"}}
GENERAL = {"eventType": "object.creation", "objectTypeId": "0-5", "active": True}
LINKED = "/crm/v4/associations/deals/notes/batch"
PLAIN = {"object": object, "str": str, "datetime": str, "int": int, "bool": bool}
NUMBERS = ("toObjectId",)  # HubSpot sends a number where its client says text


def misshapen(models: ModuleType, wanted: str, value: Any, at: str = "answer") -> list[str]:
    """Return what is missing from or strange in a value that should be of a type, spelled as the client spells types."""
    if inner := re.fullmatch(r"list\[(.*)\]", wanted):
        return [fault for n, one in enumerate(value) for fault in misshapen(models, inner[1], one, f"{at}[{n}]")]
    if inner := re.fullmatch(r"dict\[str, (.*)\]", wanted):
        return [fault for name, one in value.items() for fault in misshapen(models, inner[1], one, f"{at}.{name}")]
    model = getattr(models, wanted, None)
    if model is None:
        return [] if value is None or isinstance(value, PLAIN[wanted]) or at.endswith(NUMBERS) else [f"{at}: not {wanted}"]
    needed = [model.attribute_map[name] for name in re.findall(r"and (\w+) is None:", inspect.getsource(model))]
    types = {shown: model.openapi_types[name] for name, shown in model.attribute_map.items()}
    faults = [f"{at}.{name}: missing" for name in needed if value.get(name) is None]
    faults += [f"{at}.{name}: unknown" for name in value if name not in types]
    held = {name: one for name, one in value.items() if name in types and one is not None}
    return faults + [fault for name, one in held.items() for fault in misshapen(models, types[name], one, f"{at}.{name}")]


@pytest.fixture
async def crm(http: httpx.AsyncClient) -> httpx.AsyncClient:
    http.base_url = httpx.URL("http://sandbox/hubspot")
    key = PROPERTY | {"name": "towline_key", "type": "string", "fieldType": "text", "hasUniqueValue": True}
    await http.post("/crm/v3/properties/deals", json=key)
    for n in range(3):
        await http.post(DEALS, json={"properties": {"dealname": f"D{n}", "amount": "10"}})
    return http


@pytest.mark.parametrize(
    ("models", "wanted", "method", "path", "body"),
    [
        (OBJECTS, "SimplePublicObject", "POST", DEALS, {"properties": {"dealname": "x"}}),
        (OBJECTS, "CollectionResponseSimplePublicObjectWithAssociationsForwardPaging", "GET", f"{DEALS}?limit=2", None),
        (OBJECTS, "CollectionResponseWithTotalSimplePublicObjectForwardPaging", "POST", f"{DEALS}/search", SEARCH),
        (OBJECTS, "BatchResponseSimplePublicUpsertObject", "POST", f"{DEALS}/batch/upsert", {"inputs": KEYED}),
        (OBJECTS, "BatchResponseSimplePublicObjectWithErrors", "POST", f"{DEALS}/batch/read", {"inputs": [{"id": "404"}]}),
        (OBJECTS, "BatchResponseSimplePublicObject", "POST", f"{NOTES}/batch/create", {"inputs": [NOTE]}),
        (OBJECTS, "SimplePublicObject", "POST", "/crm/v3/objects/tickets", TICKET),
        (hubspot.crm.pipelines.models, "CollectionResponsePipelineNoPaging", "GET", "/crm/v3/pipelines/tickets", None),
        (hubspot.webhooks.models, "SubscriptionResponse", "POST", "/webhooks/v3/1/subscriptions", GENERAL),
        (LINKS, "BatchResponsePublicAssociationMultiWithLabelWithErrors", "POST", f"{LINKED}/read", {"inputs": [{"id": "4"}]}),
        (hubspot.crm.owners.models, "CollectionResponsePublicOwnerForwardPaging", "GET", "/crm/v3/owners/?limit=2", None),
        (hubspot.crm.pipelines.models, "CollectionResponsePipelineNoPaging", "GET", "/crm/v3/pipelines/deals", None),
        (hubspot.crm.pipelines.models, "Pipeline", "POST", "/crm/v3/pipelines/deals", PIPELINE),
        (hubspot.crm.properties.models, "CollectionResponsePropertyNoPaging", "GET", "/crm/v3/properties/deals", None),
        (hubspot.crm.properties.models, "ModelProperty", "POST", "/crm/v3/properties/deals", PROPERTY | {"options": [OPTION]}),
        (hubspot.webhooks.models, "SubscriptionListResponse", "GET", "/webhooks/v3/1/subscriptions", None),
    ],
)  # fmt: skip
async def test_an_answer_is_what_the_client_knows(
    crm: httpx.AsyncClient, models: ModuleType, wanted: str, method: str, path: str, body: Any
) -> None:
    answer = await crm.request(method, path, json=body)
    assert answer.is_success, answer.text
    assert misshapen(models, wanted, answer.json()) == []


async def test_tokens_are_what_the_client_knows(crm: httpx.AsyncClient) -> None:
    token = (await crm.post("/oauth/v1/token", data=TOKEN)).json()
    assert misshapen(hubspot.oauth.models, "TokenResponseIF", token) == []
    known = (await crm.get(f"/oauth/v1/access-tokens/{token['access_token']}")).json()
    assert misshapen(hubspot.oauth.models, "AccessTokenInfoResponse", known) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", DEALS, {"properties": {"amount": "much"}}, 400),
        ("GET", f"{DEALS}/404", None, 404),
        ("GET", "/crm/v3/objects/rockets", None, 400),
        ("GET", "/crm/v9/nowhere", None, 404),
        ("PUT", DEALS, {}, 405),
    ],
)
async def test_an_error_is_what_the_client_knows(crm: httpx.AsyncClient, method: str, path: str, body: Any, status: int) -> None:
    answer = await crm.request(method, path, json=body)
    error = answer.json()
    assert (answer.status_code, error.pop("status")) == (status, "error")
    assert misshapen(OBJECTS, "Error", error) == []


def test_the_check_sees_what_is_missing_and_what_is_strange() -> None:
    faults = misshapen(OBJECTS, "SimplePublicObject", {"id": 5, "properties": {}, "createdAt": "now", "colour": "red"})
    assert faults == ["answer.updatedAt: missing", "answer.colour: unknown", "answer.id: not str"]
