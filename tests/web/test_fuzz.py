"""Whatever is sent, the gateway answers for it: never a 5xx, and never an acceptance of what was altered after signing."""

from __future__ import annotations

import json
import string
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.sender import Sender, lead
from tests.web.test_webhooks import change, qualified

FUZZ = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)

TEXTS = st.text(st.characters(codec=None), max_size=30)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-(10**30), 10**30), st.floats(), TEXTS, st.sampled_from(["\0", "\ud800"])
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5), max_leaves=12)
LEAD_FIELDS = ["company", "person", "owner", "amount", "service", "confidence", "contact_id", "deal_id", "note"]
PAYLOADS = st.dictionaries(st.sampled_from(LEAD_FIELDS), JSON, max_size=4)
ATTRIBUTES = ["id", "source", "type", "time", "subject", "dataschema", "datacontenttype", "specversion", "data", "contract"]
ATTRIBUTE_VALUES = JSON | st.sampled_from(["lead.qualified", "opportunity.created/1", "application/json", "2026-02-30T00:00:00Z"])
ENVELOPES = st.dictionaries(st.sampled_from(ATTRIBUTES), ATTRIBUTE_VALUES, max_size=3)
CHANGE_FIELDS = ["eventId", "portalId", "occurredAt", "subscriptionType", "objectId", "changeSource", "sourceId", "propertyValue"]
CHANGES = st.dictionaries(st.sampled_from(CHANGE_FIELDS), JSON, max_size=3)
EXPECTED = {200, 202, 400, 401}


@FUZZ
@given(value=JSON)
async def test_arbitrary_json_is_never_our_fault(sender: Sender, value: Any) -> None:
    assert (await sender.event(value)).status_code in EXPECTED


@FUZZ
@given(attributes=ENVELOPES, payload=PAYLOADS)
async def test_an_almost_good_event_is_never_our_fault(
    sender: Sender, attributes: dict[str, Any], payload: dict[str, Any]
) -> None:
    assert (await sender.event(lead(**payload) | attributes)).status_code in EXPECTED


@FUZZ
@given(body=st.binary(max_size=200))
async def test_arbitrary_bytes_are_never_our_fault(sender: Sender, body: bytes) -> None:
    assert (await sender.raw(body)).status_code in {400, 401}
    assert (await sender.hubspot(body)).status_code in {200, 202, 400}  # a signed body that is JSON is kept


@FUZZ
@given(fields=CHANGES, other=JSON)
async def test_an_almost_good_notification_is_never_our_fault(sender: Sender, fields: dict[str, Any], other: Any) -> None:
    for changes in ([change(1) | fields], [qualified(1) | fields], [change(2), other], other):
        assert (await sender.hubspot(changes)).status_code in EXPECTED


@FUZZ
@given(
    part=st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "body"]),
    place=st.integers(0, 10_000),
    letter=st.sampled_from(string.ascii_letters + string.digits + "+/=-_."),
)
async def test_what_was_altered_after_signing_is_never_accepted(sender: Sender, part: str, place: int, letter: str) -> None:
    body = json.dumps(lead()).encode()
    parts = sender.signed(body) | {"body": body.decode()}
    text = parts[part]
    place %= len(text)
    altered = text[:place] + letter + text[place + 1 :]
    parts[part] = altered
    body = parts.pop("body").encode()
    answer = await sender.client.post("/events", content=body, headers=parts)
    assert (answer.status_code == 401) == (altered != text)
