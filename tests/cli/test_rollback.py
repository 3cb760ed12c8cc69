"""A rollback on the command line: a dry run that is kept, a second person's release, and how far it is."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from contracts.event import newest
from contracts.records import Ref
from ledger.database import Ledger
from ledger.effects import Intent
from ledger.tables import EffectState
from lifecycle.keys import effect_key
from tests.cli.conftest import Look, Said, Towline

NEWEST = f"lead.qualified@{newest('lead.qualified')}"
ASKED = ("--by", "integration", "--reason", "wrong leads imported")


async def did(ledger: Ledger, event: UUID) -> None:
    """Let an event have told people, and written to them."""
    async with ledger.begin() as books:
        (row,) = await books.inbox.get([event])
        await books.cases.open([row.case_id])
        steps = {"tell_owner": "chat", "send_summary": "mail"}
        intents = [Intent(effect_key(event, s), effect_key(event, s), event, row.case_id, s, steps[s], None) for s in steps]
        await books.effects.intend(intents)
        done = {one.key: Ref(f"{one.system}-1") for one in intents}
        await books.effects.settle(done, dict.fromkeys(done, EffectState.DONE))


@pytest.fixture
def proposed(towline: Towline, look: Look, received: object) -> Said:
    """A dry run about two deals."""
    for name in ("one", "two"):
        event = received(name).id  # type: ignore[operator]
        look(lambda book, event=event: did(book, event))
    return towline("rollback", "--contract", NEWEST, *ASKED, "--json")


def test_a_dry_run_says_what_will_be_undone_and_what_stays_and_why(towline: Towline, proposed: Said) -> None:
    assert (proposed.code, proposed.err) == (0, "")
    plan = proposed.json
    assert (plan["state"], plan["cases"], plan["effects"], plan["to_undo"]) == ("proposed", 2, 4, 2)
    assert {(one["step"], one["verdict"]) for one in plan["items"]} == {("tell_owner", "undo"), ("send_summary", "kept")}
    shown = towline("rollback", "show", plan["id"]).out
    assert "a letter that was sent cannot be unsent" in shown
    assert "wrong leads imported" in shown
    assert [row["id"] for row in towline("rollback", "list", "--json").json] == [plan["id"]]


def test_a_second_person_releases_it_and_people_stop_resume_and_give_it_up(towline: Towline, proposed: Said) -> None:
    rollback = proposed.json["id"]
    refused = towline("rollback", "confirm", rollback, "--by", "integration", "--no-wait")
    assert (refused.code, "second person" in refused.err) == (1, True)
    released = towline("rollback", "confirm", rollback, "--by", "workplace", "--no-wait", "--json").json
    assert (released["state"], released["confirmed_by"]) == ("released", "workplace")
    again = towline("rollback", "--contract", NEWEST, *ASKED, "--json").json["id"]
    assert "works on the same deals" in towline("rollback", "confirm", again, "--by", "workplace").err
    assert towline("rollback", "stop", rollback, "--json").json["state"] == "stopped"
    assert towline("rollback", "resume", rollback, "--no-wait", "--json").json["state"] == "released"
    assert "cannot be told to cancel" in towline("rollback", "cancel", rollback).err
    towline("rollback", "stop", rollback)
    assert towline("rollback", "cancel", rollback, "--json").json["state"] == "cancelled"
    assert towline("rollback", "confirm", rollback, "--by", "workplace").code == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name one of"),
        (("--event", str(uuid4()), "--run", str(uuid4())), "name one of"),
        (("--until", "2026-01-01"), "name one of"),
        (("--event", str(uuid4())), "--by OWNER --reason TEXT"),
        (("--event", str(uuid4()), *ASKED), "nothing that stands outside"),
        (("--since", "2026-01-01", "--by", "nobody", "--reason", "x"), "is nobody in contracts/owners.yaml"),
        (("show", str(uuid4())), "no such rollback"),
        (("stop", str(uuid4())), "no such rollback"),
        (("confirm", str(uuid4())), "--by OWNER"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(towline: Towline, arguments: tuple[str, ...], told: str) -> None:
    said = towline("rollback", *arguments)
    assert said.code == 1
    assert told in said.err
