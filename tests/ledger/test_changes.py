"""A change of what is agreed needs two people, a reason and its time; nothing that one of them wants alone is ever in force."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.changes import texts
from contracts.errors import RefusedError
from contracts.files import IN_FORCE, OWN, agreed
from ledger.database import Books, Ledger
from runtime import in_force
from runtime.in_force import place, put_in_force
from runtime.settings import Settings

FILES = texts(OWN)
AUTHOR, APPROVER = "integration", "workplace"


def changed(note: str) -> dict[str, str]:
    """The files of the house with another budget."""
    return {**FILES, "budgets.yaml": FILES["budgets.yaml"].replace("calls: 190", f"calls: {note}")}


async def proposed(books: Books, note: str = "100", **changes: Any) -> int:
    wanted = {"by": AUTHOR, "reason": "a smaller account", "takes_effect_at": None} | changes
    return int((await books.changes.propose(changed(note), **wanted)).id)


@pytest.fixture
async def books(ledger: Ledger) -> Any:
    """Given a house whose files came into force at its first start, and one transaction on it."""
    async with ledger.begin() as open_books:
        await open_books.changes.install(FILES, reason="as they were at the first start")
        yield open_books


async def test_a_change_is_in_force_when_another_person_has_approved_it(books: Books) -> None:
    change = await proposed(books)
    assert (await _in_force(books)).id != change
    approved = await books.changes.approve(change, by=APPROVER)
    assert ((await _in_force(books)).id, (await _in_force(books)).texts) == (change, changed("100"))
    assert (approved.author, approved.approved_by, approved.reason, approved.in_force) == (
        AUTHOR,
        APPROVER,
        "a smaller account",
        True,
    )


async def test_before_its_time_the_former_files_are_in_force(books: Books) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    change = await books.changes.approve(await proposed(books, takes_effect_at=later), by=APPROVER)
    assert (change.takes_effect_at, change.in_force) == (later, False)
    assert (await _in_force(books)).texts == FILES
    soon = await books.changes.approve(await proposed(books, "90"), by=APPROVER)
    assert soon.takes_effect_at == later, "what is made on a change that is to come cannot come before it"


@pytest.mark.parametrize(
    ("wanted", "cause"),
    [
        ({"by": "nobody"}, "change.unknown_author"),
        ({"reason": "  "}, "change.no_reason"),
        ({"note": "190"}, "change.nothing"),
    ],
)
async def test_a_proposal_that_says_too_little_is_refused(books: Books, wanted: Any, cause: str) -> None:
    with pytest.raises(RefusedError) as refused:
        await proposed(books, **wanted)
    assert refused.value.cause == cause


async def test_nobody_approves_their_own_and_only_named_approvers_do(books: Books) -> None:
    change = await proposed(books)
    for by, cause in ((AUTHOR, "change.own"), ("delivery-operations", "change.not_an_approver"), ("x", "change.not_an_approver")):
        with pytest.raises(RefusedError) as refused:
            await books.changes.approve(change, by=by)
        assert refused.value.cause == cause
    assert (await _in_force(books)).texts == FILES


async def test_a_proposal_that_makes_its_own_approver_is_judged_by_the_owners_in_force(books: Books) -> None:
    owners = FILES["owners.yaml"].replace('channel: "#delivery"', 'channel: "#delivery"\n    approves: [contract]')
    change = await books.changes.propose({**FILES, "owners.yaml": owners}, by=AUTHOR, reason="r", takes_effect_at=None)
    with pytest.raises(RefusedError, match="not an approver"):
        await books.changes.approve(change.id, by="delivery-operations")


async def test_a_later_proposal_takes_the_place_of_one_that_waits(books: Books) -> None:
    first, second = await proposed(books), await proposed(books, "90")
    with pytest.raises(RefusedError, match="replaced by a later proposal"):
        await books.changes.approve(first, by=APPROVER)
    await books.changes.approve(second, by=APPROVER)
    with pytest.raises(RefusedError, match=f"was approved by {APPROVER} already"):
        await books.changes.approve(second, by="sales-operations")


async def test_of_two_approvals_at_once_one_counts(ledger: Ledger) -> None:
    async with ledger.begin() as books:
        await books.changes.install(FILES, reason="first")
        change = await proposed(books)

    async def approve(by: str) -> str:
        async with ledger.begin() as books:
            return str((await books.changes.approve(change, by=by)).approved_by)

    said = await asyncio.gather(approve(APPROVER), approve("sales-operations"), return_exceptions=True)
    assert sum(isinstance(one, RefusedError) for one in said) == 1


async def test_the_first_start_puts_the_files_in_force_and_a_second_one_changes_nothing(ledger: Ledger, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    await asyncio.gather(*(put_in_force(settings, ledger) for _ in range(3)))
    assert texts(place(settings)) == FILES
    async with ledger.begin() as books:
        (only,) = await books.changes.history(limit=10)
    assert (only.author, only.in_force) == ("installation", True)


async def test_an_approved_change_is_what_programs_read_and_an_edit_alone_is_not(ledger: Ledger, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    await put_in_force(settings, ledger)
    async with ledger.begin() as books:
        change = await proposed(books)
    await put_in_force(settings, ledger)
    assert texts(place(settings)) == FILES
    async with ledger.begin() as books:
        await books.changes.approve(change, by=APPROVER)
    await put_in_force(settings, ledger)
    assert texts(place(settings)) == changed("100")
    async with ledger.begin() as books:
        await books.changes.approve(await proposed(books, "90"), by=APPROVER)
    await put_in_force(settings, ledger)
    assert len([path for path in place(settings).parent.iterdir() if not path.is_symlink()]) == 2, "only the last one is kept"


async def test_a_process_reads_one_state_to_its_end_and_learns_of_a_change_from_before_its_first_look(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Given a process that has read what is in force, and a change that takes effect while it still starts
    When it begins to look for changes
    Then it goes on reading what it has read, and is told at the first look.
    """
    settings = Settings(home=tmp_path)
    monkeypatch.setattr(in_force, "LOOK", 0.01)
    monkeypatch.setenv(IN_FORCE, str(place(settings)))
    await put_in_force(settings, ledger)
    assert texts(agreed()) == FILES
    async with ledger.begin() as books:
        await books.changes.approve(await proposed(books), by=APPROVER)
    await put_in_force(settings, ledger)
    assert texts(agreed()) == FILES
    await asyncio.wait_for(in_force.until_changed(settings, ledger), 10)
    assert texts(place(settings)) == changed("100")


async def test_what_this_version_cannot_read_gives_way_to_the_files_that_came_with_it(ledger: Ledger, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    async with ledger.begin() as books:
        await books.changes.install({**FILES, "rules.yaml": "former: shape\n"}, reason="a former version")
    await put_in_force(settings, ledger)
    async with ledger.begin() as books:
        newest, _ = await books.changes.history(limit=10)
    assert texts(place(settings)) == FILES
    assert "this version cannot read what was in force: rules.yaml:1: " in newest.reason
    assert newest.base is not None


async def _in_force(books: Books) -> Any:
    found = await books.changes.in_force()
    assert found is not None
    return found
