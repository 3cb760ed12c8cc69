"""An event that can never be done holds up its case only until a person has looked at it and leaves it."""

from __future__ import annotations

from ledger.intake import leave
from tests.journey import clients_pay, deals_at, goes, happen, reach
from tests.world import World


async def test_what_comes_behind_an_event_that_a_person_leaves_goes_on(world: World) -> None:
    """
    Given a deal of which a wrong amount is said to be delivered, and one that is said to be delivered a second time
    When the right amount is told, and the other client pays
    Then the first waits behind what has stopped, and the second goes on: what contradicts a deal holds up nothing of it
    And when a person leaves what has stopped, everything is done, and nobody has work any more.
    """
    wrong, twice = await deals_at(world, "delivery", "wrong", "twice")
    for stage in ("delivered", "invoiced"):
        await reach(world, stage, [twice])
    stopped = await happen(world, "delivery.completed", [wrong], amount={"minor": 1, "currency": "EUR"})
    stopped += await happen(world, "delivery.completed", [twice])
    await goes(world, *stopped)
    behind = await happen(world, "delivery.completed", [wrong]) + await clients_pay(world, [twice])
    await world.settles()
    assert [await world.status(event) for event in (*stopped, *behind)] == ["parked", "parked", "received", "done"]

    assert await leave(world.house.ledger, [*stopped, *behind]) == set(stopped)
    await world.settles()
    assert [await world.status(event) for event in (*stopped, *behind)] == ["undone", "undone", "done", "done"]
    assert [(await world.case(deal.case)).stage for deal in (wrong, twice)] == ["invoiced", "paid"]
    assert [one.closed_as for event in stopped for one in await world.exceptions(event, closed=True)] == ["left", "left"]
    async with world.house.ledger.begin() as books:
        assert await books.exceptions.latest(limit=10) == []
