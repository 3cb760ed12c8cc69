"""One deal's trip on the command line, and how it is given up."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from contracts.catalog import catalog
from contracts.records import Ref
from ledger.continuity import NewEntry
from ledger.database import Ledger
from ledger.deciding import decide
from ledger.documents import NewDocument
from ledger.effects import Intent
from ledger.intake import Receipt
from ledger.tables import EffectState
from lifecycle.continuity import Kind, Movement
from lifecycle.decisions import Verdict
from lifecycle.keys import effect_key
from tests.cli.asking import ask, case_called, question, stand
from tests.cli.conftest import Look, Towline

CASE = case_called("one")


async def travel(ledger: Ledger) -> None:
    """A deal whose proposal was approved and whose invoice is a cent short."""
    one = question(CASE)
    await ask(ledger, one)
    await decide(ledger, catalog(), one.id, Verdict.APPROVE, by="head-of-sales", door="console")
    proposal = NewDocument(CASE, uuid4(), CASE, one.event_id, "proposal", 1, "northwind_v1", "doc-1", one.url)
    sums = {Kind.APPROVED: 1500000, Kind.DELIVERED: 1500000, Kind.INVOICED: 1499999}
    async with ledger.begin() as books:
        await books.documents.enter([proposal])
        await books.documents.approve("doc-1", by="head-of-sales", content_hash=one.content_hash, delivery_item="ticket-7")
        await books.continuity.enter([NewEntry(CASE, one.event_id, Movement(kind, sums[kind], "EUR")) for kind in sums])
        await books.cases.refer({"request:7": CASE})


@pytest.mark.parametrize("named", [str(CASE), "9000", CASE.hex])
def test_a_case_is_found_by_our_id_and_by_its_deals(towline: Towline, look: Look, named: str) -> None:
    look(travel)
    for command in (("case", named), ("case", "show", named)):
        found = towline(*command, "--json").json
        assert (found["id"], found["stage"], found["references"]) == (str(CASE), "proposed", ["request:7"])
    assert towline("case", "--json", named).json["id"] == str(CASE)


def test_a_case_tells_its_money_its_decisions_and_its_documents(towline: Towline, look: Look) -> None:
    look(travel)
    said = towline("case", str(CASE))
    assert said.code == 0
    for shown in ("EUR 15,000.00", "EUR 14,999.99", "head-of-sales", "console", "c0ffeec0ffee", "ticket-7", "request:7"):
        assert shown in said.out
    assert "differs: what is invoiced is EUR 0.01 less than what is delivered" in said.out
    found = towline("case", str(CASE), "--json").json
    assert (found["line"]["agreed"], found["line"]["invoiced"], found["line"]["paid"]) == (1500000, 1499999, 0)
    assert [(one["state"], one["decided_by"]) for one in found["decisions"]] == [("approved", "head-of-sales")]


def test_an_event_that_came_too_early_says_why_it_waits(towline: Towline, look: Look, received: Callable[..., Receipt]) -> None:
    lead = received("one")

    async def wait(ledger: Ledger) -> None:
        async with ledger.begin() as books:
            await books.early.wait([lead.id])

    look(wait)
    assert "until the deal is at new" in towline("case", str(CASE)).out
    assert towline("case", str(CASE), "--json").json["events"][0]["waits_for"] == ["new"]
    assert "1 events waiting until" in towline("status").out
    assert towline("status", "--json").json["early"]["waiting"] == 1


def test_a_case_whose_first_event_waits_for_a_worker_is_shown(towline: Towline, received: Callable[..., Receipt]) -> None:
    received("one")
    found = towline("case", str(CASE), "--json").json
    assert (found["stage"], len(found["events"]), found["line"]) == ("new", 1, None)


def bound(step: str) -> Callable[[Ledger], object]:
    """A deal in delivery in which this step is done."""

    async def bind(ledger: Ledger) -> None:
        await stand(ledger, CASE, "delivery")
        key, event = effect_key(CASE, step), uuid4()
        async with ledger.begin() as books:
            await books.effects.intend([Intent(key, key, event, CASE, step, "crm", None)])
            await books.effects.settle({key: Ref("7")}, {key: EffectState.DONE})

    return bind


def test_giving_a_deal_up_enters_its_event_and_says_what_is_taken_back(towline: Towline, look: Look) -> None:
    look(bound("open_request"))  # type: ignore[arg-type]
    said = towline("case", "cancel", "9001", "--reason", "the client was bought")
    assert (said.code, said.err) == (0, "")
    assert "taken back: the delivery request\n" in said.out
    assert "stays: the account's folder" in said.out
    (event,) = towline("events", "--json").json
    assert (event["type"], event["source"], event["case_id"]) == ("deal.cancelled", "towline/cli", str(CASE))


def test_giving_a_deal_up_twice_is_once(towline: Towline, look: Look) -> None:
    look(lambda book: stand(book, CASE, "discovery"))
    first, second = (towline("case", "cancel", str(CASE), "--reason", "no budget", "--json").json for _ in range(2))
    assert (first["status"], second["status"]) == ("received", "duplicate")
    assert UUID(first["event"]) == UUID(second["event"])
    assert len(towline("events", "--json").json) == 1
    assert "cancelled before" in towline("case", "cancel", str(CASE), "--reason", "no budget").out


@pytest.mark.parametrize(
    ("stage", "words"), [("paid", "the case is paid"), ("cancelled", "the case is cancelled"), ("new", "the case is new")]
)
def test_a_case_that_is_over_is_not_given_up(towline: Towline, look: Look, stage: str, words: str) -> None:
    look(lambda book: stand(book, CASE, stage))
    said = towline("case", "cancel", str(CASE), "--reason", "late")
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert words in said.err
    assert towline("events", "--json").json == []


@pytest.mark.parametrize("named", ["6510f445-3071-4834-bfe9-79c8cbefc065", "nothing", "7"])
def test_a_case_that_is_not_there_is_not_given_up(towline: Towline, named: str) -> None:
    said = towline("case", "cancel", named, "--reason", "late")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "no such case" in said.err


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_reason_must_be_given_and_can_be_read(towline: Towline, look: Look, reason: str) -> None:
    look(lambda book: stand(book, CASE, "discovery"))
    said = towline("case", "cancel", str(CASE), "--reason", reason)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "reason" in said.err
    assert towline("case", "cancel", str(CASE)).code == 2


def test_a_deal_that_the_crm_does_not_hold_has_nothing_to_give_up(towline: Towline, look: Look) -> None:
    look(lambda book: stand(book, CASE, "qualified", deal=None))
    assert "no deal in the CRM" in towline("case", "cancel", str(CASE), "--reason", "late").err


@pytest.mark.parametrize("arguments", [("case",), ("case", "--help")])
def test_the_commands_own_help_names_both_parts(towline: Towline, arguments: tuple[str, ...]) -> None:
    said = towline(*arguments)
    assert "cancel" in said.out + said.err
    assert "show" in said.out + said.err
