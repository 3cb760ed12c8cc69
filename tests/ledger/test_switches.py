"""What a person has paused is not claimed by anybody, until somebody resumes; it stands in the ledger, whoever asks."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from contracts.errors import RefusedError
from ledger.database import Books, Ledger
from lifecycle.paths import PATHS
from tests.ledger.test_circuits import claim, leads

LEAD = "lead.qualified"


async def test_what_is_paused_is_left_alone_and_goes_on_in_order_when_it_is_resumed(ledger: Ledger, database_url: str) -> None:
    ids = await leads(ledger, 2)
    async with ledger.begin() as books:
        switch, is_new = await books.switches.pause("all", reason="a drill", by="ada")
        assert (switch.by, switch.reason, is_new) == ("ada", "a drill", True)
    later = Ledger(database_url)
    try:
        async with later.begin() as books:
            assert await claim(books, LEAD) == set()
            assert await books.inbox.take(ids, worker="w", seconds=30) == set()
            (held,) = await books.switches.held("all", "")
            assert (held.type, held.events) == (LEAD, 2)
            resumed = await books.switches.resume("all", by="bob")
            assert resumed is not None
            assert await books.switches.open() == []
            rows = await books.inbox.claim(LEAD, limit=100, worker="w", seconds=30)
            assert [row.id for row in rows] == ids
    finally:
        await later.close()


async def test_a_path_is_paused_by_its_flow_or_its_event_and_no_other_path_is(ledger: Ledger) -> None:
    async with ledger.begin() as books:
        await books.switches.pause("path", "lead", reason="r", by="ada")
        switch, is_new = await books.switches.pause("path", LEAD, reason="another", by="bob")
        assert (switch.name, switch.reason, is_new) == (LEAD, "r", False)
        assert await stops(books, LEAD, "open_deal") == "path"
        assert await stops(books, "opportunity.created", "open_deal") is None


async def test_a_paused_system_stops_its_own_steps_and_keeps_paths_that_need_it_from_beginning(ledger: Ledger) -> None:
    await leads(ledger, 1)
    async with ledger.begin() as books:
        await books.switches.pause("system", "docs", reason="r", by="ada")
        assert await claim(books, LEAD) == set()
        assert await stops(books, LEAD, "create_account_folder") == "system"
        assert await stops(books, LEAD, "open_deal") is None
        assert await books.switches.pauses("", "docs") == "the system docs is paused"
        assert await books.switches.pauses("", "chat") is None


async def test_a_pause_of_what_is_not_there_is_refused_and_so_is_nothing_else(ledger: Ledger) -> None:
    async with ledger.begin() as books:
        for scope, name in (("path", "nothing"), ("system", "fax")):
            with pytest.raises(RefusedError, match=f"no such {scope}"):
                await books.switches.pause(scope, name, reason="r", by="ada")
        assert await books.switches.resume("all", by="ada") is None


async def test_an_event_that_was_given_back_has_another_turn_and_no_attempt_more(ledger: Ledger) -> None:
    (one,) = await leads(ledger, 1)
    for turn in (1, 2):
        async with ledger.begin() as books:
            (row,) = await books.inbox.claim(LEAD, limit=1, worker="w", seconds=30)
            assert row.turns == turn
            await books.inbox.release([one], forget_attempt=True)
            assert [row.attempts for row in await books.inbox.get([one])] == [0]


async def stops(books: Books, event_type: str, step: str, event: UUID | None = None) -> str | None:
    found = await books.switches.stops(event_type, PATHS[event_type][step], [event or uuid4()])
    return str(found.scope) if found else None
