"""Only HubSpot's own signature is let in, and its changes become events of ours."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.crm.hubspot_hooks import events, verify
from connectors.hooks import Incoming, SignatureError
from contracts.errors import ContractError
from contracts.event import Envelope, parse

# Published by HubSpot with its Python client (Apache-2.0), tests/spec/utils/test_signature.py.
SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
URL = "https://www.example.com/webhook_uri"
BODY = b"{'example_field':'example_value'}"
TIMESTAMP = "1693657560000"
SIGNATURE = "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="
SIGNED_AT = datetime.fromtimestamp(1693657560, UTC)


def incoming(body: bytes = BODY, url: str = URL, **headers: str | None) -> Incoming:
    signed = {"x-hubspot-signature-v3": SIGNATURE, "x-hubspot-request-timestamp": TIMESTAMP}
    signed |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Incoming("POST", url, {name: value for name, value in signed.items() if value is not None}, body, SIGNED_AT)


def change(**values: Any) -> dict[str, Any]:
    common = {"eventId": 100, "subscriptionId": 7, "portalId": 62515, "appId": 1160452, "occurredAt": 1795253400000}
    return common | {"subscriptionType": "deal.creation", "attemptNumber": 0, "objectId": 123, "changeSource": "CRM_UI"} | values


QUALIFIED = {
    "subscriptionType": "contact.propertyChange",
    "propertyName": "lifecyclestage",
    "propertyValue": "salesqualifiedlead",
}


def moved(stage: str | None) -> dict[str, Any]:
    return change(subscriptionType="deal.propertyChange", propertyName="dealstage", propertyValue=stage)


def ticket(name: str, value: str | int | None) -> dict[str, Any]:
    return change(subscriptionType="ticket.propertyChange", propertyName=name, propertyValue=value)


def told(*changes: dict[str, Any]) -> Incoming:
    return incoming(json.dumps(changes).encode())


def test_the_published_vector_is_let_in() -> None:
    verify(incoming(), [SECRET], SIGNED_AT)


@pytest.mark.parametrize("secrets", [["old", SECRET], [SECRET, "new"]])
def test_any_of_the_secrets_will_do_while_they_are_rotated(secrets: list[str]) -> None:
    verify(incoming(), secrets, SIGNED_AT)


def test_the_same_delivery_again_is_let_in() -> None:
    for _ in range(2):
        verify(incoming(), [SECRET], SIGNED_AT + timedelta(minutes=4))


@pytest.mark.parametrize(
    ("request_", "secrets"),
    [
        (incoming(), ["other"]),
        (incoming(), []),
        (incoming(BODY + b" "), [SECRET]),
        (incoming(url=URL + "?x=1"), [SECRET]),
        (incoming(x_hubspot_signature_v3="x"), [SECRET]),
        (incoming(x_hubspot_signature_v3="ä"), [SECRET]),
        (incoming(x_hubspot_request_timestamp="1693657560001"), [SECRET]),
        (incoming(x_hubspot_request_timestamp="now"), [SECRET]),
        (incoming(x_hubspot_request_timestamp="1e99"), [SECRET]),
        (incoming(x_hubspot_request_timestamp="-1"), [SECRET]),
    ],
)
def test_a_wrong_signature_is_wrong(request_: Incoming, secrets: list[str]) -> None:
    with pytest.raises(SignatureError, match=r"^signature is wrong$"):
        verify(request_, secrets, SIGNED_AT)


@pytest.mark.parametrize("name", ["x_hubspot_signature_v3", "x_hubspot_request_timestamp"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_signature_is_missing(name: str, value: str | None) -> None:
    with pytest.raises(SignatureError, match=r"^signature is missing$"):
        verify(incoming(**{name: value}), [SECRET], SIGNED_AT)


@pytest.mark.parametrize("seconds", [-301, 301, 10**9])
def test_a_signature_from_another_time_is_stale(seconds: int) -> None:
    with pytest.raises(SignatureError, match=r"^signature is stale$"):
        verify(incoming(), [SECRET], SIGNED_AT + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-299, 0, 299])
def test_five_minutes_either_way_are_fresh(seconds: int) -> None:
    verify(incoming(), [SECRET], SIGNED_AT + timedelta(seconds=seconds))


def test_the_url_is_signed_with_some_characters_decoded() -> None:
    decoded = "https://www.example.com/hook?to=a@b:c&keep=%20"
    signed = hmac.digest(b"s", f"POST{decoded}".encode() + BODY + TIMESTAMP.encode(), hashlib.sha256)
    signature = base64.b64encode(signed).decode()
    url = "https://www.example.com/hook?to=a%40b%3ac&keep=%20"
    verify(incoming(url=url, x_hubspot_signature_v3=signature), ["s"], SIGNED_AT)


def test_a_contact_that_sales_qualified_is_a_qualified_lead() -> None:
    (event,) = events(told(change(objectId=9, **QUALIFIED)), None).events
    envelope = Envelope.model_validate(event)
    assert (envelope.id, envelope.source, envelope.subject) == ("100-9-lifecyclestage", "hubspot/62515", None)
    assert envelope.time == datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    assert parse(envelope.contract, envelope.data, event_type=envelope.type).contact_id == "9"


def test_a_deal_that_people_made_is_an_opportunity() -> None:
    (event,) = events(told(change()), None).events
    envelope = Envelope.model_validate(event)
    assert (envelope.type, envelope.subject) == ("opportunity.created", "deal-123")
    assert parse(envelope.contract, envelope.data, event_type=envelope.type).deal_id == "123"


@pytest.mark.parametrize(
    ("told_change", "event_type", "subject", "data"),
    [
        (moved("decisionmakerboughtin"), "discovery.completed", "deal-123", {"deal_id": "123"}),
        (moved("closedlost"), "deal.cancelled", "deal-123", {"deal_id": "123"}),
        (ticket("hs_pipeline_stage", "4"), "delivery.completed", "ticket-123", {"request_id": "123"}),
        (ticket("hs_pipeline_stage", 4), "delivery.completed", "ticket-123", {"request_id": "123"}),
        (ticket("towline_milestone", "Built"), "milestone.reached", "ticket-123", {"request_id": "123", "milestone": "Built"}),
    ],
    ids=["discovered", "lost", "closed", "closed, as a number", "milestone"],
)
def test_what_people_do_after_discovery_is_an_event(
    told_change: dict[str, Any], event_type: str, subject: str, data: dict[str, str]
) -> None:
    (event,) = events(told(told_change), "4711").events
    assert (event["type"], event["subject"], event["data"]) == (event_type, subject, data)
    assert (event["dataschema"], event["source"]) == (f"{event_type}/1", "hubspot/62515")
    assert Envelope.model_validate(event).time == datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "legacy", "event_type"),
    [
        ("0-1", {**QUALIFIED}, "lead.qualified"),
        ("0-3", {"subscriptionType": "deal.creation"}, "opportunity.created"),
        ("0-3", moved("closedlost"), "deal.cancelled"),
        ("0-5", ticket("hs_pipeline_stage", "4"), "delivery.completed"),
        ("0-5", ticket("towline_milestone", "Built"), "milestone.reached"),
    ],
    ids=["contact", "deal", "deal's stage", "ticket's stage", "ticket's milestone"],
)
def test_a_subscription_to_objects_in_general_tells_the_same(number: str, legacy: dict[str, Any], event_type: str) -> None:
    what = legacy["subscriptionType"].partition(".")[2]
    general = change(**legacy | {"subscriptionType": f"object.{what}", "objectTypeId": number})
    found = events(told(general, general | {"objectTypeId": "0-46"}, general | {"objectTypeId": None}), None)
    assert (found.events, found.skipped) == (events(told(change(**legacy)), None).events, 2)
    assert found.events[0]["type"] == event_type


@pytest.mark.parametrize(
    ("text", "milestone"),
    [
        ("  Data   migrated \n", "Data migrated"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 200),
        (f"{'x' * 199} y", "x" * 199),
        (7, "7"),
    ],
    ids=["blanks", "200", "201", "a blank at the end", "a number"],
)
def test_a_milestone_is_one_line_of_200_characters(text: str | int, milestone: str) -> None:
    (event,) = events(told(ticket("towline_milestone", text)), None).events
    assert event["data"]["milestone"] == milestone


def test_several_changes_of_one_record_are_as_many_events_and_a_repeated_delivery_none_more() -> None:
    """Given two fields saved at once under one event id, and one field set twice; then each is an event of its own."""
    both = [ticket("towline_milestone", "Built"), ticket("hs_pipeline_stage", "4")]
    twice = [ticket("towline_milestone", "Built") | {"eventId": number} for number in (7, 8)]
    first = [event["id"] for event in events(told(*both, *twice), None).events]
    assert len(set(first)) == 4
    again = [one | {"attemptNumber": 3} for one in (*both, *twice)]
    assert [event["id"] for event in events(told(*again), None).events] == first


@pytest.mark.parametrize(
    "other",
    [
        moved("closedwon"),
        moved("contractsent"),
        moved(None),
        ticket("hs_pipeline_stage", "3"),
        ticket("towline_milestone", ""),
        ticket("towline_milestone", None),
        ticket("towline_milestone", "  "),
        ticket("subject", "4"),
        change(subscriptionType="ticket.creation"),
        change(subscriptionType="deal.deletion"),
        change(subscriptionType="object"),
        moved("decisionmakerboughtin") | {"changeSource": "INTEGRATION", "sourceId": "4711"},
        moved("closedlost") | {"changeSource": "INTEGRATION", "sourceId": "4711"},
        ticket("hs_pipeline_stage", "4") | {"changeSource": "INTEGRATION", "sourceId": "4711"},
        ticket("towline_milestone", "Built") | {"changeSource": "INTEGRATION", "sourceId": "4711"},
        change(subscriptionType="company.creation"),
        change(subscriptionType="deal.propertyChange", propertyName="amount", propertyValue=5),
        change(**QUALIFIED | {"propertyValue": "customer"}),
        change(**QUALIFIED | {"propertyName": "city"}),
        change(changeSource="INTEGRATION", sourceId="4711"),
        change(changeSource="INTEGRATION", sourceId=4711),
    ],
)
def test_our_own_changes_and_those_that_mean_nothing_to_us_are_skipped(other: dict[str, Any]) -> None:
    found = events(told(other, change()), "4711")
    assert ([event["type"] for event in found.events], found.skipped) == (["opportunity.created"], 1)


def test_another_app_s_changes_are_events() -> None:
    assert len(events(told(change(changeSource="INTEGRATION", sourceId="4712")), "4711").events) == 1
    assert len(events(told(change(changeSource="INTEGRATION", sourceId="4711")), None).events) == 1


def test_a_hundred_changes_and_more_are_as_many_events() -> None:
    for count in (0, 1, 100, 250):
        found = events(told(*(change(eventId=number) for number in range(count))), None)
        assert len({event["id"] for event in found.events}) == count


def test_two_objects_that_share_an_event_id_are_two_events() -> None:
    found = events(told(change(objectId=1), change(objectId=2)), None)
    assert len({event["id"] for event in found.events}) == 2


def test_a_repeated_delivery_keeps_its_event_id() -> None:
    first, again = (events(told(change(attemptNumber=attempt)), None).events[0] for attempt in (0, 3))
    assert first == again


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'"Ada Byron"',
        b'["Ada Byron"]',
        b"[{}]",
        json.dumps([change(occurredAt="Ada Byron")]).encode(),
        json.dumps([change(occurredAt=10**18)]).encode(),
        json.dumps([change(objectId={"name": "Ada Byron"})]).encode(),
        json.dumps([ticket("towline_milestone", "Ada Byron") | {"occurredAt": None}]).encode(),
        json.dumps([ticket("towline_milestone", "") | {"propertyValue": ["Ada Byron"]}]).encode(),
    ],
)
def test_what_is_no_notification_is_kept_and_told_without_its_values(body: bytes) -> None:
    (event,) = events(incoming(body), None).events
    assert event["type"] == "payload.unreadable"
    assert "Byron" not in str(event["data"]["finding"])


@pytest.mark.parametrize("body", [b"", b"not json of Ada Byron"])
def test_what_is_not_json_is_refused_without_repeating_it(body: bytes) -> None:
    with pytest.raises(ContractError) as raised:
        events(incoming(body), None)
    assert raised.value.field
    assert "Byron" not in str(raised.value)
