"""Whatever a client sends, HubSpot's stand-in answers in HubSpot's shape and never fails itself."""

import asyncio
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.app import create_app
from sandbox.settings import Settings

NAMES = """
inputs properties id idProperty to from types associationTypeId associations dealname amount dealstage
pipeline filterGroups filters propertyName operator value values highValue sorts limit after query label name
type fieldType groupName options stages metadata displayOrder eventType objectWriteTraceId towline_key
hs_object_id associations.company
"""
VALUES = "EQ IN BETWEEN CONTAINS_TOKEN 1 default closedwon 2026-01-01 string text deals"
WORDS = st.sampled_from(NAMES.split())
LEAVES = st.none() | st.booleans() | st.integers(-5, 400) | st.text(max_size=4) | WORDS | st.sampled_from(VALUES.split())
BODIES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=16
)
V3, V4 = "/crm/v3/associations/deals/companies/batch", "/crm/v4/associations/deals/companies/batch"
CALLS = [
    ("POST", "/crm/v3/objects/deals"),
    ("PATCH", "/crm/v3/objects/deals/{id}"),
    *(("POST", f"/crm/v3/objects/deals/batch/{verb}") for verb in ("create", "update", "upsert", "read", "archive")),
    ("POST", "/crm/v3/objects/deals/search"),
    ("PUT", "/crm/v4/objects/deals/{id}/associations/companies/{id}"),
    *(("POST", f"{V4}/{verb}") for verb in ("create", "associate/default", "read", "archive")),
    *(("POST", f"{V3}/{verb}") for verb in ("create", "read", "archive")),
    ("POST", "/crm/v3/properties/deals"),
    ("PATCH", "/crm/v3/properties/deals/towline_key"),
    ("POST", "/crm/v3/properties/deals/batch/create"),
    ("POST", "/crm/v3/pipelines/deals"),
    ("POST", "/crm/v3/pipelines/deals/default/stages"),
    ("PATCH", "/crm/v3/pipelines/deals/default"),
    ("POST", "/webhooks/v3/1/subscriptions"),
]
SHAPES = {
    "as it is": lambda body: body,
    "as the one input": lambda body: {"inputs": [body]},
    "as the properties": lambda body: {"properties": body},
    "as the filters": lambda body: {"filterGroups": [{"filters": [body]}]},
    "as the associations": lambda body: {"properties": {}, "associations": body},
}


async def answer_to(method: str, path: str, body: Any) -> httpx.Response:
    transport = httpx.ASGITransport(create_app(Settings(limits=False)))
    headers = {"Authorization": "Bearer t", "Content-Type": "application/json"}
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=headers) as client:
        deal = (await client.post("/hubspot/crm/v3/objects/deals", json={"properties": {"dealname": "D"}})).json()
        wanted = {"label": "Key", "groupName": "g", "type": "string", "fieldType": "text", "hasUniqueValue": True}
        await client.post("/hubspot/crm/v3/properties/deals", json={"name": "towline_key", **wanted})
        target = f"/hubspot{path.replace('{id}', deal['id'])}"
        return await client.request(method, target, content=orjson.dumps(body))


@pytest.mark.parametrize(("method", "path"), CALLS)
@settings(max_examples=15, deadline=None)
@given(body=BODIES, shape=st.sampled_from(sorted(SHAPES)))
def test_no_body_makes_it_fail(method: str, path: str, body: Any, shape: str) -> None:
    answer = asyncio.run(answer_to(method, path, SHAPES[shape](body)))
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert {"status", "message", "correlationId", "category"} <= set(answer.json())
