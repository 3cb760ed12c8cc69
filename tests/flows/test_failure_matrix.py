"""Every cell of the failure matrix, made from the data: the path runs against the sandbox while exactly its step fails.

All deals travel together to where their paths begin. There each path has two: of one the answer of every step gets lost, of the
other every step is refused in its turn, a person's replay after each. After each run the outside systems show what stands.
Of paths that have the same steps one is tried.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.tasks import Task

from contracts.catalog import catalog
from deployments.deploy import flow_of
from deployments.postgres import EmbeddedPostgres
from ledger.intake import leave
from lifecycle.path import ASK, KEEP, PARK, UNDO, Step
from lifecycle.paths import PATHS
from lifecycle.undo import RollbackState
from runtime.settings import Settings
from runtime.wiring import assembled, using
from tests.conftest import url_of
from tests.journey import Deal, approve, clients_pay, deals_of, goes, happen, invoices, travel
from tests.outside import CALLS, READS, Sight, look, seen
from tests.undoing import carried_out
from tests.world import Vendors, World, event, lead

pytestmark = pytest.mark.timeout(300)
"""The first of these tests waits for the whole journey."""
TRIED = list({tuple(path): event_type for event_type, path in reversed(PATHS.items())}.values())[::-1]
DONE_BEFORE = {("delivery.completed", "upsert_customer")}
"""What an earlier path has done for the account; it cannot fail here, and its row is the earlier path's."""
EUR = {"minor": 1_500_000, "currency": "EUR"}
NOTES = [{"text": "Everything runs.", "approved_by": "Delivery operations"}]
Cell = tuple[str, str, str]


def parking(event_type: str) -> list[Step]:
    """The steps of a path whose refusal parks its event, without those that cannot fail there."""
    return [step for step in PATHS[event_type] if step.refused is PARK and (event_type, step.name) not in DONE_BEFORE]


def cells() -> list[Cell]:
    """Every cell that can come up: a later failure needs a later step that parks."""
    found: list[Cell] = []
    for event_type in TRIED:
        names = list(PATHS[event_type].steps)
        last = max((names.index(step.name) for step in parking(event_type)), default=0)
        for place, name in enumerate(names):
            if (event_type, name) not in DONE_BEFORE:
                fails = ["refused", "uncertain", *(["later_failure"] if place < last else [])]
                found += [(event_type, name, cell) for cell in fails]
    return found


@dataclass
class Trial:
    """What is tried, and what was wrong at each cell."""

    world: World
    wrong: dict[Cell, str] = field(default_factory=dict)
    tried: set[Cell] = field(default_factory=set)

    def note(self, cell: Cell, found: Any, expected: Any) -> None:
        self.tried.add(cell)
        if found != expected:
            self.wrong.setdefault(cell, f"{found} instead of {expected}")

    async def path(self, event_type: str, lost: tuple[str, UUID], refused: tuple[str, UUID]) -> None:
        """Try all cells of a path, with two of its events and the companies that they are about."""
        before = await look(self.world.vendors)
        await self.lose_answers(event_type, *lost, before)
        await self.refuse_one_by_one(event_type, *refused, before)
        await self.refuse_what_it_can_do_without(event_type, *refused, before)

    async def lose_answers(self, event_type: str, company: str, event_id: UUID, before: Sight) -> None:
        """Every step is done, and none is told: all stands once, and nobody has work."""
        steps = [step for step in PATHS[event_type] if (event_type, step.name) not in DONE_BEFORE]
        for step in steps:
            await self.world.vendors.fault(step.system, CALLS[step.name], lose_answer=True)
        await goes(self.world, event_id)
        left = [fault["operation"] for fault in await self.world.vendors.control("GET", "faults")]
        await self.world.vendors.heal()
        stands = seen(before, await look(self.world.vendors), company, event_type)
        ended = (await self.world.status(event_id), [one.cause for one in await self.world.exceptions(event_id)])
        for step in steps:
            hit = CALLS[step.name] not in left
            self.note((event_type, step.name, "uncertain"), (hit, stands[step.name], *ended), (True, 1, "done", []))

    async def refuse_one_by_one(self, event_type: str, company: str, event_id: UUID, before: Sight) -> None:
        """Each step that parks is refused in its turn; what is done before it stands, or is taken back, as it says."""
        path = PATHS[event_type]
        names = list(path.steps)
        for step in parking(event_type):
            ahead = [path[name] for name in names[: names.index(step.name)]]
            if without := [one for one in ahead if one.refused is KEEP and (event_type, one.name, "refused") not in self.tried]:
                stands = await self.refused(event_id, company, before, *without, step)
                await self.missing(event_type, event_id, without, stands, "parked")
                await self.replayed(event_id)
            stands = await self.refused(event_id, company, before, step)
            exceptions = await self.world.exceptions(event_id)
            if len(exceptions) != 1:
                self.note((event_type, step.name, "refused"), [one.cause for one in exceptions], "one exception")
                return
            (one,) = exceptions
            cause = f"{catalog()[event_type].flow}/{step.name}/{step.system}."
            behind = [name for name in names[names.index(step.name) :] if stands[name]]
            ended = (await self.world.status(event_id), one.cause.startswith(cause), behind)
            self.note((event_type, step.name, "refused"), ended, ("parked", True, []))
            for earlier in ahead:
                remedy = earlier.later_failure
                told = {UNDO: "taken back: ", ASK: "stands: "}.get(remedy)
                says = earlier.name in one.reason.partition(told)[2] if told else earlier.name not in one.reason
                found = (step.name, stands[earlier.name], says)
                self.note((event_type, earlier.name, "later_failure"), found, (step.name, 0 if remedy is UNDO else 1, True))
            await self.replayed(event_id)

    async def refuse_what_it_can_do_without(self, event_type: str, company: str, event_id: UUID, before: Sight) -> None:
        """All others are refused in one run, which does all else; each is somebody's work until they say that it is done."""
        path = PATHS[event_type]
        steps = [step for step in path if (event_type, step.name, "refused") not in self.tried and step.refused is KEEP]
        stands = await self.refused(event_id, company, before, *steps)
        await self.missing(event_type, event_id, steps, stands, "done")
        for step in path:
            if step not in steps:
                self.note((event_type, step.name, "refused"), (step.name, stands[step.name]), (step.name, 1))
        left = await leave(self.world.house.ledger, [event_id])
        for step in steps:
            self.note((event_type, step.name, "refused"), (left, await self.world.exceptions(event_id)), ({event_id}, []))

    async def refused(self, event_id: UUID, company: str, before: Sight, *steps: Step) -> dict[str, int]:
        """Run an event while these steps are refused; return what stands of each step."""
        for step in steps:
            await self.world.vendors.fault(step.system, READS.get(step.name, CALLS[step.name]), status=422, count=-1)
        await goes(self.world, event_id)
        await self.world.vendors.heal()
        await self.taken_back()
        (event_type,) = {row.type for row in await self.world.events() if row.id == event_id}
        return seen(before, await look(self.world.vendors), company, event_type)

    async def taken_back(self) -> None:
        """Carry out what a refusal has released, as the worker does."""
        async with self.world.house.ledger.begin() as books:
            latest = await books.rollbacks.latest(limit=1)
        for row in latest:
            if row.state == RollbackState.RELEASED:
                await carried_out(self.world, row.id)

    async def missing(
        self, event_type: str, event_id: UUID, steps: Sequence[Step], stands: Mapping[str, int], status: str
    ) -> None:
        """An event that goes on without steps has an exception for each."""
        flow, causes = catalog()[event_type].flow, [one.cause for one in await self.world.exceptions(event_id)]
        for step in steps:
            said = [cause for cause in causes if cause.startswith(f"{flow}/without/{step.name}/{step.system}.")]
            found = (await self.world.status(event_id), stands[step.name], len(said))
            self.note((event_type, step.name, "refused"), found, (status, 0, 1))

    async def replayed(self, event_id: UUID) -> None:
        """A person has mended it, and lets the event go on."""
        assert await self.world.replayed(event_id)


@pytest.fixture(scope="module")
async def trial(
    postgres: EmbeddedPostgres, sandbox_port: int, prefect_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Trial]:
    """All paths, tried on one journey; a step that may be tried again is tried at once."""
    postgres.psql("CREATE DATABASE matrix TEMPLATE template")
    home: Path = tmp_path_factory.mktemp("matrix")
    settings = Settings(
        _env_file=None, home=home, database_url=url_of(postgres, "matrix"), sandbox_port=sandbox_port, sandbox_limits="off"
    )
    vendors = Vendors(f"http://127.0.0.1:{sandbox_port}")
    await vendors.control("POST", "reset")
    async with assembled(settings, worker="tests") as house:
        await house.prepare()
        with using(replace(house, grace=0.2)) as patient, pytest.MonkeyPatch.context() as at_once:
            for task in {task for event_type in TRIED for task in tasks_of(event_type)}:
                at_once.setattr(task, "retry_delay_seconds", 0)
            trial = Trial(World(patient, vendors, prefect_url))
            await journey(trial)
            yield trial


def tasks_of(event_type: str) -> list[Task[..., Any]]:
    """The tasks that a path's flow knows."""
    flow = catalog()[event_type].flow
    return [one for one in flow_of(f"flows.{flow}.{flow}").fn.__globals__.values() if isinstance(one, Task)]


@pytest.mark.parametrize(("event_type", "step", "cell"), cells())
def test_a_cell_of_the_failure_matrix_is_what_happens(trial: Trial, event_type: str, step: str, cell: str) -> None:
    assert (event_type, step, cell) in trial.tried
    assert trial.wrong.get((event_type, step, cell)) is None


async def journey(trial: Trial) -> None:
    """Bring all deals to where their paths begin, and try each path there."""
    world = trial.world
    for kind, come in {"lead.qualified": lead, "opportunity.created": opportunity}.items():
        names = (f"{kind.partition('.')[0]}lost", f"{kind.partition('.')[0]}refused")
        ids = await world.arrives(*(come(f"form-{name}", of=name) for name in names))
        await trial.path(kind, (names[0], ids[0]), (names[1], ids[1]))
    under_way = {kind: pair(kind) for kind in TRIED if kind not in ("lead.qualified", "opportunity.created")}
    everyone = {name: lead(f"form-{name}", of=name) for names in under_way.values() for name in names}
    deals = {deal.name: deal for deal in await deals_of(world, "discovery", everyone)}
    waiting = {kind: [deals[name] for name in names] for kind, names in under_way.items()}
    for stage, kinds in BEGIN.items():
        if stage != "discovery":
            await onward(world, stage, [deal for some in waiting.values() for deal in some])
        for kind in kinds:
            lost, refused = waiting.pop(kind)
            first, second = await begin(world, kind, [lost, refused])
            await trial.path(kind, (lost.name, first), (refused.name, second))


BEGIN = {
    "discovery": ["discovery.completed"],
    "proposed": ["proposal.approved"],
    "delivery": ["milestone.reached", "delivery.completed"],
    "delivered": ["invoice.issued"],
    "invoiced": ["invoice.overdue", "invoice.voided", "payment.confirmed", "deal.cancelled"],
}
"""By stage, in their order: which paths begin there."""


def pair(event_type: str) -> tuple[str, str]:
    """The companies whose deals a path is tried on."""
    plain = event_type.replace(".", "")
    return f"{plain}lost", f"{plain}refused"


async def onward(world: World, stage: str, deals: list[Deal]) -> None:
    """Bring deals to the next stage; those of other paths stay where they are."""
    if stage == "invoiced":
        await goes(world, *(await issued(world, deals)))
    else:
        await travel(world, deals, stage)


async def issued(world: World, deals: list[Deal]) -> list[UUID]:
    """The events that followed these deals' invoices, in their order."""
    found = {row.case_id: row.id for row in await world.events() if row.type == "invoice.issued"}
    return [found[deal.case] for deal in deals]


async def begin(world: World, event_type: str, deals: list[Deal]) -> list[UUID]:
    """Let a path's event come in for each deal; return their ids."""
    if event_type == "invoice.issued":
        return await issued(world, deals)
    if event_type == "payment.confirmed":
        return await clients_pay(world, deals)
    if event_type == "proposal.approved":
        await goes(world, *await happen(world, "discovery.completed", deals))  # an offer that is replaced
        told = await approve(world, deals)
        approvals = {row.case_id: row.id for row in await world.events() if row.id in told}
        return [approvals[deal.case] for deal in deals]
    data: Mapping[str, Any] = {
        "milestone.reached": {"milestone": "Go-live", "notes": NOTES},
        "invoice.overdue": {"days": 7},
        "invoice.voided": {"amount": EUR},
    }.get(event_type, {})
    ids = []
    for deal in deals:
        more = {}
        if event_type.startswith("invoice"):
            more["invoice_id"] = (await invoices(world))[deal.id]["id"]
        if event_type == "invoice.voided":
            await world.vendors.person_changes("billing", "invoices", more["invoice_id"], {"status": "void"})
        ids += await happen(world, event_type, [deal], **data, **more)
    return ids


def opportunity(name: str, *, of: str) -> dict[str, Any]:
    """A good opportunity of a company that no lead has brought."""
    data = {"account": {"name": f"{of.title()} GmbH", "domain": f"{of}.example"}, "owner": "sales-1", "product": "implementation"}
    return event("opportunity.created", name, data | {"amount": EUR})
