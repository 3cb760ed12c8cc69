"""Deals on their way: brought to a stage together, in as few runs as the stages need, as a busy day would do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from deployments.deploy import flow_of
from ledger.deciding import decide
from lifecycle.decisions import Verdict
from tests.world import World, event, lead

STAGES = ("qualified", "discovery", "proposed", "delivery", "delivered", "invoiced", "paid")
APPROVER = "head-of-sales"


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal under way: the company it is with, its id in the CRM, its case."""

    name: str
    id: str
    case: UUID


async def deals_at(world: World, stage: str, *names: str, **changes: Any) -> list[Deal]:
    """Bring one deal with each of these companies to a stage; `changes` replace parts of their leads."""
    return await deals_of(world, stage, {name: lead(f"form-{name}", of=name, **changes) for name in names})


async def deals_of(world: World, stage: str, leads: Mapping[str, dict[str, Any]]) -> list[Deal]:
    """Bring the deals of these leads, by company, to a stage."""
    ids = await world.arrives(*leads.values())
    await world.qualify(*ids)
    cases = [await world.case_of(one) for one in ids]
    deals = [Deal(name, str(case.crm_deal_id), case.id) for name, case in zip(leads, cases, strict=True)]
    await travel(world, deals, *STAGES[1 : STAGES.index(stage) + 1])
    return deals


async def deal_at(world: World, stage: str, **changes: Any) -> Deal:
    """Bring one deal to a stage."""
    (deal,) = await deals_at(world, stage, "northwind", **changes)
    return deal


async def travel(world: World, deals: Sequence[Deal], *stages: str) -> None:
    """Bring deals on, from stage to stage."""
    for stage in stages:
        await reach(world, stage, deals)


async def happen(world: World, event_type: str, deals: Sequence[Deal], **data: Any) -> list[UUID]:
    """Let an event of each deal come in, without running it; return their ids."""
    number = len(await world.events())
    named = [
        event(event_type, f"{event_type}-{number}-{deal.name}", {"deal_id": deal.id} | data, time=None, source="crm/people")
        for deal in deals
    ]
    return await world.arrives(*named)


async def goes(world: World, *events: UUID) -> Any:
    """Run the path of these events, which are of one type, and nothing that follows; return how the run ended."""
    (event_type,) = {row.type for row in await world.events() if row.id in events}
    flow = world.house.catalog[event_type].flow
    return await world.run(flow_of(f"flows.{flow}.{flow}"), *events)


async def approve(world: World, deals: Sequence[Deal], *, by: str = APPROVER) -> list[UUID]:
    """Let a person approve what waits in these deals, without running what follows; return the ids of the approvals."""
    before = {row.id for row in await world.events()}
    waiting = {row.case_id: row.id for row in await world.waiting()}
    for deal in deals:
        await decide(world.house.ledger, world.house.catalog, waiting[deal.case], Verdict.APPROVE, by=by, door="command line")
    return [row.id for row in await world.events() if row.id not in before]


async def invoices(world: World) -> Mapping[str, dict[str, Any]]:
    """Return the invoices that billing shows, by deal."""
    found = await world.vendors.objects("billing", "invoices")
    return {one["metadata"]["deal_id"]: one for one in found if one["status"] != "void"}


async def clients_pay(world: World, deals: Sequence[Deal]) -> list[UUID]:
    """Let the clients pay; return the ids of the events that say so."""
    events: list[UUID] = []
    for deal, invoice in [(deal, (await invoices(world))[deal.id]) for deal in deals]:
        await world.vendors.person_changes("billing", "invoices", invoice["id"], {"status": "paid"})
        events += await happen(world, "payment.confirmed", [deal], invoice_id=invoice["id"])
    return events


async def reach(world: World, stage: str, deals: Sequence[Deal]) -> None:
    """Bring deals from the stage before to this one."""
    if stage == "discovery":
        await world.discover()
    elif stage == "proposed":
        await goes(world, *await happen(world, "discovery.completed", deals))
    elif stage == "delivery":
        await goes(world, *await approve(world, deals))
    elif stage == "delivered":
        await goes(world, *await happen(world, "delivery.completed", deals))
    elif stage == "invoiced":
        await world.settles()
    else:
        await goes(world, *await clients_pay(world, deals))
    for deal in deals:
        case = await world.case(deal.case)
        assert case.stage == stage, [row.cause for row in await _exceptions(world)]


async def _exceptions(world: World) -> Sequence[Any]:
    async with world.house.ledger.begin() as books:
        return await books.exceptions.latest(limit=20)
