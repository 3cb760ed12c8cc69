"""The kill switch on the command line: what waits is said, what is paused is shown, and what is not meant is refused."""

from __future__ import annotations

import getpass
from collections.abc import Callable

import pytest

from ledger.intake import Receipt
from tests.cli.conftest import Towline

Received = Callable[..., Receipt]


def test_a_pause_says_what_waits_and_how_to_go_on_and_is_shown_until_somebody_resumes(
    towline: Towline, received: Received
) -> None:
    received("form-1")
    said = towline("pause", "--reason", "wrong prices", "--by", "ada")
    assert (said.code, said.err) == (0, "")
    assert "everything is paused, by ada: wrong prices\n1 event waits, the oldest for " in said.out
    assert "`towline resume`" in said.out
    assert "PAUSED: everything, by ada" in towline("status").out
    (shown,) = towline("status", "--json").json["paused"]
    assert (shown["scope"], shown["by"], shown["reason"]) == ("all", "ada", "wrong prices")
    resumed = towline("resume", "--by", "bob")
    assert (resumed.code, resumed.out.partition(" after ")[0]) == (0, "everything goes on")
    assert towline("status", "--json").json["paused"] == []


def test_what_is_paused_already_stays_as_it_was_and_other_pauses_are_named(towline: Towline) -> None:
    first = towline("pause", "--path", "lead", "--reason", "one", "--json").json
    assert (first["name"], first["by"], first["new"], first["held"]) == ("lead.qualified", getpass.getuser(), True, [])
    again = towline("pause", "--path", "lead.qualified", "--reason", "two", "--by", "bob")
    assert again.code == 0
    assert "the path lead.qualified is paused already" in again.out
    assert "one" in again.out
    towline("pause", "--system", "crm", "--reason", "three")
    everything = towline("resume")
    assert everything.code == 1
    assert (
        "that is not paused; paused: the path lead.qualified (`towline resume --path lead.qualified`), the system"
        in everything.err
    )
    said = towline("resume", "--path", "lead")
    assert "the system crm is still paused" in said.out
    assert towline("resume", "--system", "crm", "--json").json["paused"] == []
    assert "nothing is" in towline("resume").err


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("--path", "lead", "--system", "crm", "--reason", "r"), 1, "not both"),
        (("--path", "leads", "--reason", "r"), 1, "there is no such path; choose one of"),
        (("--system", "fax", "--reason", "r"), 2, "fax"),
        (("--reason", "  "), 1, "say why"),
        ((), 2, "--reason"),
    ],
)
def test_what_is_not_meant_is_refused(towline: Towline, arguments: tuple[str, ...], code: int, why: str) -> None:
    said = towline("pause", *arguments)
    assert (said.code, why in said.err) == (code, True)
