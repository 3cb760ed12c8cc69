"""More than one must approve, somebody stands in, nobody answers for half a year: each answer counts for what it is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from contracts.catalog import Catalog, catalog
from contracts.errors import RefusedError
from ledger.database import Ledger
from ledger.deciding import Taken, decide
from ledger.decisions import NewDecision
from ledger.escalating import CAUSE, escalate
from ledger.migrate import config, migrate
from lifecycle.decisions import Decision, Verdict
from tests.cli.asking import ask, case_called, question

SALES, FINANCE = "head-of-sales", "finance-operations"


def two() -> Catalog:
    """What is agreed, where two must approve."""
    own = catalog()
    return replace(own, policies={kind: one.model_copy(update={"quorum": 2}) for kind, one in own.policies.items()})


async def answer(
    ledger: Ledger, one: NewDecision, by: str, verdict: Verdict = Verdict.APPROVE, *, agreed: Catalog | None = None, **more: Any
) -> Taken:
    return await decide(ledger, agreed or catalog(), one.id, verdict, by=by, door="test", reason="because", **more)


async def stand_in(ledger: Ledger, approver: str, who: str, *, until: datetime | None = None, reason: str = "on leave") -> int:
    later = until or datetime.now(UTC) + timedelta(days=1)
    async with ledger.begin() as books:
        named = {"approver": approver, "stand_in": who, "until": later, "reason": reason}
        return await books.delegations.name(catalog().owners, **named)  # type: ignore[arg-type]


async def row_of(ledger: Ledger, one: NewDecision) -> Any:
    async with ledger.begin() as books:
        return (await books.decisions.get([one.id]))[one.id]


async def sql(ledger: Ledger, statement: str) -> Sequence[Any]:
    async with ledger._engine.begin() as connection:
        found = await connection.execute(text(statement))
        return [tuple(row) for row in found.all()] if found.returns_rows else []


@pytest.fixture
async def asked(ledger: Ledger) -> NewDecision:
    """A proposal that waits."""
    one = question(case_called("one"))
    await ask(ledger, one)
    return one


async def test_with_a_quorum_of_two_the_second_approver_approves(ledger: Ledger, asked: NewDecision) -> None:
    """
    Given a policy of two
    When one approves, twice, and the other approves
    Then the first waits, its repetition is refused, and the event comes with the last, once.
    """
    first = await answer(ledger, asked, SALES, agreed=two())
    assert (first.state, first.missing, first.text) == (Decision.WAITING, 1, "taken, and waits for 1 more")
    with pytest.raises(RefusedError, match="head-of-sales has answered this already"):
        await answer(ledger, asked, SALES, agreed=two())
    assert await sql(ledger, "SELECT type FROM inbox") == []
    assert (await answer(ledger, asked, FINANCE, agreed=two())).state is Decision.APPROVED
    assert (await row_of(ledger, asked)).decided_by == "head-of-sales, finance-operations"
    assert await sql(ledger, "SELECT type FROM inbox") == [("proposal.approved",)]


async def test_two_who_answer_at_the_same_moment_are_two(ledger: Ledger, asked: NewDecision) -> None:
    states = await asyncio.gather(*(answer(ledger, asked, by, agreed=two()) for by in (SALES, FINANCE)))
    assert sorted(one.state for one in states) == ["approved", "waiting"]


async def test_an_answer_to_other_content_is_refused(ledger: Ledger, asked: NewDecision) -> None:
    with pytest.raises(RefusedError, match="look at it again"):
        await answer(ledger, asked, SALES, content="another")
    assert (await row_of(ledger, asked)).state == "waiting"
    await answer(ledger, asked, SALES, content=asked.content_hash)


async def test_a_stand_in_answers_for_a_time_and_says_for_whom(ledger: Ledger, asked: NewDecision) -> None:
    with pytest.raises(RefusedError, match="stands in for nobody"):
        await answer(ledger, asked, "integration")
    await stand_in(ledger, SALES, "integration")
    assert (await answer(ledger, asked, "integration", login="ines", owners=("integration",))).approver == SALES
    assert (await row_of(ledger, asked)).decided_by == "integration for head-of-sales"
    (done,) = await sql(ledger, "SELECT login, action, after ->> 'for' FROM user_actions")
    assert done == ("ines", "approve", SALES)


@pytest.mark.parametrize("over", ["recalled", "past"])
async def test_when_it_is_over_a_stand_in_answers_nothing(ledger: Ledger, asked: NewDecision, over: str) -> None:
    number = await stand_in(ledger, SALES, "integration")
    if over == "recalled":
        async with ledger.begin() as books:
            with pytest.raises(RefusedError, match="no delegation"):
                await books.delegations.end(number, by=FINANCE)
            await books.delegations.end(number, by=SALES)
    else:
        await sql(ledger, "UPDATE delegations SET since = now() - interval '2 h', until = now() - interval '1 s'")
    with pytest.raises(RefusedError, match="stands in for nobody"):
        await answer(ledger, asked, "integration")


@pytest.mark.parametrize(
    ("approver", "who", "changes", "words"),
    [
        (SALES, SALES, {}, "for themselves"),
        (SALES, "nobody", {}, "is nobody"),
        ("nobody", SALES, {}, "is nobody"),
        ("delivery-operations", SALES, {}, "approves nothing"),
        (SALES, "integration", {"reason": " "}, "needs its reason"),
        (SALES, "integration", {"until": datetime(2020, 1, 1, tzinfo=UTC)}, "over already"),
    ],
)
async def test_a_delegation_that_makes_no_sense_is_refused(
    ledger: Ledger, approver: str, who: str, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(RefusedError, match=words):
        await stand_in(ledger, approver, who, **changes)
    assert await sql(ledger, "SELECT * FROM delegations") == []


async def test_what_nobody_answers_goes_on_to_the_next_and_is_answered_after_half_a_year(
    ledger: Ledger, database_url: str, asked: NewDecision
) -> None:
    """
    Given a decision that nobody answers, of which the next on the route is told, and then the last
    When half a year has gone by, nothing of it runs, and the house starts anew
    Then any approver answers it as on the first day, and nobody is told any more.
    """
    turns = []
    for days in (0, 3, 3, 180):
        gone = f"interval '{days} d'"
        await sql(ledger, f"UPDATE decisions SET asked_at = asked_at - {gone}, turned_at = turned_at - {gone}")  # noqa: S608
        async with ledger.begin() as books:
            await escalate(books, catalog())
            turns.append([(row.cause, row.owner) for row in await books.exceptions.latest(limit=9)])
    assert turns == [[], [(f"{CAUSE}{SALES}", SALES)], [(f"{CAUSE}{FINANCE}", FINANCE)], [(f"{CAUSE}{FINANCE}", FINANCE)]]
    assert await sql(ledger, "SELECT count(*) FROM inbox WHERE status = 'running'") == [(0,)]

    anew = Ledger(database_url)
    try:
        assert (await answer(anew, asked, SALES)).state is Decision.APPROVED
        async with anew.begin() as books:
            await escalate(books, catalog())
            assert await books.exceptions.latest(limit=9) == []
    finally:
        await anew.close()


async def test_what_was_asked_and_answered_by_an_older_version_goes_on_in_this_one(ledger: Ledger, database_url: str) -> None:
    """
    Given a ledger of the version before, in which one decision waits and one is approved
    When it becomes one of this version
    Then what waits is answered by today's rules, and who approved the other stands with it.
    """
    waits, done = question(case_called("waits")), question(case_called("done"))
    await ask(ledger, waits, done)
    await sql(ledger, f"UPDATE decisions SET state = 'approved', decided_by = '{SALES}' WHERE id = '{done.id}'")  # noqa: S608
    async with ledger._engine.begin() as connection:
        await connection.run_sync(lambda one: command.downgrade(config(one), "0013"))
    await migrate(database_url)
    with pytest.raises(RefusedError, match="approved by head-of-sales already"):
        await answer(ledger, done, FINANCE)
    assert (await answer(ledger, waits, FINANCE)).state is Decision.APPROVED
    found = await sql(ledger, "SELECT approver, by FROM decision_answers ORDER BY approver")
    assert found == [(FINANCE, FINANCE), (SALES, SALES)]
