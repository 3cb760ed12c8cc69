"""An approver names a stand-in on the command line, who answers for them until that is over."""

from __future__ import annotations

import pytest

from tests.cli.asking import ask, case_called, question
from tests.cli.conftest import Look, Towline

NAMED = ("user", "delegate", "--by", "head-of-sales", "--to", "integration", "--until", "2999-01-01", "--reason", "on leave")


def test_a_stand_in_is_named_listed_answers_and_is_recalled(towline: Towline, look: Look) -> None:
    one, two = question(case_called("one")), question(case_called("two"))
    look(lambda book: ask(book, one, two))
    assert towline("decide", str(one.id), "approve", "--by", "integration").code == 1
    said = towline(*NAMED)
    assert (said.code, "integration stands in for head-of-sales" in said.out) == (0, True)
    (row,) = towline("user", "delegations", "--json").json
    assert (row["approver"], row["stand_in"], row["reason"], row["holds"]) == ("head-of-sales", "integration", "on leave", True)
    assert "integration for head-of-sales" in towline("decide").out
    answered = towline("decide", str(one.id), "approve", "--by", "integration", "--json").json
    assert (answered["state"], answered["decided_by"], answered["for"]) == ("approved", "integration", "head-of-sales")
    assert towline("user", "recall", str(row["id"]), "--by", "head-of-sales").code == 0
    assert towline("decide", str(two.id), "approve", "--by", "integration").code == 1
    (row,) = towline("user", "delegations", "--json").json
    assert row["holds"] is False


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (("--to", "head-of-sales"), "for themselves"),
        (("--to", "nobody"), "is nobody"),
        (("--by", "integration", "--to", "workplace", "--until", "2001-01-01"), "over already"),
        (("--by", "delivery-operations"), "approves nothing"),
        (("--reason", " "), "needs its reason"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_changes_nothing(towline: Towline, changed: tuple[str, ...], words: str) -> None:
    said = towline(*NAMED, *changed)
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert words in said.err
    assert towline("user", "delegations", "--json").json == []


def test_only_who_gave_it_takes_it_back(towline: Towline) -> None:
    towline(*NAMED)
    said = towline("user", "recall", "1", "--by", "finance-operations")
    assert (said.code, "no delegation" in said.err) == (1, True)
