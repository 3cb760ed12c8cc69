"""What HubSpot would tell a subscriber is really sent, signed, again until it arrives, and late, doubled or lost when told."""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hubspot.utils.signature import Signature

from sandbox.app import create_app
from sandbox.courier import Courier
from sandbox.hubspot import HubSpot, system
from sandbox.hubspot.changes import sign
from sandbox.hubspot.vocabulary import SUBSCRIPTIONS
from sandbox.settings import Settings

SECRET = "first-secret"
GATEWAY = "http://gateway:8400"
DEALS = "/hubspot/crm/v3/objects/deals"
Events = list[dict[str, Any]]


class Gateway:
    """Takes webhooks, checks their signature with HubSpot's own code, and answers as told (200 when nothing is)."""

    def __init__(self) -> None:
        self.calls: list[Events] = []
        self.answers: list[int] = []
        self.called = asyncio.Event()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert Signature.is_valid(
            signature=request.headers["X-HubSpot-Signature-v3"],
            client_secret=SECRET,
            request_body=request.content.decode(),
            http_uri=str(request.url),
            http_method=request.method,
            signature_version="v3",
            timestamp=request.headers["X-HubSpot-Request-Timestamp"],
        )
        self.calls.append(orjson.loads(request.content))
        self.called.set()
        status = self.answers.pop(0) if self.answers else 200
        if not status:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(status)

    @property
    def events(self) -> Events:
        return [event for call in self.calls for event in call]

    async def has(self, number: int) -> Events:
        """Wait until so many events came."""
        async with asyncio.timeout(10):
            while len(self.events) < number:
                self.called.clear()
                await self.called.wait()
        return self.events


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(limits=False, gateway_url=GATEWAY, crm_webhook_secrets=f"{SECRET}, old-secret", state=tmp_path)


@pytest.fixture
async def stand_in(gateway: Gateway, settings: Settings) -> AsyncIterator[HubSpot]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(gateway)) as outgoing:
        made = system(settings, outgoing)
        made.courier.first_wait = 0.01
        yield made
        await made.close()


@pytest.fixture
async def crm(stand_in: HubSpot) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(stand_in.settings, [stand_in]))
    headers = {"Authorization": "Bearer some-token"}
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=headers) as client:
        yield client


async def settled() -> None:
    """Give what would be sent the time to be sent."""
    await asyncio.sleep(0.15)


async def test_a_new_deal_is_told_with_its_first_values(crm: httpx.AsyncClient, gateway: Gateway) -> None:
    deal = await crm.post(DEALS, json={"properties": {"dealname": "A", "amount": "10", "dealstage": "qualifiedtobuy"}})
    events = await gateway.has(3)
    assert {(e["subscriptionType"], e.get("propertyName"), e.get("propertyValue")) for e in events} == {
        ("deal.creation", None, None),
        ("deal.propertyChange", "amount", "10"),
        ("deal.propertyChange", "dealstage", "qualifiedtobuy"),
    }
    [created] = [e for e in events if e["subscriptionType"] == "deal.creation"]
    assert created["changeFlag"] == "CREATED"
    assert (created["objectId"], created["attemptNumber"]) == (int(deal.json()["id"]), 0)
    assert all(isinstance(e[n], int) for e in events for n in ("eventId", "subscriptionId", "portalId", "appId", "occurredAt"))
    assert len({e["eventId"] for e in events}) == 3


async def test_changes_of_one_moment_come_together_100_a_call(crm: httpx.AsyncClient, gateway: Gateway) -> None:
    for batch in range(2):
        inputs = [{"properties": {"dealname": f"{batch} {n}"}} for n in range(75)]
        await crm.post(f"{DEALS}/batch/create", json={"inputs": inputs})
    await gateway.has(150)
    assert sorted(len(call) for call in gateway.calls) == [50, 100]


async def test_only_what_someone_subscribed_to_is_told(crm: httpx.AsyncClient, gateway: Gateway) -> None:
    deal = (await crm.post(DEALS, json={"properties": {"dealname": "A"}})).json()["id"]
    await gateway.has(1)
    await crm.patch(f"{DEALS}/{deal}", json={"properties": {"dealname": "B"}})
    await crm.patch(f"{DEALS}/{deal}", json={"properties": {"amount": "5"}})
    await crm.patch(f"{DEALS}/{deal}", json={"properties": {"amount": "5"}})
    await gateway.has(2)
    await settled()
    assert [e.get("propertyName") for e in gateway.events] == [None, "amount"]


async def test_subscriptions_can_be_added_and_switched_off(crm: httpx.AsyncClient, gateway: Gateway) -> None:
    hooks = "/hubspot/webhooks/v3/1160452/subscriptions"
    wanted = {"eventType": "deal.propertyChange", "propertyName": "dealname", "active": True}
    made = (await crm.post(hooks, json=wanted)).json()
    [creation] = [s for s in (await crm.get(hooks)).json()["results"] if s["eventType"] == "deal.creation"]
    await crm.patch(f"{hooks}/{creation['id']}", json={"active": False})
    await crm.post(DEALS, json={"properties": {"dealname": "A"}})
    [event] = await gateway.has(1)
    assert (event["propertyName"], event["subscriptionId"]) == ("dealname", int(made["id"]))
    assert (await crm.delete(f"{hooks}/{made['id']}")).status_code == 204


async def test_a_change_says_which_app_or_that_a_person_made_it(crm: httpx.AsyncClient, gateway: Gateway) -> None:
    form = {"grant_type": "refresh_token", "client_id": "towline", "client_secret": "s", "refresh_token": "sandbox-refresh-token"}
    token = (await crm.post("/hubspot/oauth/v1/token", data=form)).json()["access_token"]
    app = (await crm.get(f"/hubspot/oauth/v1/access-tokens/{token}")).json()["app_id"]
    await crm.post(DEALS, json={"properties": {"dealname": "by app"}}, headers={"Authorization": f"Bearer {token}"})
    [by_app] = await gateway.has(1)
    assert (by_app["changeSource"], by_app["sourceId"]) == ("INTEGRATION", str(app))

    await crm.post(DEALS, json={"properties": {"dealname": "by another"}})
    by_other = (await gateway.has(2))[1]
    assert by_other["changeSource"] == "INTEGRATION"
    assert by_other["sourceId"] != str(app)

    person = {"system": "crm", "kind": "deals", "properties": {"dealname": "by a person"}}
    made = (await crm.post("/_sandbox/people", json=person)).json()
    stage = {"system": "crm", "kind": "deals", "id": made["id"], "properties": {"dealstage": "closedwon"}}
    assert (await crm.patch("/_sandbox/people", json=stage)).json()["properties"]["dealstage"] == "closedwon"
    created, moved = (await gateway.has(4))[2:]
    assert created["changeSource"] == moved["changeSource"] == "CRM_UI"
    assert (moved["propertyName"], moved["propertyValue"], moved["objectId"]) == ("dealstage", "closedwon", int(made["id"]))


PEOPLE = "/_sandbox/people"


async def property_of(crm: httpx.AsyncClient, kind: str, name: str) -> None:
    shape = {"name": name, "label": name, "type": "string", "fieldType": "text", "groupName": "information"}
    assert (await crm.post(f"/hubspot/crm/v3/properties/{kind}", json=shape)).status_code == 201


async def test_what_people_do_with_tickets_and_deals_is_told(crm: httpx.AsyncClient, gateway: Gateway) -> None:
    await property_of(crm, "tickets", "towline_milestone")
    await property_of(crm, "notes", "towline_approved_by")
    deal = {"system": "crm", "kind": "deals", "properties": {"dealname": "D"}}
    deal_id = (await crm.post(PEOPLE, json=deal)).json()["id"]
    stage = {"properties": {"dealstage": "decisionmakerboughtin"}}
    await crm.patch(PEOPLE, json={"system": "crm", "kind": "deals", "id": deal_id} | stage)
    ticket = {"system": "crm", "kind": "tickets", "properties": {"subject": "T", "hs_pipeline_stage": "1"}}
    ticket_id = (await crm.post(PEOPLE, json=ticket)).json()["id"]
    for change in ({"towline_milestone": "Built"}, {"towline_milestone": ""}, {"hs_pipeline_stage": "4", "content": "Done"}):
        await crm.patch(PEOPLE, json={"system": "crm", "kind": "tickets", "id": ticket_id, "properties": change})
    link = {"to": {"id": deal_id}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 214}]}
    note = {"system": "crm", "kind": "notes", "properties": {"hs_note_body": "N", "towline_approved_by": "Ines"}}
    assert (await crm.post(PEOPLE, json=note | {"associations": [link]})).status_code == 201
    events = await gateway.has(6)
    await settled()
    told = [(e["subscriptionType"], e["objectId"], e.get("propertyName"), e.get("propertyValue")) for e in gateway.events]
    assert told == [
        ("deal.creation", int(deal_id), None, None),
        ("deal.propertyChange", int(deal_id), "dealstage", "decisionmakerboughtin"),
        ("ticket.propertyChange", int(ticket_id), "hs_pipeline_stage", "1"),
        ("ticket.propertyChange", int(ticket_id), "towline_milestone", "Built"),
        ("ticket.propertyChange", int(ticket_id), "towline_milestone", ""),
        ("ticket.propertyChange", int(ticket_id), "hs_pipeline_stage", "4"),
    ]
    assert {e["changeSource"] for e in events} == {"CRM_UI"}
    assert not any("objectTypeId" in e for e in events)


async def test_a_subscription_to_objects_in_general_is_told_with_the_object_type(
    crm: httpx.AsyncClient, gateway: Gateway
) -> None:
    hooks = "/hubspot/webhooks/v3/1160452/subscriptions"
    for wanted in ({"eventType": "object.creation"}, {"eventType": "object.propertyChange", "propertyName": "subject"}):
        assert (await crm.post(hooks, json=wanted | {"active": True})).status_code == 400
        assert (await crm.post(hooks, json=wanted | {"active": True, "objectTypeId": "0-5"})).json()["objectTypeId"] == "0-5"
    ticket = {"subject": "T", "hs_pipeline_stage": "1"}
    await crm.post("/hubspot/crm/v3/objects/tickets", json={"properties": ticket})
    await crm.post("/hubspot/crm/v3/objects/companies", json={"properties": {"name": "A"}})
    await gateway.has(4)
    await settled()
    assert {(e["subscriptionType"], e.get("objectTypeId"), e.get("propertyName")) for e in gateway.events} == {
        ("object.creation", "0-5", None),
        ("object.propertyChange", "0-5", "subject"),
        ("ticket.propertyChange", None, "hs_pipeline_stage"),
        ("company.creation", None, None),
    }


async def test_the_close_date_that_follows_from_a_stage_is_told_too(crm: httpx.AsyncClient, gateway: Gateway) -> None:
    wanted = {"eventType": "deal.propertyChange", "propertyName": "closedate", "active": True}
    await crm.post("/hubspot/webhooks/v3/1160452/subscriptions", json=wanted)
    deal = (await crm.post(DEALS, json={"properties": {"dealname": "A", "dealstage": "closedwon"}})).json()
    events = await gateway.has(3)
    told = {e["propertyName"]: e["propertyValue"] for e in events if "propertyName" in e}
    assert told == {"dealstage": "closedwon", "closedate": deal["properties"]["closedate"]}


async def test_a_standard_subscription_is_added_once_and_stays_away_when_it_is_taken_away(stand_in: HubSpot) -> None:
    """Given a state of before there were some; when it starts again; then those come, and one removed since does not."""
    changes = stand_in.changes
    switched_off = changes.subscribe("deal.creation", None, active=False)
    changes.seed()
    ticket = next(s for s in changes.store.all("subscriptions") if s.object["propertyName"] == "hs_pipeline_stage")
    changes.store.delete("subscriptions", ticket.id)
    changes.seed()
    found = {s.id: s.object for s in changes.store.all("subscriptions")}
    told = sorted(((one["eventType"], one["propertyName"]) for one in found.values()), key=str)
    assert told == sorted((one for one in SUBSCRIPTIONS if one[1] != "hs_pipeline_stage"), key=str)
    assert [number for number, one in found.items() if not one["active"]] == [switched_off]


@pytest.mark.parametrize("answer", [500, 401, 0])
async def test_what_does_not_arrive_comes_again(crm: httpx.AsyncClient, gateway: Gateway, answer: int) -> None:
    gateway.answers = [answer, answer]
    await crm.post(DEALS, json={"properties": {"dealname": "A"}})
    events = await gateway.has(3)
    assert [e["attemptNumber"] for e in events] == [0, 1, 2]
    assert len({e["eventId"] for e in events}) == 1
    await settled()
    assert len(gateway.calls) == 3


async def test_ten_attempts_are_all() -> None:
    over = asyncio.Event()
    tried: list[int] = []

    def build(attempt: int) -> httpx.Request:
        tried.append(attempt)
        return httpx.Request("POST", GATEWAY)

    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(500))) as client:
        Courier("crm", client, first_wait=0.0001).send(build, over.set)
        await asyncio.wait_for(over.wait(), 10)
    assert tried == list(range(10))


async def manner(crm: httpx.AsyncClient, **wanted: Any) -> None:
    assert (await crm.post("/_sandbox/webhooks", json={"system": "crm", **wanted})).status_code == 200


async def test_webhooks_can_be_doubled(crm: httpx.AsyncClient, gateway: Gateway) -> None:
    await manner(crm, copies=2)
    await crm.post(DEALS, json={"properties": {"dealname": "twice"}})
    first, second = await gateway.has(2)
    assert first == second


async def test_the_next_webhooks_can_be_lost(crm: httpx.AsyncClient, gateway: Gateway, stand_in: HubSpot) -> None:
    await manner(crm, lose=1)
    await crm.post(DEALS, json={"properties": {"dealname": "lost"}})
    await settled()
    kept = (await crm.post(DEALS, json={"properties": {"dealname": "told"}})).json()["id"]
    assert [e["objectId"] for e in await gateway.has(1)] == [int(kept)]
    await settled()
    assert stand_in.store.count("undelivered") == 0


async def test_webhooks_can_be_late_and_so_come_in_the_wrong_order(crm: httpx.AsyncClient, gateway: Gateway) -> None:
    await manner(crm, delay_ms=400)
    late = (await crm.post(DEALS, json={"properties": {"dealname": "late"}})).json()["id"]
    await settled()
    assert (await crm.delete("/_sandbox/webhooks")).status_code == 204
    early = (await crm.post(DEALS, json={"properties": {"dealname": "early"}})).json()["id"]
    assert [e["objectId"] for e in await gateway.has(2)] == [int(early), int(late)]


async def test_without_a_secret_nothing_is_sent(gateway: Gateway) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(gateway)) as outgoing:
        stand_in = system(Settings(limits=False, gateway_url=GATEWAY), outgoing)
        transport = httpx.ASGITransport(create_app(stand_in.settings, [stand_in]))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            await client.post(DEALS, json={"properties": {"dealname": "A"}}, headers={"Authorization": "Bearer t"})
        await settled()
        await stand_in.close()
    assert gateway.calls == []


async def test_what_was_not_delivered_is_sent_after_a_restart(
    crm: httpx.AsyncClient, gateway: Gateway, stand_in: HubSpot, settings: Settings
) -> None:
    """Given a gateway that is down; when the sandbox is killed and started again; then the change still arrives, once."""
    stand_in.courier.first_wait = 10
    gateway.answers = [0]
    await crm.post(DEALS, json={"properties": {"dealname": "A"}})
    [before] = await gateway.has(1)
    await stand_in.courier.stop()
    gateway.calls.clear()

    async with httpx.AsyncClient(transport=httpx.MockTransport(gateway)) as outgoing:
        again = system(settings, outgoing)
        await again.start()
        assert await gateway.has(1) == [before]
        await settled()
        assert again.store.count("undelivered") == 0
        await again.close()
    assert len(gateway.calls) == 1


async def test_a_change_that_was_answered_is_told_however_soon_the_sandbox_is_killed(
    crm: httpx.AsyncClient, gateway: Gateway, stand_in: HubSpot, settings: Settings
) -> None:
    """Given a change that was just answered; when the sandbox is killed before it has collected others; then it is told."""
    await crm.post(DEALS, json={"properties": {"dealname": "A"}})
    await stand_in.changes.stop()
    assert gateway.calls == []

    async with httpx.AsyncClient(transport=httpx.MockTransport(gateway)) as outgoing:
        again = system(settings, outgoing)
        await again.start()
        await gateway.has(1)
        await again.close()
    assert len(gateway.calls) == 1


def test_a_published_signature_comes_out_the_same() -> None:
    """The example of HubSpot's own client library (hubspot-api-python, tests/spec/utils/test_signature.py, Apache-2.0)."""
    body, url = b"{'example_field':'example_value'}", "https://www.example.com/webhook_uri"
    signed = sign("yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy", "POST", url, body, "1693657560000")
    assert signed == "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="


def test_webhooks_travel_over_a_real_connection(serve: Callable[..., Any]) -> None:
    """Given a gateway that listens on a port; when a person moves a deal in the CRM; then the gateway is told, signed."""
    received: queue.Queue[tuple[bool, Events]] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            stamp = self.headers["X-HubSpot-Request-Timestamp"]
            expected = sign(SECRET, "POST", f"http://{self.headers['Host']}{self.path}", body, stamp)
            received.put((self.headers["X-HubSpot-Signature-v3"] == expected, orjson.loads(body)))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sandbox = serve(gateway_url=f"http://127.0.0.1:{server.server_port}", crm_webhook_secrets=SECRET)
        deal = {"system": "crm", "kind": "deals", "properties": {"dealname": "D"}}
        made = sandbox.control("POST", "people", deal)
        sandbox.control("PATCH", "people", deal | {"id": made["id"], "properties": {"dealstage": "closedwon"}})
        seen: Events = []
        while len(seen) < 2:
            genuine, events = received.get(timeout=10)
            assert genuine
            seen += events
        server.shutdown()
    assert {(e["subscriptionType"], e["changeSource"]) for e in seen} == {
        ("deal.creation", "CRM_UI"),
        ("deal.propertyChange", "CRM_UI"),
    }
