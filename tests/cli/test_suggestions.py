"""A person sees what is suggested, and why, and answers in one command."""

from __future__ import annotations

from uuid import UUID

import pytest

from ledger.database import Ledger
from tests.cli.conftest import Look, Towline
from tests.suggesting import considered, event_of, stops, unknown


@pytest.fixture
def event(look: Look) -> UUID:
    """A lead that stopped for a word, which has been looked at."""

    async def stop(ledger: Ledger) -> UUID:
        found = await stops(ledger, service="Implementaton")
        await considered(ledger)
        return found

    found = look(stop)
    assert isinstance(found, UUID)
    return found


def test_nothing_that_is_suggested_is_said(towline: Towline) -> None:
    assert towline("suggestions").out == "nothing is suggested\n"
    assert towline("suggestions", "--json").json == []


def test_what_is_suggested_is_listed_with_its_reasons(towline: Towline, event: UUID) -> None:
    said = towline("suggestions")
    assert said.code == 0
    for shown in (event.hex[:8], "service", "Implementaton", "implementation", "93% like what we know", "sales-operations"):
        assert shown in said.out
    (row,) = towline("suggestions", "--json").json
    assert (row["suggested"], row["treatment"], row["action"]) == ("implementation", "suggested", "correct_vocabulary")
    assert 0.6 <= row["confidence"] < 0.92


def test_one_command_corrects_it_and_the_event_goes_on(towline: Towline, event: UUID) -> None:
    said = towline("suggestions", event.hex[:8], "accept", "--by", "ada")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("service is corrected, by ada; the event goes on\n")
    assert [one["status"] for one in towline("events", "--json").json] == ["received"]
    assert towline("exceptions", "--json").json == []
    (corrected,) = towline("event", str(event), "--json").json["corrections"]
    assert (corrected["field"], corrected["outcome"], corrected["by"]) == ("service", "accepted", "ada")
    assert "Implementaton" not in towline("event", str(event)).out
    assert towline("suggestions", "--json").json == []


def test_another_value_is_taken_in_its_place(towline: Towline, event: UUID, look: Look) -> None:
    said = towline("suggestions", str(event), "accept", "--value", "support", "--by", "ada", "--json")
    assert said.json == {
        "event": str(event),
        "action": "correct_vocabulary",
        "field": "service",
        "by": "ada",
        "becomes": "goes on",
    }
    assert look(lambda ledger: event_of(ledger, event)).payload["data"]["service"] == "support"


def test_what_else_does_not_fit_is_said_and_is_no_success(towline: Towline, look: Look) -> None:
    async def stop(ledger: Ledger) -> UUID:
        found = await stops(ledger, service="Implementaton", amount={"minor": 100, "currency": "Euro"})
        await considered(ledger)
        return found

    said = towline("suggestions", str(look(stop)), "accept", "--by", "ada")
    assert (said.code, said.err) == (1, "")
    assert said.out.startswith("amount.currency is corrected, by ada; the event still does not fit its contract: service: ")
    assert "Implementaton" not in said.out


def test_a_rejection_leaves_the_event_stopped(towline: Towline, event: UUID) -> None:
    said = towline("suggestions", str(event), "reject", "--by", "ada")
    assert (said.code, said.out) == (0, "service: noted as wrong, by ada; the event stays stopped\n")
    (row,) = towline("suggestions", "--json").json
    assert row["suggested"] is None
    assert towline("suggestions", str(event), "accept", "--value", "support", "--by", "ada").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ID",), "an answer is `towline suggestions ID accept`"),
        (("ID", "reject", "--value", "support"), "an answer is `towline suggestions ID accept`"),
        (("ID", "accept", "--value", "zebra"), "service: that value does not fit the contract either (enum)"),
        (("", "accept"), "nothing is suggested for an event whose id begins so"),
        ((unknown(), "accept"), "nothing is suggested for an event whose id begins so"),
    ],
)
def test_an_answer_that_is_not_taken_is_one_line_and_changes_nothing(
    towline: Towline, event: UUID, arguments: tuple[str, ...], words: str
) -> None:
    said = towline("suggestions", *[str(event) if one == "ID" else one for one in arguments])
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert words in said.err
    assert "zebra" not in said.err
    assert [one["status"] for one in towline("events", "--json").json] == ["quarantined"]
    assert len(towline("suggestions", "--json").json) == 1


def test_neither_accept_nor_reject_is_refused(towline: Towline, event: UUID) -> None:
    assert towline("suggestions", str(event), "perhaps").code == 2


def test_the_second_answer_is_told_the_first(towline: Towline, event: UUID) -> None:
    assert towline("suggestions", str(event), "accept", "--by", "ada").code == 0
    said = towline("suggestions", str(event), "accept", "--by", "bob")
    assert (said.code, said.out, said.err) == (1, "", "towline: this was accepted by ada already\n")
