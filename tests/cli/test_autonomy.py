"""Somebody sees how far each action may go, why, and what its next step lacks; and moves it when it has earned that."""

from __future__ import annotations

import pytest

from ledger.database import Ledger
from tests.cli.conftest import Look, Towline
from tests.suggesting import WORDS, good_weeks, past


async def a_past(ledger: Ledger) -> None:
    """A thousand outcomes: 61 % of them sure, and 0.4 % of those wrong or so."""
    await past(ledger, "accepted", 608, confidence=0.95)
    await past(ledger, "overridden", 2, confidence=0.95)
    await past(ledger, "accepted", 300, confidence=0.75)
    await past(ledger, "rejected", 90, confidence=0.75)


def test_a_house_without_a_past_lacks_everything(towline: Towline) -> None:
    said = towline("autonomy")
    assert said.code == 0
    assert "alone: lacks 0 of 4 weeks with outcomes; 0 of 50 outcomes" in said.out
    rows = {row["action"]: row for row in towline("autonomy", "--json").json}
    assert {name: row["ceiling"] for name, row in rows.items() if row["risk"] == "high"} == {
        "approve_pricing": "suggested",
        "commit_contract": "suggested",
        "critical_sla_exception": "suggested",
    }
    assert (rows[WORDS]["level"], rows[WORDS]["outcomes"], rows["approve_pricing"]["next"]) == ("suggested", 0, None)


def test_an_action_shows_how_right_it_was_and_what_other_thresholds_would_have_done(towline: Towline, look: Look) -> None:
    look(a_past)
    said = towline("autonomy", WORDS)
    assert said.code == 0
    assert "at 0.92: 61 % alone, 0.3279 % wrong\n" in said.out
    assert "0.70 to 0.80  390       76.92 %  0.75" in said.out
    assert "908 accepted, 2 overridden, 90 rejected" in said.out
    (row,) = towline("autonomy", WORDS, "--json").json
    at = {one["at"]: one for one in row["thresholds"]}
    assert at[0.92] == {"at": 0.92, "alone": 610, "wrong": 2, "of": 1000}
    assert (row["outcomes"], row["right"], row["lacks"]) == (1000, 908, ["1 of 4 weeks with outcomes"])


def test_what_is_earned_is_given_by_its_owner_and_said(towline: Towline, look: Look) -> None:
    look(good_weeks)
    assert "alone: earned" in towline("autonomy", WORDS).out
    said = towline("autonomy", WORDS, "alone", "--by", "sales-operations", "--reason", "four good weeks")
    assert (said.code, said.out) == (0, f"{WORDS} stands at “alone”, before at “suggested”\n")
    (row,) = towline("autonomy", WORDS, "--json").json
    assert (row["level"], row["next"]) == ("alone", None)
    down = towline("autonomy", WORDS, "suggested", "--by", "ada", "--reason", "a new form", "--json")
    assert down.json == {"action": WORDS, "level": "suggested", "before": "alone", "by": "ada"}


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("paint",), 1, "there is no action paint; choose one of correct_vocabulary"),
        ((WORDS, "alone", "--by", "sales-operations", "--reason", "r"), 1, "has not earned “alone”: 0 of 4 weeks"),
        ((WORDS, "alone", "--by", "ada", "--reason", "r"), 1, "is raised by its owner, sales-operations, and not by ada"),
        (("approve_pricing", "alone", "--by", "head-of-sales", "--reason", "r"), 1, "never passes “suggested”"),
        ((WORDS, "hand", "--by", "ada"), 1, "say why with --reason"),
        ((WORDS, "everything"), 2, "everything"),
    ],
)
def test_what_may_not_be_is_one_line(towline: Towline, arguments: tuple[str, ...], code: int, why: str) -> None:
    said = towline("autonomy", *arguments)
    assert (said.code, said.out) == (code, "")
    assert why in said.err
    (row,) = towline("autonomy", WORDS, "--json").json
    assert (row["level"], row["since"]) == ("suggested", None)
