"""The operating flows: giving back what is stuck, taking up what stopped, finding what waits for too long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from prefect.settings import PREFECT_API_URL, temporary_settings

from contracts.catalog import catalog
from flows.refusal import REFUSED
from flows.replay import replay
from flows.sweep import sweep
from ledger.inbox import NewEvent
from ledger.tables import EventStatus
from tests.world import World, lead


async def swept(world: World) -> str:
    with temporary_settings({PREFECT_API_URL: world.prefect}):
        return str((await sweep(return_state=True)).message)


async def too_early(world: World, deal: str) -> UUID:
    """Let a milestone wait for a deal that nobody knows; return its event's id."""
    now = datetime.now(UTC)
    made = NewEvent(
        id=uuid4(),
        source="hubspot",
        external_id=f"milestone-of-{deal}",
        type="milestone.reached",
        contract="milestone.reached/1",
        case_id=uuid4(),
        payload={"data": {"deal_id": deal, "milestone": "Pilot accepted"}},
        occurred_at=now,
        status=EventStatus.WAITING,
    )
    async with world.house.ledger.begin() as books:
        await books.inbox.accept([made])
    return made.id


async def test_the_sweep_gives_back_what_nobody_prolongs(world: World) -> None:
    lost, kept = await world.arrives(lead("form-1"), lead("form-2", of="contoso"))
    async with world.house.ledger.begin() as books:
        await books.inbox.claim("lead.qualified", limit=1, worker="dead", seconds=-1)
        await books.inbox.claim("lead.qualified", limit=1, worker="alive", seconds=30)
    assert await swept(world) == "1 events were stuck, 0 go on, 0 wait for too long, 0 decisions went on to the next"
    assert [await world.status(one) for one in (lost, kept)] == ["received", "running"]


async def test_what_came_before_its_deal_was_known_goes_on_when_it_is(world: World) -> None:
    """
    Given a milestone of a deal that the house does not know yet, and one of a deal that nobody ever hears of
    When a case turns out to be the first one's, and the sweep runs
    Then the first goes on, and the second waits.
    """
    known, unknown = await too_early(world, "4711"), await too_early(world, "4712")
    case = uuid4()
    async with world.house.ledger.begin() as books:
        await books.cases.open([case])
        blank = dict.fromkeys(("account_id", "title", "owner", "amount_minor", "currency"))
        await books.cases.advance([{"id": case, "stage": "delivery", "crm_deal_id": "4711", **blank}])
    assert await swept(world) == "0 events were stuck, 1 go on, 0 wait for too long, 0 decisions went on to the next"
    assert [await world.status(one) for one in (known, unknown)] == ["received", "waiting"]


async def test_what_waits_for_longer_than_a_day_is_its_owners_once(world: World) -> None:
    """
    Given a milestone that came two days ago, and one of now, each of a deal that is not in delivery
    When the sweep runs twice
    Then the owner of the path has one exception, which says what the first one waits for; both still wait.
    """
    old, fresh = await too_early(world, "4711"), await too_early(world, "4712")
    async with world.house.ledger.begin() as books:
        await books.inbox._set([old], received_at=datetime.now(UTC) - timedelta(days=2))
    assert await swept(world) == "0 events were stuck, 0 go on, 1 wait for too long, 0 decisions went on to the next"
    assert await swept(world) == "0 events were stuck, 0 go on, 0 wait for too long, 0 decisions went on to the next"
    (found,) = await world.exceptions(old)
    assert (found.cause, found.owner) == ("milestone/early", catalog()["milestone.reached"].process_owner)
    assert found.reason == "it waits for longer than a day for its deal to be at stage delivery"
    assert await world.exceptions(fresh) == []
    assert [await world.status(one) for one in (old, fresh)] == ["waiting", "waiting"]


async def test_a_replay_says_how_many_go_on(world: World) -> None:
    misfit, stopped, fine = await world.arrives(lead("form-1", person=None), lead("form-2"), lead("form-3"))
    async with world.house.ledger.begin() as books:
        await books.inbox.settle({stopped: EventStatus.PARKED})
    with temporary_settings({PREFECT_API_URL: world.prefect}):
        assert (await replay(return_state=True)).name == REFUSED
        foreseen = await replay(event_type="lead.qualified", dry_run=True, return_state=True)
        assert foreseen.message == "1 of 2 events would go on"
        assert (await replay([misfit, stopped, fine], return_state=True)).message == "1 of 3 events go on"
    assert [await world.status(one) for one in (misfit, stopped, fine)] == ["quarantined", "received", "received"]
