"""The sample deals travel in the sandbox only, and whatever happens to them is said while the stack stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from cli.demo import run_demo
from cli.lanes import Lane, Lanes
from cli.walk import Walk
from contracts.catalog import catalog
from contracts.errors import RefusedError
from contracts.event import Envelope
from ledger.database import Ledger
from ledger.intake import receive
from ledger.tables import EventStatus
from runtime.settings import Settings
from tests.cli.asking import ask, case_called, question, stand
from tests.cli.conftest import LEAD

CASE = case_called("one")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def of(database_url: str, home: Path, **changes: Any) -> Settings:
    return Settings(
        _env_file=None, home=home, database_url=database_url, events_secrets=SECRET, port=1, sandbox_port=1, **changes
    )


async def test_with_a_real_vendor_nothing_is_sent(
    database_url: str, ledger: Ledger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await run_demo(of(database_url, tmp_path, crm="hubspot", mail="smtp"))
    (line,) = capsys.readouterr().out.splitlines()
    assert "TOWLINE_CRM, TOWLINE_MAIL" in line
    assert "none is sent" in line
    async with ledger.begin() as books:
        assert await books.inbox.latest(limit=1) == []


async def test_without_gateway_and_sandbox_each_deal_says_so_and_all_end(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await run_demo(of(database_url, tmp_path))
    told = capsys.readouterr().out
    assert "Northwind: the gateway at http://127.0.0.1:1 does not answer" in told
    assert "Contoso: the sandbox at http://127.0.0.1:1 does not answer" in told
    assert "Fabrikam: the sandbox at" in told
    assert told.count("failed") == 3
    assert "where to look:" in told


async def test_a_ledger_that_is_gone_is_one_line_for_each_deal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await run_demo(of("postgresql://postgres@/none?host=/nowhere", tmp_path))
    told = capsys.readouterr().out
    assert "demo: the ledger is not available" in told
    assert "Traceback" not in told


@pytest.fixture
async def walk(ledger: Ledger) -> Walk:
    """A deal whose lead has come in."""
    lane = Lane("Northwind")
    found = Walk(ledger, Lanes([lane], plain=True), lane)
    event = {"specversion": "1.0", "id": "one", "source": "test", "type": "lead.qualified", "data": LEAD}
    (receipt,) = await receive(ledger, catalog(), [(Envelope.model_validate(event), event)])
    found.event = receipt.id
    return found


async def settle(walk: Walk, status: EventStatus) -> UUID:
    assert walk.event is not None
    async with walk.ledger.begin() as books:
        await books.inbox.settle({walk.event: status})
    return walk.event


async def test_what_is_done_is_shown_once_and_gives_the_case(walk: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    await stand(walk.ledger, CASE, "qualified")
    await settle(walk, EventStatus.DONE)
    for _ in range(2):
        assert (await walk.done("lead.qualified")).crm_deal_id == "9001"
    assert capsys.readouterr().out.count("lead.qualified done") == 1
    async with walk.ledger.begin() as books:
        counted = await walk.count(books)
    assert (counted.events, counted.effects, counted.opened) == (1, 0, 0)


async def test_a_deal_that_stops_unexpectedly_ends_its_script_with_the_reason(walk: Walk) -> None:
    await settle(walk, EventStatus.PARKED)
    with pytest.raises(RefusedError, match=r"^lead\.qualified stopped"):
        await walk.done("opportunity.created")


async def test_the_question_and_the_records_of_a_deal_are_found(walk: Walk) -> None:
    one = question(CASE)
    await ask(walk.ledger, one)
    async with walk.ledger.begin() as books:
        await books.cases.refer({"request:7": CASE, "invoice:in_1": CASE})
    assert (await walk.asked()).id == one.id
    assert (await walk.record("invoice"), await walk.record("request")) == ("in_1", "7")
