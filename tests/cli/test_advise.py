"""`towline advise` measures the ledger and says what fits, with the figures that it goes by."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text

from ledger.database import Ledger
from tests.cli.conftest import Look, Towline

EVENTS = text(
    """
INSERT INTO inbox (id, source, external_id, type, contract, case_id, payload, occurred_at, received_at, status, attempts,
                   finished_at)
SELECT gen_random_uuid(), 'test', :type || n, :type, :type || '/1', gen_random_uuid(), '{}', at, at, :status, 1,
       at + interval '1 h'
FROM (SELECT n, date_trunc('hour', now()) - interval '10 hours' + make_interval(secs => n * CAST(:apart AS float8)) AS at
      FROM generate_series(0, :events - 1) AS n) AS t
"""
)
EFFECTS = text(
    """
INSERT INTO effects (key, act_key, event_id, case_id, step, system, state, attempts, started_at, finished_at)
SELECT gen_random_uuid(), gen_random_uuid(), id, case_id, s.system, s.system, 'done', s.attempts, received_at,
       received_at + make_interval(secs => CASE WHEN row_number() OVER (PARTITION BY s.system ORDER BY seq) <= :events * 0.9
                                                THEN CAST(:lag AS float8) ELSE 10 * CAST(:lag AS float8) END)
FROM inbox, (VALUES ('crm', 2), ('chat', 1)) AS s(system, attempts) WHERE type = :type AND status = 'done'
"""
)


def came(
    event_type: str, events: int, *, apart: float = 90, lag: float = 0.5, status: str = "done"
) -> Callable[[Ledger], Awaitable[None]]:
    """Let events have come ten hours ago, so many seconds apart: nine of ten were done after `lag`, one after ten times that."""

    async def write(ledger: Ledger) -> None:
        async with ledger.begin() as books:
            values = {"type": event_type, "events": events, "apart": apart, "status": status}
            await books.effects._connection.execute(EVENTS, values)
            await books.effects._connection.execute(EFFECTS, {"type": event_type, "events": events, "lag": lag})

    return write


def fits(towline: Towline, path: str) -> str:
    (found,) = towline("advise", path, "--json").json
    return str(found["route"])


def test_the_figures_are_those_of_the_ledger(towline: Towline, look: Look) -> None:
    look(came("payment.confirmed", 100))
    look(came("lead.qualified", 5, status="quarantined"))
    (found,) = towline("advise", "payment", "--json").json
    figures = found["figures"]
    assert (figures["events"], figures["busiest hour"], figures["busiest minute"]) == (100, 40, 1)
    assert 9 < figures["an hour"] <= 10
    assert (figures["lag p50"], figures["lag p95"]) == (0.5, 5.0)
    assert (figures["calls an event, crm"], figures["calls an event, chat"]) == (2.0, 1.0)
    assert figures["share of quota in the busiest minute"] == round(1 / 60, 4)
    assert found["route"] == "either"
    said = towline("advise", "payment.confirmed")
    assert (said.code, "the busiest minute takes 1.7% of the limit of chat" in said.out) == (0, True)
    assert fits(towline, "lead") == "too few events to say"


def test_each_way_is_advised_where_it_fits(towline: Towline, look: Look) -> None:
    look(came("lead.qualified", 100))
    look(came("payment.confirmed", 100, apart=1))
    look(came("invoice.overdue", 100))
    look(came("proposal.approved", 100, apart=10, lag=400))
    look(came("milestone.reached", 29))
    rows = {row["event"]: row["route"] for row in towline("advise", "--json").json}
    assert rows["lead.qualified"] == "real time"
    assert rows["payment.confirmed"] == "batch"
    assert rows["invoice.overdue"] == "either"
    assert rows["proposal.approved"] == "neither"
    assert rows["milestone.reached"] == rows["deal.cancelled"] == "too few events to say"
    assert "29 were done, 30 are needed" in towline("advise").out


def test_what_is_older_than_the_days_is_not_measured(towline: Towline, look: Look) -> None:
    async def old(ledger: Ledger) -> None:
        await came("lead.qualified", 100)(ledger)
        async with ledger.begin() as books:
            await books.effects._connection.execute(text("UPDATE inbox SET received_at = received_at - interval '3 days'"))

    look(old)
    assert towline("advise", "lead", "--days", "2", "--json").json[0]["figures"]["events"] == 0
    assert towline("advise", "lead", "--json").json[0]["figures"]["events"] == 100


@pytest.mark.parametrize(("arguments", "code", "why"), [(("leads",), 1, "there is no path leads"), (("--days", "0"), 2, "days")])
def test_what_is_not_there_is_one_line(towline: Towline, arguments: tuple[str, ...], code: int, why: str) -> None:
    said = towline("advise", *arguments)
    assert (said.code, said.out) == (code, "")
    assert why in said.err
