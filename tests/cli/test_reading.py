"""People and machines read the ledger through commands; personal data stays in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from cli.output import age, span
from contracts.budgets import Ask, Limit
from contracts.catalog import catalog
from contracts.records import Ref
from ledger.database import Ledger
from ledger.documents import NewDocument
from ledger.effects import Intent
from ledger.intake import Receipt
from ledger.tables import EffectState, EventStatus
from lifecycle.keys import case_id, effect_key, event_id
from tests.cli.conftest import LEAD, Look, Towline

NOBODY = "6510f445-3071-4834-bfe9-79c8cbefc065"

Received = Callable[..., Receipt]
BAD = {**LEAD, "person": {"name": "Ada Byron", "email": "no-address"}}


def test_events_are_listed_the_newest_first(towline: Towline, received: Received) -> None:
    first, second = received("form-1"), received("form-2")
    said = towline("events", "--json")
    assert said.code == 0
    assert [row["id"] for row in said.json] == [str(second.id), str(first.id)]


def test_events_can_be_narrowed_to_a_status(towline: Towline, received: Received) -> None:
    received("form-1")
    bad = received("form-2", BAD)
    assert [row["id"] for row in towline("events", "--status", "quarantined", "--json").json] == [str(bad.id)]
    assert towline("events", "--type", "opportunity.created", "--json").json == []


def test_a_status_that_does_not_exist_is_refused(towline: Towline) -> None:
    assert towline("events", "--status", "lost").code == 2


@pytest.mark.parametrize(
    "arguments", [("events",), ("event", "form-1", "--source", "test"), ("exceptions", "--all"), ("status",)]
)
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_no_command_shows_personal_data(
    towline: Towline, received: Received, arguments: tuple[str, ...], form: tuple[str, ...]
) -> None:
    received("form-1", BAD)
    said = towline(*arguments, *form)
    assert "form-1" in said.out or "contract/lead.qualified" in said.out or "quarantined" in said.out
    for secret in ("Byron", "no-address"):
        assert secret not in said.out + said.err


def test_an_event_shows_what_it_changed_in_the_order_of_its_path(towline: Towline, received: Received, look: Look) -> None:
    lead = received("form-1")
    case = case_id("test", "form-1")

    async def work(ledger: Ledger) -> None:
        async with ledger.begin() as books:
            keys = {"tell_owner": effect_key(lead.id, "tell_owner"), "open_deal": effect_key(case, "open_deal")}
            await books.effects.intend([Intent(key, key, lead.id, case, step, "crm", None) for step, key in keys.items()])
            done = dict.fromkeys(keys.values(), Ref("77", "https://crm.example/77"))
            await books.effects.settle(done, dict.fromkeys(keys.values(), EffectState.DONE))

    look(work)
    said = towline("event", str(lead.id), "--json")
    assert [effect["step"] for effect in said.json["effects"]] == ["open_deal", "tell_owner"]
    assert said.json["effects"][0]["vendor_id"] == "77"
    assert "open_deal" in towline("event", str(lead.id)).out


def test_an_event_is_found_by_its_senders_id(towline: Towline, received: Received) -> None:
    lead = received("form-1")
    assert towline("event", "form-1", "--source", "test", "--json").json["id"] == str(lead.id)


@pytest.mark.parametrize("arguments", [("event", NOBODY), ("event", "x", "--source", "y"), ("case", NOBODY), ("case", "901")])
def test_what_is_not_there_is_said_in_one_line(towline: Towline, arguments: tuple[str, ...]) -> None:
    said = towline(*arguments)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("towline: there is no such")
    assert said.err.count("\n") == 1


def test_what_is_no_id_is_said_in_one_line(towline: Towline) -> None:
    said = towline("event", "form-1")
    assert said.code == 1
    assert "--source" in said.err


def test_a_case_shows_its_events_and_documents(towline: Towline, received: Received, look: Look) -> None:
    lead = received("form-1")
    case = case_id("test", "form-1")

    async def file_a_packet(ledger: Ledger) -> None:
        async with ledger.begin() as books:
            await books.cases.open([case])
            packet = NewDocument(
                case, uuid4(), case, lead.id, "discovery-packet", 1, "northwind_v1", "doc-1", "https://d.example/1"
            )
            await books.documents.enter([packet])

    look(file_a_packet)
    found = towline("case", str(case), "--json").json
    assert [event["id"] for event in found["events"]] == [str(lead.id)]
    assert [document["name"] for document in found["documents"]] == ["northwind_v1"]
    assert "northwind_v1" in towline("case", str(case)).out


def test_exceptions_are_grouped_by_cause_with_their_amount(towline: Towline, received: Received) -> None:
    for number in range(3):
        received(f"form-{number}", {**BAD, "amount": {"minor": 150000, "currency": "EUR"}})
    (cause,) = towline("exceptions", "--json").json
    assert (cause["deals"], cause["owner"], cause["amounts"]) == (3, "sales-operations", {"EUR": 450000})
    assert "EUR 4,500.00" in towline("exceptions").out
    assert len(towline("exceptions", "--cause", cause["cause"], "--json").json) == 3
    assert towline("exceptions", "--cause", "other", "--json").json == []


def test_status_says_what_is_left_of_the_vendors_limits(towline: Towline, look: Look) -> None:
    async def draw(ledger: Ledger) -> None:
        async with ledger.at_once() as books:
            await books.budgets.draw(Ask("hubspot.calls", Limit(name="calls", calls=190, seconds=10), 1, 40, 0, 0.0))

    look(draw)
    assert "hubspot.calls  150 of 190" in towline("status").out
    assert [(row["name"], row["left"]) for row in towline("status", "--json").json["budgets"]] == [("hubspot.calls", 150)]


def test_status_says_that_the_stack_is_down_and_what_is_not_finished(towline: Towline, received: Received) -> None:
    received("form-1")
    received("form-2", BAD)
    said = towline("status", "--json")
    assert said.code == 1
    assert said.json["up"] is False
    assert {row["status"]: row["events"] for row in said.json["work"]} == {"received": 1, "quarantined": 1}
    assert "the stack is down" in towline("status").out


def test_a_ledger_that_is_not_there_is_said_with_the_remedy(towline: Towline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOWLINE_DATABASE_URL", "postgresql://postgres@/none?host=/nowhere")
    said = towline("events")
    assert said.code == 1
    assert "TOWLINE_DATABASE_URL" in said.err
    monkeypatch.delenv("TOWLINE_DATABASE_URL")
    assert "towline up" in towline("events").err


def test_a_database_without_tables_is_said_with_the_remedy(
    towline: Towline, postgres: object, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOWLINE_DATABASE_URL", database_url.replace(database_url.split("/")[3].split("?")[0], "postgres", 1))
    said = towline("events")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "no tables" in said.err


def test_a_setting_that_does_not_fit_is_named(towline: Towline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOWLINE_PORT", "many")
    said = towline("events")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "TOWLINE_PORT" in said.err


def test_lengths_of_time_are_said_in_two_units() -> None:
    assert [span(seconds) for seconds in (-3, 12, 75, 11_400, 187_200)] == ["0 s", "12 s", "1 min 15 s", "3 h 10 min", "2 d 4 h"]
    assert age(None) == ""
    assert age(datetime.now(UTC) - timedelta(hours=3, minutes=10, seconds=1)) == "3 h 10 min"


def test_ids_are_made_as_the_gateway_makes_them(received: Received) -> None:
    assert received("form-1").id == event_id("test", "form-1")


async def park(ledger: Ledger, lead: Receipt) -> None:
    """Let an event be stopped."""
    async with ledger.begin() as books:
        await books.inbox.settle({lead.id: EventStatus.PARKED})


def test_replaying_an_event_that_was_mended_lets_it_go_on(towline: Towline, received: Received, look: Look) -> None:
    lead = received("form-1")
    look(lambda book: park(book, lead))
    said = towline("replay", str(lead.id), "--json")
    assert (said.code, said.json) == (0, {"asked": 1, "ready": [str(lead.id)], "others": {}})
    assert towline("events", "--json").json[0]["status"] == "received"


def test_replaying_a_cause_that_is_not_mended_says_so_and_keeps_the_exception(towline: Towline, received: Received) -> None:
    received("form-1", BAD)
    (cause,) = towline("exceptions", "--json").json
    said = towline("replay", "--cause", cause["cause"], "--json")
    assert (said.code, said.json["ready"]) == (1, [])
    assert [row["deals"] for row in towline("exceptions", "--json").json] == [1]


@pytest.mark.parametrize("arguments", [("replay",), ("replay", "--cause", "nothing/of/this"), ("replay", NOBODY)])
def test_replaying_nothing_is_no_success(towline: Towline, arguments: tuple[str, ...]) -> None:
    assert towline(*arguments).code == 1


def test_contracts_are_listed_and_printed_as_json_schema(towline: Towline) -> None:
    assert {"lead.qualified", "payment.confirmed"} <= {row["event"] for row in towline("contracts", "list", "--json").json}
    schema = towline("contracts", "schema", "lead.qualified").json
    assert (schema["$id"], schema["additionalProperties"]) == ("lead.qualified/2", False)
    assert towline("contracts", "schema", "lead.lost").code == 1
    assert "released are 1, 2" in towline("contracts", "schema", "lead.qualified", "--version", "9").err


def test_the_system_contract_is_printed_as_one_page(towline: Towline) -> None:
    text, html = towline("contracts", "page").out, towline("contracts", "page", "--html").out
    for entity, entry in catalog().systems.entities.items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"| {entity} |")]
        assert [field for field in entry.fields if field not in line] == []
        assert entry.why in line
    assert "invoice_url (Billing)" in text
    assert html.startswith("<!doctype html>")
    assert html.count("<tr>") == len([line for line in text.splitlines() if line.startswith("|")]) - 2


def test_contracts_are_exported_for_other_tools(towline: Towline, tmp_path: Path) -> None:
    out = tmp_path / "for others"
    said = towline("contracts", "export", "asyncapi", "--out", str(out))
    assert (said.code, said.out) == (0, f"1 document in {out}\n")
    assert json.loads((out / "asyncapi.json").read_text())["asyncapi"] == "3.0.0"
    assert towline("contracts", "export", "odcs", "--out", str(out)).code == 0
    assert (out / "lead.qualified-2.odcs.json").exists()
    (tmp_path / "file").write_text("")
    refused = towline("contracts", "export", "json-schema", "--out", str(tmp_path / "file"))
    assert (refused.code, "cannot be written to" in refused.err) == (1, True)
    assert towline("contracts", "export", "wsdl").code == 2


def test_a_parked_event_is_left_and_its_exception_closes(towline: Towline, received: Received, look: Look) -> None:
    lead = received("form-1")
    look(lambda book: park(book, lead))
    said = towline("leave", str(lead.id), "--because", "source", "--json")
    assert (said.code, said.json) == (0, {"asked": 1, "left": [str(lead.id)]})
    assert towline("event", str(lead.id), "--json").json["status"] == "undone"
    again = towline("leave", str(lead.id), "--because", "source")
    assert (again.code, again.out) == (1, "0 of 1 left as they are; nothing of the others is open\n")
