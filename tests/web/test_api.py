"""`/api` shows programs what happened, behind the token, without payloads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from contracts.budgets import Ask, Limit
from contracts.catalog import catalog
from contracts.records import Ref
from deployments.postgres import EmbeddedPostgres
from ledger.continuity import NewEntry
from ledger.database import Ledger
from ledger.deciding import decide
from ledger.decisions import NewDecision
from ledger.documents import NewDocument
from ledger.effects import Intent
from ledger.tables import EffectState
from lifecycle import keys
from lifecycle.continuity import Kind, Movement
from lifecycle.decisions import Verdict
from lifecycle.path import Once
from lifecycle.paths import PATHS
from tests.web.sender import BEARER, Sender, assert_problem, lead

NOBODY = "6510f445-3071-4834-bfe9-79c8cbefc065"
PATHS_OF_API = ["/api/events?source=a&id=b", f"/api/events/{NOBODY}", f"/api/cases/{NOBODY}", "/api/exceptions"]
PATHS_OF_API += ["/api/decisions", "/api/gates", "/api/status"]


@pytest.fixture(autouse=True)
def nothing_decided(postgres: EmbeddedPostgres, ledger: Ledger) -> Iterator[None]:
    """What these tests write beside events is gone before the next one."""
    yield
    postgres.psql("TRUNCATE decisions, continuity", "web")


async def asked(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(path, headers=BEARER)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("path", PATHS_OF_API)
@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic api-token", "api-token", "Bearer api-token2", "Bearer ä"]
)
async def test_without_the_token_nothing_is_shown(client: httpx.AsyncClient, path: str, given: str) -> None:
    answer = await client.get(path, headers={b"authorization": given.encode()} if given else {})
    assert_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_an_event_is_shown_by_our_id_and_by_its_senders(sender: Sender, client: httpx.AsyncClient) -> None:
    event_id = (await sender.event(lead())).json()["id"]
    shown = await asked(client, f"/api/events/{event_id}")
    assert shown == await asked(client, "/api/events?source=website/demo-form&id=form-1")
    assert {name: shown[name] for name in ("id", "type", "source", "external_id", "contract", "status", "attempts")} == {
        "id": event_id,
        "type": "lead.qualified",
        "source": "website/demo-form",
        "external_id": "form-1",
        "contract": "lead.qualified/1",
        "status": "received",
        "attempts": 0,
    }
    assert UUID(shown["case"])
    assert datetime.fromisoformat(shown["occurred_at"]) == datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    assert (shown["finished_at"], shown["flow_run_id"], shown["effects"], shown["exceptions"]) == (None, None, [], [])
    assert "payload" not in shown


async def begin_effects(ledger: Ledger, event_id: UUID, case_id: UUID, account: UUID) -> None:
    """Begin all effects of a lead in the wrong order; the company's is done for the account by another event."""
    subjects = {Once.EVENT: event_id, Once.CASE: case_id, Once.ACCOUNT: account}
    steps = list(PATHS["lead.qualified"])[:4]
    made_by = {step.name: uuid4() if step.once is Once.ACCOUNT else event_id for step in steps}
    wanted = {step: keys.effect_key(subjects[step.once], step.name) for step in steps}
    intents = [
        Intent(key, key, made_by[step.name], case_id, step.name, step.system, step.undo) for step, key in reversed(wanted.items())
    ]
    async with ledger.begin() as books:
        await books.cases.open([case_id])
        fields = {"stage": "qualified", "account_id": account, "title": "Northwind", "owner": "sales-1"}
        amount = {"amount_minor": 1500000, "currency": "EUR", "crm_deal_id": "9001"}
        await books.cases.advance([{"id": case_id, **fields, **amount}])
        for intent in intents:
            await books.effects.intend([intent])
        key = intents[-1].key
        await books.effects.settle({key: Ref("501", "https://crm.example/501")}, {key: EffectState.DONE})


async def test_effects_stand_in_the_order_of_the_path_whoever_made_them(
    sender: Sender, client: httpx.AsyncClient, ledger: Ledger
) -> None:
    """Given effects begun in any order, one of them by another event of the account, then the event shows them in path order."""
    event_id = UUID((await sender.event(lead())).json()["id"])
    case_id = UUID((await asked(client, f"/api/events/{event_id}"))["case"])
    await begin_effects(ledger, event_id, case_id, keys.account_id("northwind.example"))
    effects = (await asked(client, f"/api/events/{event_id}"))["effects"]
    assert [one["step"] for one in effects] == [step.name for step in list(PATHS["lead.qualified"])[:4]]
    first = effects[0]
    assert (first["system"], first["state"], first["vendor_id"], first["url"]) == (
        "crm",
        "done",
        "501",
        "https://crm.example/501",
    )
    assert first["finished_at"] >= first["started_at"]
    assert effects[1]["state"] == "intended"


async def test_a_case_is_shown_with_its_events_and_documents(sender: Sender, client: httpx.AsyncClient, ledger: Ledger) -> None:
    event_id = UUID((await sender.event(lead())).json()["id"])
    case_id = UUID((await asked(client, f"/api/events/{event_id}"))["case"])
    waiting = await asked(client, f"/api/cases/{case_id}")
    assert ([one["id"] for one in waiting["events"]], waiting["documents"]) == ([str(event_id)], [])
    account = keys.account_id("northwind.example")
    await begin_effects(ledger, event_id, case_id, account)
    folder = NewDocument(
        account, account, case_id, event_id, "account-folder", 1, "northwind_v1", "f1", "https://docs.example/f1"
    )
    async with ledger.begin() as books:
        await books.documents.enter([folder])
    case = await asked(client, f"/api/cases/{case_id}")
    assert (case["id"], case["stage"], case["owner"], case["crm_deal_id"]) == (str(case_id), "qualified", "sales-1", "9001")
    assert case["amount"] == {"minor": 1500000, "currency": "EUR"}
    assert [(one["artefact"], one["url"]) for one in case["documents"]] == [("account-folder", "https://docs.example/f1")]


async def test_exceptions_are_shown_newest_first_and_grouped_by_cause(sender: Sender, client: httpx.AsyncClient) -> None:
    for number in range(3):
        await sender.event(lead(f"no-person-{number}", person=None))
    await sender.event(lead("odd", shoe_size=43))
    shown = await asked(client, "/api/exceptions?limit=2")
    assert [one["field"] for one in shown["exceptions"]] == ["shoe_size", "person"]
    assert [(one["deals"], one["owner"]) for one in shown["causes"]] == [(3, "sales-operations"), (1, "sales-operations")]
    assert shown["causes"][0]["amounts"] == {"EUR": 4500000}
    cause = shown["causes"][1]["cause"]
    only = await client.get("/api/exceptions", params={"cause": cause}, headers=BEARER)
    assert [one["cause"] for one in only.json()["exceptions"]] == [cause]


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=many", "limit=99999999999999999999", "limit=²", "cause=%00"])
async def test_a_question_that_makes_no_sense_is_refused(client: httpx.AsyncClient, query: str) -> None:
    assert_problem(await client.get(f"/api/exceptions?{query}", headers=BEARER), 400)


async def test_while_everything_is_paused_events_are_accepted_and_everybody_sees_the_pause(
    sender: Sender, client: httpx.AsyncClient, ledger: Ledger
) -> None:
    async with ledger.begin() as books:
        await books.switches.pause("all", reason="wrong <prices>", by="ada")
    assert (await sender.event(lead())).status_code == 202
    (shown,) = (await asked(client, "/api/status"))["paused"]
    assert (shown["scope"], shown["reason"], shown["by"]) == ("all", "wrong <prices>", "ada")
    page = (await client.get("/")).text
    assert "<b>Paused</b>: everything, by ada for 0 s: wrong &lt;prices&gt;" in page
    assert 'towline_paused{name="",scope="all"} 1.0' in (await client.get("/metrics")).text


async def test_what_is_left_of_a_vendors_limit_is_shown(ledger: Ledger, client: httpx.AsyncClient) -> None:
    limit = Limit(name="calls", calls=190, seconds=10)
    async with ledger.at_once() as books:
        await books.budgets.draw(Ask("hubspot.calls", limit, 1, 40, 0, 0.0))
        await books.budgets.hold("hubspot.calls", 30)
    (shown,) = (await asked(client, "/api/status"))["budgets"]
    assert {name: shown[name] for name in ("name", "left", "size")} == {"name": "hubspot.calls", "left": 150, "size": 190}
    assert 0 < shown["held_seconds"] <= 30
    metrics = (await client.get("/metrics")).text
    assert 'towline_budget_left{budget="hubspot.calls"} 150.0' in metrics
    assert 'towline_budget_size{budget="hubspot.calls"} 190.0' in metrics


async def test_the_status_counts_what_is_open(sender: Sender, client: httpx.AsyncClient) -> None:
    for event in (lead("one"), lead("two"), lead("bad", person=None)):
        await sender.event(event)
    status = await asked(client, "/api/status")
    assert status["ready"] is True
    assert [(one["type"], one["status"], one["events"]) for one in status["work"]] == [
        ("lead.qualified", "quarantined", 1),
        ("lead.qualified", "received", 2),
    ]
    assert all(one["oldest_seconds"] >= 0 for one in status["work"])
    assert [one["cause"] for one in status["causes"]] == ["contract/lead.qualified/person/missing"]
    assert await asked(client, "/api/decisions") == {"decisions": []}


@pytest.mark.parametrize("kind", ["events", "cases"])
@pytest.mark.parametrize("name", [NOBODY, "7", "not-an-id", "%00", "x" * 500])
async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient, kind: str, name: str) -> None:
    assert_problem(await client.get(f"/api/{kind}/{name}", headers=BEARER), 404)


async def test_a_sender_must_be_named_to_find_its_event(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/api/events?id=form-1", headers=BEARER), 400)
    assert_problem(await client.get("/api/events?source=x&id=%00", headers=BEARER), 404)


async def test_what_a_gate_said_can_be_looked_at_the_newest_first(client: httpx.AsyncClient, ledger: Ledger) -> None:
    async with ledger.begin() as books:
        for failed in (0, 2):
            await books.gates.keep("lead", flow_run_id=uuid4(), checked=5, failed=failed, summary={"success": not failed})
    shown = (await asked(client, "/api/gates?limit=1"))["gates"]
    assert [(row["suite"], row["checked"], row["failed"], row["summary"]) for row in shown] == [
        ("lead", 5, 2, {"success": False})
    ]


def question(case_id: UUID, content_hash: str = "sha256:1", **changes: Any) -> NewDecision:
    """A proposal of EUR 15,000.00 that waits for its approval."""
    asked_of: dict[str, Any] = {
        "id": keys.decision_id(case_id, "doc-1", content_hash),
        "kind": "proposal",
        "case_id": case_id,
        "event_id": uuid4(),
        "title": "Northwind",
        "document": "doc-1",
        "url": "https://docs.example/doc-1",
        "content_hash": content_hash,
        "minor": 1500000,
        "currency": "EUR",
        "terms": {"lines": [], "payment_days": 30},
        "owner": "sales-1",
    }
    return NewDecision(**(asked_of | changes))


async def ask(ledger: Ledger, *decisions: NewDecision) -> None:
    async with ledger.begin() as books:
        await books.cases.open([one.case_id for one in decisions])
        for one in decisions:
            await books.decisions.ask([one])


async def test_what_waits_for_a_decision_is_shown_with_whose_turn_it_is(client: httpx.AsyncClient, ledger: Ledger) -> None:
    one = question(uuid4())
    await ask(ledger, one)
    (shown,) = (await asked(client, "/api/decisions"))["decisions"]
    assert datetime.fromisoformat(shown.pop("asked_at")).tzinfo
    assert shown == {
        "id": str(one.id),
        "kind": "proposal",
        "case": str(one.case_id),
        "title": "Northwind",
        "amount": {"minor": 1500000, "currency": "EUR"},
        "document": "https://docs.example/doc-1",
        "content_hash": "sha256:1",
        "approvers": ["head-of-sales", "finance-operations"],
        "state": "waiting",
        "decided_at": None,
        "decided_by": None,
        "door": None,
        "answers": [],
        "quorum": 1,
        "missing": 1,
        "turn": None,
        "turn_since": None,
    }


async def test_nobody_is_shown_as_approver_of_their_own_deal(client: httpx.AsyncClient, ledger: Ledger) -> None:
    await ask(ledger, question(uuid4(), owner="head-of-sales"))
    (shown,) = (await asked(client, "/api/decisions"))["decisions"]
    assert shown["approvers"] == ["finance-operations"]


async def test_an_answer_is_shown_with_its_case_and_no_longer_waits(client: httpx.AsyncClient, ledger: Ledger) -> None:
    """Given an offer that was replaced by another, which was approved, then only the case shows both."""
    case_id = uuid4()
    first, second = question(case_id), question(case_id, "sha256:2")
    await ask(ledger, first, second)
    await decide(ledger, catalog(), second.id, Verdict.APPROVE, by="head-of-sales", door="console", reason="good")
    assert await asked(client, "/api/decisions") == {"decisions": []}
    both = (await asked(client, f"/api/decisions?case={case_id}"))["decisions"]
    assert [(one["state"], one["decided_by"], one["door"]) for one in both] == [
        ("withdrawn", None, None),
        ("approved", "head-of-sales", "console"),
    ]
    assert (await asked(client, f"/api/cases/{case_id}"))["decisions"] == both
    (approved,) = (await asked(client, f"/api/decisions?case={case_id}&state=approved"))["decisions"]
    assert approved == both[1]
    assert "good" not in str(both)


@pytest.mark.parametrize(
    ("query", "status"), [("state=lost", 400), ("state=approved", 400), ("limit=0", 400), ("case=7", 404), ("state=%00", 400)]
)
async def test_decisions_are_not_guessed_at(client: httpx.AsyncClient, query: str, status: int) -> None:
    assert_problem(await client.get(f"/api/decisions?{query}", headers=BEARER), status)


async def test_a_case_shows_its_money_and_where_it_does_not_agree(client: httpx.AsyncClient, ledger: Ledger) -> None:
    case_id, event_id = uuid4(), uuid4()
    async with ledger.begin() as books:
        await books.cases.open([case_id])
    assert (await asked(client, f"/api/cases/{case_id}"))["line"] is None
    sums = {Kind.APPROVED: 1500000, Kind.CHANGED: 100000, Kind.DELIVERED: 1600000, Kind.INVOICED: 1600000, Kind.PAID: 1500001}
    async with ledger.begin() as books:
        await books.continuity.enter([NewEntry(case_id, event_id, Movement(kind, sums[kind], "EUR")) for kind in sums])
    line = (await asked(client, f"/api/cases/{case_id}"))["line"]
    assert (line["agreed"], line["delivered"], line["paid"], line["currency"]) == (1600000, 1600000, 1500001, "EUR")
    assert line["differences"] == ["what is paid is EUR 999.99 less than what is invoiced"]


async def test_a_document_shows_who_approved_which_content(client: httpx.AsyncClient, ledger: Ledger) -> None:
    case_id = uuid4()
    proposal = NewDocument(case_id, uuid4(), case_id, uuid4(), "proposal", 1, "northwind_v1", "doc-1", "https://docs.example/1")
    async with ledger.begin() as books:
        await books.cases.open([case_id])
        await books.documents.enter([proposal])
        await books.documents.approve("doc-1", by="head-of-sales", content_hash="sha256:1", delivery_item="ticket-7")
    (shown,) = (await asked(client, f"/api/cases/{case_id}"))["documents"]
    assert [shown[name] for name in ("approved_by", "content_hash", "delivery_item")] == ["head-of-sales", "sha256:1", "ticket-7"]


async def test_an_event_that_came_too_early_says_what_it_waits_for(
    sender: Sender, client: httpx.AsyncClient, ledger: Ledger
) -> None:
    paid = lead("paid") | {"type": "payment.confirmed", "dataschema": "payment.confirmed/1", "data": {"deal_id": "9001"}}
    event_id = UUID((await sender.event(paid)).json()["id"])
    assert (await asked(client, f"/api/events/{event_id}"))["waits_for"] == []
    async with ledger.begin() as books:
        await books.early.wait([event_id])
    shown = await asked(client, f"/api/events/{event_id}")
    assert (shown["status"], shown["waits_for"]) == ("waiting", ["invoiced"])
    (in_case,) = (await asked(client, f"/api/cases/{shown['case']}"))["events"]
    assert in_case["waits_for"] == ["invoiced"]


async def test_the_start_page_counts_what_waits_for_a_decision_or_for_its_deal(
    sender: Sender, client: httpx.AsyncClient, ledger: Ledger
) -> None:
    assert "for a decision" not in (await client.get("/")).text
    await ask(ledger, question(uuid4()), question(uuid4(), owner=None))
    event_id = UUID((await sender.event(lead())).json()["id"])
    async with ledger.begin() as books:
        await books.early.wait([event_id])
    page = (await client.get("/")).text
    assert "<b>2</b> proposals wait for a decision" in page
    assert "1 waiting until their deal is far enough" in page
    assert "Northwind" not in page
