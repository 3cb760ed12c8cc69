"""A person answers on the command line: the first answer counts, and what is not taken is said in one line."""

from __future__ import annotations

from uuid import UUID

import pytest

from ledger.decisions import NewDecision
from tests.cli.asking import ask, case_called, question
from tests.cli.conftest import Look, Towline

NOBODY = "6510f445-3071-4834-bfe9-79c8cbefc065"
BY = ("--by", "head-of-sales")


@pytest.fixture
def asked(look: Look) -> NewDecision:
    """A proposal that waits."""
    one = question(case_called("one"))
    look(lambda book: ask(book, one))
    return one


def test_what_waits_is_listed_with_whose_turn_it_is(towline: Towline, asked: NewDecision) -> None:
    said = towline("decide")
    assert said.code == 0
    for shown in (
        asked.id.hex[:8],
        "Northwind GmbH",
        "EUR 15,000.00",
        "head-of-sales, finance-operations",
        "c0ffeec0",
        asked.url,
    ):
        assert shown in said.out
    assert asked.content_hash not in said.out
    (row,) = towline("decide", "--json").json
    assert (row["id"], row["case"], row["state"]) == (str(asked.id), str(asked.case_id), "waiting")
    assert (row["quorum"], row["missing"], row["turn"], row["answers"]) == (1, 1, None, [])


def test_nothing_that_waits_is_said(towline: Towline) -> None:
    assert towline("decide").out == "nothing waits for a decision\n"
    assert towline("decide", "--json").json == []


@pytest.mark.parametrize("length", [8, 5, 36])
def test_an_approval_is_taken_by_however_much_of_its_id_is_unique(towline: Towline, asked: NewDecision, length: int) -> None:
    said = towline("decide", str(asked.id)[:length], "approve", *BY)
    assert (said.code, said.err) == (0, "")
    assert "approved: Northwind GmbH, EUR 15,000.00" in said.out
    assert "delivery begins" in said.out
    assert "nothing waits" in towline("decide").out
    (event,) = towline("events", "--json").json
    assert (event["type"], event["case_id"], event["status"]) == ("proposal.approved", str(asked.case_id), "received")


def test_a_rejection_with_its_reason_says_what_to_do(towline: Towline, asked: NewDecision) -> None:
    said = towline("decide", str(asked.id), "reject", *BY, "--reason", "too cheap", "--json")
    assert (said.code, said.json["state"], said.json["door"]) == (0, "rejected", "command line")
    (cause,) = towline("exceptions", "--json").json
    assert (cause["cause"], cause["deals"]) == ("proposal/rejected", 1)
    assert towline("events", "--json").json == []
    (decision,) = towline("case", str(asked.case_id), "--json").json["decisions"]
    assert (decision["decided_by"], decision["reason"]) == ("head-of-sales", "too cheap")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((NOBODY, "approve", *BY), "no such decision"),
        (("abcdef12", "approve", *BY), "begins so"),
        (("", "approve", *BY), "begins so"),
        (("zebra", "approve", *BY), "begins so"),
        (("z" * 32, "approve", *BY), "begins so"),
        (("ID", "approve", "--by", "sales-operations"), "not an approver"),
        (("ID", "approve", "--by", ""), "not an approver"),
        (("ID", "reject", *BY), "needs its reason"),
        (("ID", "reject", *BY, "--reason", "  "), "needs its reason"),
        (("ID",), "--by OWNER"),
        (("ID", "approve"), "--by OWNER"),
    ],
)
def test_an_answer_that_is_not_taken_is_one_line_and_changes_nothing(
    towline: Towline, asked: NewDecision, arguments: tuple[str, ...], words: str
) -> None:
    said = towline("decide", *[str(asked.id) if one == "ID" else one for one in arguments])
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert words in said.err
    assert len(towline("decide", "--json").json) == 1
    assert towline("events", "--json").json == []


def test_nobody_approves_their_own_deal(towline: Towline, look: Look) -> None:
    own = question(case_called("own"), owner="head-of-sales")
    look(lambda book: ask(book, own))
    said = towline("decide", str(own.id), "approve", *BY)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "nobody approves their own" in said.err
    assert towline("decide", str(own.id), "approve", "--by", "finance-operations").code == 0


def test_the_second_answer_is_told_the_first(towline: Towline, asked: NewDecision) -> None:
    assert towline("decide", str(asked.id), "approve", *BY).code == 0
    said = towline("decide", str(asked.id), "reject", "--by", "finance-operations", "--reason", "late")
    assert (said.code, said.out) == (1, "")
    assert said.err == "towline: this was approved by head-of-sales already\n"


def test_the_beginning_of_two_ids_is_not_guessed_at(towline: Towline, look: Look) -> None:
    """Given more questions than there are first digits, then some digit begins two of them."""
    many = [question(case_called(str(number))) for number in range(17)]
    look(lambda book: ask(book, *many))
    first = [one.id.hex[0] for one in many]
    twice = next(digit for digit in first if first.count(digit) > 1)
    said = towline("decide", twice, "approve", *BY)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "give more of it" in said.err
    assert len(towline("decide", "--json").json) == len({UUID(row["id"]) for row in towline("decide", "--json").json}) == 17


def test_an_answer_is_neither_approve_nor_reject_is_refused(towline: Towline, asked: NewDecision) -> None:
    assert towline("decide", str(asked.id), "perhaps", *BY).code == 2


def test_status_counts_the_decisions_that_wait(towline: Towline, asked: NewDecision) -> None:
    assert "1 waiting for a person's decision" in towline("status").out
    assert towline("status", "--json").json["decisions"]["waiting"] == 1
    towline("decide", str(asked.id), "approve", *BY)
    assert towline("status", "--json").json["decisions"] == {"waiting": 0, "oldest": None}
