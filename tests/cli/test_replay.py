"""`towline replay`: what it chooses, what it foresees, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from ledger.intake import Receipt
from ledger.tables import EventStatus
from tests.cli.conftest import LEAD, Look, Towline

Received = Callable[..., Receipt]
BAD = {**LEAD, "person": {"name": "Ada Byron", "email": "no-address"}}


def stands(look: Look, status: EventStatus, *leads: Receipt) -> None:
    """Let events stand somewhere."""

    async def write(book: object) -> None:
        async with book.begin() as books:  # type: ignore[attr-defined]
            await books.inbox.settle({lead.id: status for lead in leads})

    look(write)


def came(look: Look, lead: Receipt, moment: datetime) -> None:
    """Let an event have come in at a moment."""

    async def write(book: object) -> None:
        async with book.begin() as books:  # type: ignore[attr-defined]
            await books.inbox._set([lead.id], received_at=moment)

    look(write)


def test_a_dry_run_says_what_would_become_of_each_and_changes_nothing(towline: Towline, received: Received, look: Look) -> None:
    """
    Given a parked event, one that does not fit its contract, one that is done, and one that waits for a process
    When a replay of them is only foreseen
    Then each is told with its steps, and stands where it stood; and the replay itself does what was foreseen.
    """
    parked, misfit, done, ready = received("a"), received("b", BAD), received("c"), received("d")
    stands(look, EventStatus.PARKED, parked)
    stands(look, EventStatus.DONE, done)
    ids = [str(one.id) for one in (parked, misfit, done, ready)]
    before = towline("events", "--json").json
    said = towline("replay", *ids, "--dry-run", "--json")
    assert said.code == 0
    assert [row["would"] for row in said.json] == ["goes on", "does not fit its contract", "is done already", "has not stopped"]
    assert said.json[0]["to_do"][:2] == ["upsert_company", "upsert_contact"]
    assert "Ada" not in said.out
    assert towline("events", "--json").json == before
    assert "upsert_company, upsert_contact" in towline("replay", *ids, "--dry-run").out
    replayed = towline("replay", *ids, "--json")
    assert (replayed.code, replayed.json["ready"]) == (1, ids[:1])
    assert replayed.json["others"] == {row["id"]: row["would"] for row in said.json[1:]}
    assert {row["id"]: row["status"] for row in towline("events", "--json").json} == dict(
        zip(ids, ["received", "quarantined", "done", "received"], strict=True)
    )


def test_a_type_and_a_time_choose_what_stopped_in_it(towline: Towline, received: Received, look: Look) -> None:
    old, new, done = received("a"), received("b"), received("c")
    stands(look, EventStatus.PARKED, old, new)
    stands(look, EventStatus.DONE, done)
    came(look, old, datetime.now(UTC) - timedelta(hours=3))
    until = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert [row["id"] for row in towline("replay", "--since", "2h", "--dry-run", "--json").json] == [str(new.id)]
    assert towline("replay", "--since", "1d", "--until", until, "--json").json["ready"] == [str(old.id)]
    assert towline("replay", "--type", "lead.qualified").out == "1 of 1 go on\n"
    assert towline("replay", "--type", "lead.qualified").code == 1
    assert towline("replay", "--type", "lead.qualified", "--from-start", "--json").json["ready"] == [str(done.id)]


def test_replaying_what_is_done_changes_nothing_and_is_no_failure(towline: Towline, received: Received, look: Look) -> None:
    lead = received("a")
    stands(look, EventStatus.DONE, lead)
    said = towline("replay", str(lead.id))
    assert (said.code, said.out) == (0, "0 of 1 go on; 1: is done already\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--since", "2026-11-21T09:30:00"], "needs its zone"),
        (["--since", "yesterday"], "that is no time"),
        (["--since", "1h", "--until", "2h"], "since must be before until"),
        (["--type", "lead.lost"], "there is no event lead.lost"),
        (["--type", "lead.qualified", "--cause", "x"], "name events, or a cause"),
        (["6510f445-3071-4834-bfe9-79c8cbefc065"], "there is no event 6510f445"),
    ],
)
def test_what_cannot_be_replayed_is_refused_in_words(
    towline: Towline, received: Received, look: Look, arguments: list[str], says: str
) -> None:
    lead = received("a")
    stands(look, EventStatus.PARKED, lead)
    said = towline("replay", *arguments)
    assert said.code == 1
    assert says in said.err
    assert towline("event", str(lead.id), "--json").json["status"] == "parked"
