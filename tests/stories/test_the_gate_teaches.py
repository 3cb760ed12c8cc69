"""What the gate stops says what mends it, and goes on by one command when it is mended; a warning goes on, and is known."""

from __future__ import annotations

from ledger.replaying import Choice, Replay, replay
from tests.journey import deal_at, deals_at, goes, happen, invoices
from tests.world import World, lead


async def test_work_for_a_deal_that_is_lost_waits_until_the_crm_is_mended_and_one_command_lets_it_go_on(world: World) -> None:
    """
    Given a deal in delivery that somebody has marked as lost in the CRM by mistake
    When a milestone is reached
    Then nobody is told, and its exception names the row, the rule, the reason, the owner and the fix with the command
    And when the deal stands as won again and that cause is replayed, the milestone is told.
    """
    deal = await deal_at(world, "delivery")
    await world.vendors.person_changes("crm", "deals", deal.id, {"dealstage": "closedlost"})
    before = await world.vendors.all_counts()
    (event,) = await happen(world, "milestone.reached", [deal], milestone="Pilot accepted")
    await goes(world, event)
    assert (await world.status(event), await world.vendors.all_counts()) == ("parked", before)
    (stopped,) = await world.exceptions(event)
    assert stopped.cause.startswith("gate/milestone/deal_is_not_lost")
    assert (stopped.reason, stopped.field) == ("The deal is not marked as lost in the CRM", "crm_stage")
    assert stopped.route.startswith("take the deal out of lost in the CRM")
    assert stopped.route.endswith(f"`towline replay --cause {stopped.cause}`")

    await world.vendors.person_changes("crm", "deals", deal.id, {"dealstage": "closedwon"})
    (prospect,) = await replay(world.house.ledger, world.house.catalog, Choice(cause=stopped.cause))
    assert prospect.becomes is Replay.GOES_ON
    await goes(world, event)
    assert await world.status(event) == "done"
    assert await world.exceptions(event) == []


async def test_money_for_one_deal_never_counts_in_another_where_the_amounts_are_alike(world: World) -> None:
    """
    Given two deals with invoices of one amount, of which the second was paid
    When an event says that the first was paid, by the second's invoice
    Then it is not the first deal that is paid: somebody finds out whose money it is.
    """
    first, second = await deals_at(world, "invoiced", "northwind", "contoso")
    theirs = (await invoices(world))[second.id]["id"]
    await world.vendors.person_changes("billing", "invoices", theirs, {"status": "paid"})
    (event,) = await happen(world, "payment.confirmed", [first], invoice_id=theirs)
    await goes(world, event)
    assert await world.status(event) == "parked"
    assert [row.cause for row in await world.exceptions(event)] == ["gate/payment/invoice_is_the_deals"]
    assert [(await world.case(deal.case)).stage for deal in (first, second)] == ["invoiced", "invoiced"]


async def test_a_lead_that_was_told_late_goes_on_with_a_warning_that_is_kept_and_shown(world: World) -> None:
    """
    Given a lead of four days ago, told now
    When its path is run
    Then it is done, nobody has an exception, and its case says that it was told late.
    """
    (late,) = await world.arrives(lead(envelope={"time": "2026-01-05T09:30:00Z"}))
    await world.qualify(late)
    assert (await world.status(late), await world.exceptions(late)) == ("done", [])
    case = await world.case_of(late)
    async with world.house.ledger.begin() as books:
        (warning,) = await books.gates.warnings_of(case.id)
        counted = [(row.suite, row.rule, row.events) for row in await books.gates.warned()]
        (tally,) = [row for row in await books.gates.tallies(days=1) if row.refused]
    assert (warning.event_id, warning.rule, warning.field) == (late, "told_at_once", "late")
    assert counted == [("lead", "told_at_once", 1)]
    assert (tally.rule, tally.severity, tally.refused, tally.open) == ("told_at_once", "warning", 1, 0)
