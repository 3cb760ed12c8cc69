"""Two workers, one ledger, and everything that can go wrong between them in any order: nothing is lost, nothing is done twice."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar
from uuid import UUID, uuid4

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text

from contracts.catalog import catalog
from contracts.errors import RefusedError, RetryableError, UncertainError
from contracts.event import Envelope
from contracts.lead import LeadQualifiedV1
from contracts.records import EffectKey, Outcome, Ref, Wanted
from ledger.database import Ledger
from ledger.dying import leases_ended, process_died, worker_died
from ledger.intake import receive
from ledger.replaying import Choice, Replay, replay
from lifecycle.paths import PATHS
from runtime.settings import Settings
from runtime.wiring import Runtime, using
from tasks.batch import Item
from tasks.effects import key_of, once, together
from tasks.opening import batch_of
from tests.world import lead

LEAD = "lead.qualified"
ANSWERS = ("answers", "loses the answer", "fails", "refuses", "dies before", "dies after")
PERFORMED = ("answers", "loses the answer", "dies after")
WORKERS = st.sampled_from(["w1", "w2"])
LONG = {"examples": 1500, "steps": 60}
SHORT = {"examples": 10, "steps": 25}
FIGURES = LONG if os.environ.get("HYPOTHESIS_PROFILE") == "long" else SHORT


class Killed(BaseException):
    """Stands for SIGKILL: no code of ours handles it."""


@dataclass
class Call:
    """A call that a worker waits for: what it is to do, once, and how it ends."""

    worker: str
    does: Mapping[EffectKey, Collection[EffectKey]]
    end: asyncio.Future[str]
    landed: bool = False


@dataclass
class Vendor:
    """Performs what it is asked, when it is told to; counts how often it has done each thing, under whatever key."""

    done: Counter[EffectKey] = field(default_factory=Counter)
    holds: dict[EffectKey, Ref] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    adrift: list[Call] = field(default_factory=list)
    called: asyncio.Event = field(default_factory=asyncio.Event)

    def land(self, call: Call) -> None:
        """Perform a call, once."""
        if not call.landed:
            call.landed = True
            for key, things in call.does.items():
                self.holds[key] = Ref(f"made-{key.hex[:6]}")
                self.done.update(things)

    async def asked(self, worker: str, does: Mapping[EffectKey, Collection[EffectKey]]) -> None:
        """Hold a call until it is told how it ends."""
        call = self.calls[worker] = Call(worker, does, asyncio.get_running_loop().create_future())
        self.called.set()
        try:
            end = await call.end
        except asyncio.CancelledError:
            self.adrift.append(call)  # whoever waited is gone, the call is under way still
            raise
        finally:
            self.calls.pop(worker, None)
        if end in PERFORMED:
            self.land(call)
        if end.startswith("dies"):
            raise Killed
        if end == "loses the answer" or (call.landed and end != "answers"):
            raise UncertainError("the answer never came")
        if end == "fails":
            raise RetryableError("not now")
        if end == "refuses":
            raise RefusedError("never")

    def look(self, keys: Collection[EffectKey]) -> Mapping[EffectKey, Ref]:
        """Say what stands there. Who looks has waited for what may be under way: that has landed by now."""
        for call in [*self.adrift, *self.calls.values()]:
            if set(call.does) & set(keys):
                self.land(call)
        return {key: self.holds[key] for key in keys if key in self.holds}


class Interleaving(RuleBasedStateMachine):
    """Any order of what two workers do, and of what happens to them."""

    house: ClassVar[Runtime]
    run: ClassVar[Callable[[Coroutine[Any, Any, Any]], Any]]
    figures: ClassVar[Counter[str]]

    @initialize()
    def begin(self) -> None:
        self.vendor, self.tasks, self.held, self.names, self.done = Vendor(), {}, {}, 0, set()
        self.run(self._sql("TRUNCATE inbox, effects, cases, exceptions, deaths, continuity, case_references"))
        self.events_come_in(["a", "a", "", ""])

    async def _sql(self, statement: str) -> Sequence[Any]:
        async with self.house.ledger._engine.begin() as connection:
            answer = await connection.execute(text(statement))
            return answer.all() if answer.returns_rows else []

    @rule(cases=st.lists(st.sampled_from(["a", "b", ""]), min_size=1, max_size=3))
    def events_come_in(self, cases: list[str]) -> None:
        leads = []
        for case in cases:
            self.names += 1
            leads.append(lead(f"form-{self.names}", of=f"company{self.names}", envelope={"subject": case} if case else None))
        parcel = [(Envelope.model_validate(one), one) for one in leads]
        self.run(receive(self.house.ledger, self.house.catalog, parcel))

    @rule(worker=WORKERS, end=st.sampled_from(ANSWERS))
    def a_worker_goes_on(self, worker: str, end: str) -> None:
        """Its call ends, or it takes up what is ready."""
        self.run(self._ends(worker, end) if worker in self.vendor.calls else self._take_up(worker))

    @rule(end=st.sampled_from(ANSWERS))
    def both_workers_go_on(self, end: str) -> None:
        self.a_worker_goes_on("w1", end)
        self.a_worker_goes_on("w2", "answers")

    @rule(worker=WORKERS)
    def a_worker_sleeps_past_its_lease(self, worker: str) -> None:
        self.run(self._lapse(worker))

    @precondition(lambda self: self.tasks)
    @rule(worker=WORKERS)
    def a_worker_is_told_to_stop(self, worker: str) -> None:
        if worker in self.tasks:
            self.run(self._stop(worker))

    @rule(worker=WORKERS)
    def a_worker_prolongs_its_leases(self, worker: str) -> None:
        self.run(self._extend(worker))

    @rule(dead=WORKERS)
    def a_dead_workers_heir_comes(self, dead: str) -> None:
        if dead not in self.tasks:
            self.run(self._inherit(dead))

    @rule()
    def somebody_replays_what_stopped(self) -> None:
        self.run(self._replay())

    @rule()
    def time_passes(self) -> None:
        self.run(self._sql("UPDATE inbox SET not_before = NULL"))

    @invariant()
    def nothing_is_done_twice(self) -> None:
        assert [key for key, times in self.vendor.done.items() if times > 1] == []

    @invariant()
    def a_case_is_worked_on_once_at_a_time(self) -> None:
        assert self.run(self._sql("SELECT case_id FROM inbox WHERE status = 'running' GROUP BY 1 HAVING count(*) > 1")) == []

    @invariant()
    def what_is_done_stays_done(self) -> None:
        done = "SELECT id FROM inbox WHERE status = 'done' UNION ALL SELECT key FROM effects WHERE state = 'done'"
        before, self.done = self.done, {row[0] for row in self.run(self._sql(done))}
        assert before <= self.done

    def teardown(self) -> None:
        if hasattr(self, "tasks"):
            self.run(self._everything_ends_well())

    async def _take_up(self, worker: str) -> None:
        async with self.house.ledger.begin() as books:
            rows = await books.inbox.claim(LEAD, limit=3, worker=worker, seconds=30)
        if rows:
            self.held[worker] = [row.id for row in rows]
            with using(replace(self.house, worker=worker)):
                self.tasks[worker] = asyncio.create_task(self._path(worker, self.held[worker]))
                await asyncio.sleep(0)
            await self._until_it_waits(worker)

    async def _path(self, worker: str, events: Collection[UUID]) -> None:
        """The lead path with one step of each kind."""

        async def act(wanted: Sequence[Wanted[Any]]) -> Mapping[EffectKey, Outcome]:
            await self.vendor.asked(worker, {one.key: [one.key] for one in wanted})
            return {one.key: self.vendor.holds[one.key] for one in wanted}

        async def tell(_channel: str, items: Sequence[Item[Any]], key: EffectKey) -> Ref:
            await self.vendor.asked(worker, {key: [key_of(PATHS[LEAD]["tell_owner"], item) for item in items]})
            return self.vendor.holds[key]

        async def find(keys: Collection[EffectKey]) -> Mapping[EffectKey, Ref]:
            return self.vendor.look(keys)

        async def find_told(_channel: str, keys: Collection[EffectKey]) -> Mapping[EffectKey, Ref]:
            return self.vendor.look(keys)

        async with batch_of(LEAD, events, LeadQualifiedV1) as leads:
            await once(leads, "open_deal", record=lambda item: item.event, act=act, find=find)
            await together(leads, "tell_owner", groups={"#sales": list(leads)}, act=tell, find=find_told)

    async def _until_it_waits(self, worker: str) -> None:
        """Let a worker go on until it waits for a vendor, or has nothing to do any more."""
        task = self.tasks[worker]
        while worker not in self.vendor.calls and not task.done():
            self.vendor.called.clear()
            waits = asyncio.ensure_future(self.vendor.called.wait())
            await asyncio.wait({task, waits}, return_when=asyncio.FIRST_COMPLETED)
            waits.cancel()
        if task.done():
            del self.tasks[worker]
            if not task.cancelled() and (error := task.exception()) and not isinstance(error, (Killed, RetryableError)):
                raise error

    async def _ends(self, worker: str, end: str) -> None:
        self.figures[end] += 1
        self.vendor.calls[worker].end.set_result(end)
        self.vendor.calls.pop(worker)
        await self._until_it_waits(worker)
        if end.startswith("dies") and worker == "w1":  # of w2 nobody hears: its leases end, or its heir comes
            held = self.held[worker]
            async with self.house.ledger.begin() as books:
                mine = [row.id for row in await books.inbox.get(held) if row.leased_by == worker]
                await process_died(books, self.house.catalog, uuid4(), mine, alone=True)

    async def _lapse(self, worker: str) -> None:
        await self._sql(f"UPDATE inbox SET lease_until = now() - interval '1 s' WHERE leased_by = '{worker}'")  # noqa: S608
        async with self.house.ledger.begin() as books:
            self.figures["leases ended"] += len(await leases_ended(books, self.house.catalog))

    async def _stop(self, worker: str) -> None:
        self.tasks[worker].cancel("the worker stops")
        await asyncio.wait({self.tasks[worker]})
        await self._until_it_waits(worker)

    async def _extend(self, worker: str) -> None:
        async with self.house.ledger.begin() as books:
            await books.inbox.extend(worker, runs=[], events=self.held.get(worker, []), seconds=30)

    async def _inherit(self, worker: str) -> None:
        async with self.house.ledger.begin() as books:
            await worker_died(books, self.house.catalog, worker)

    async def _replay(self) -> int:
        try:
            prospects = await replay(self.house.ledger, self.house.catalog, Choice(event_type=LEAD))
        except RefusedError:
            return 0
        return sum(one.becomes is Replay.GOES_ON for one in prospects)

    async def _everything_ends_well(self) -> None:
        """All faults stop: every event gets done once, but for those that come second in a case that has its deal already."""
        for worker in list(self.tasks):
            while worker in self.vendor.calls:
                await self._ends(worker, "answers")
        for _ in range(2 * self.names + 10):
            await self._sql("UPDATE inbox SET not_before = NULL")
            await self._lapse("w1")
            await self._lapse("w2")
            await self._take_up("w1")
            while "w1" in self.vendor.calls:
                await self._ends("w1", "answers")
            if await self._sql("SELECT 1 FROM inbox WHERE status = 'parked' AND holds_up"):
                await self._replay()
            elif not await self._sql("SELECT 1 FROM inbox WHERE status IN ('received', 'running')"):
                break
        ends = await self._sql("SELECT id, case_id, status, holds_up FROM inbox")
        assert {(row.status, row.holds_up) for row in ends} <= {("done", True), ("parked", False)}
        done = [row for row in ends if row.status == "done"]
        assert len(ends) == self.names
        assert {row.case_id for row in ends} == {row.case_id for row in done}
        refused = await self._sql("SELECT event_id FROM exceptions WHERE cause LIKE '%/without/%' AND closed_at IS NULL")
        assert {row.event_id for row in refused} <= {row.id for row in done}
        assert sorted(self.vendor.done.values()) == [1] * (2 * len(done) - len(refused))
        self.figures.update({"examples": 1, "events": len(ends), "effects": len(self.vendor.done)})


def test_whatever_two_workers_do_in_whatever_order_ends_right(database_url: str) -> None:
    """
    Given two workers on one ledger, and a vendor that may answer, lose its answer, fail or refuse
    When they claim, act, die, sleep past their leases, stop, inherit and replay in any order
    Then no effect is made twice, no case is worked on twice at a time, and when all faults stop every event is done.
    """
    with asyncio.Runner() as runner:
        ledger = runner.run(_opened(database_url))
        nobody: list[Any] = [None] * 5
        with using(Runtime(Settings(_env_file=None), catalog(), ledger, *nobody, "nobody", grace=0)) as house:
            figures: Counter[str] = Counter()
            members = {"house": house, "run": staticmethod(runner.run), "figures": figures}
            machine = type("Machine", (Interleaving,), members)
            profile = settings(
                max_examples=FIGURES["examples"],
                stateful_step_count=FIGURES["steps"],
                deadline=None,
                derandomize=FIGURES is SHORT,
                phases=[Phase.explicit, Phase.generate],
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            run_state_machine_as_test(machine, settings=profile)
        runner.run(ledger.close())
    print(dict(figures))  # noqa: T201  (shown by `pytest -s`, and when it fails)
    assert figures["effects"] > 0
    assert any(figures[end] for end in ANSWERS[1:]), "the figures above show what was not tried"


async def _opened(url: str) -> Ledger:
    return Ledger(url, pool=4)
