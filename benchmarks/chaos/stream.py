"""A steady stream of deals and everybody who acts on them: senders and people who repeat what was not acknowledged.

It knows what was accepted without asking the house: every sender goes on until it has a 2xx, every person until the vendor has
taken the change.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.chaos.scripts import SCRIPTS, Act
from benchmarks.house import House, lead
from contracts.catalog import catalog
from contracts.errors import RefusedError, TowlineError
from ledger.database import Ledger
from ledger.deciding import decide
from lifecycle import keys
from lifecycle.decisions import Verdict

LOOK = text(
    """
SELECT c.id, c.stage, c.crm_deal_id, c.amount_minor,
       (SELECT d.id FROM decisions d WHERE d.case_id = c.id AND d.state = 'waiting') AS decision,
       (SELECT e.vendor_id FROM effects e WHERE e.case_id = c.id AND e.step = 'open_request' AND e.state = 'done') AS request,
       (SELECT e.vendor_id FROM effects e WHERE e.case_id = c.id AND e.step = 'finalise_invoice' AND e.state = 'done'
        ORDER BY e.finished_at DESC LIMIT 1) AS invoice,
       (SELECT count(*) FROM inbox i WHERE i.case_id = c.id AND (i.status IN ('received', 'running', 'waiting')
        OR i.status = 'parked' AND i.holds_up)) AS open,
       (SELECT jsonb_object_agg(t.type, t.number) FROM (SELECT i.type, count(*) AS number FROM inbox i
        WHERE i.case_id = c.id GROUP BY i.type) t) AS arrived
FROM cases c WHERE c.id = ANY(:cases)
"""
)
UNHEARD = 75.0
"""Seconds after which a person whose act started nothing starts the path by a signed event: the vendor's webhook was lost."""
PAUSE = 0.3
FOUND_DAILY = ("payment.confirmed", "invoice.voided")
GONE = (httpx.HTTPError, SQLAlchemyError, TowlineError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


@dataclass
class Deal:
    """One deal under way, and how far its people are with it."""

    name: str
    script: str
    begun: float
    case: UUID
    done: int = 0
    acted_at: float = 0.0
    expected: Counter[str] = field(default_factory=Counter)
    ended: float = 0.0
    starts: int = 0
    """How often a person had to start a path by hand, because nobody had heard of what they did."""

    @property
    def act(self) -> Act | None:
        """What its people do next, None when they have done everything."""
        acts = SCRIPTS[self.script]
        return acts[self.done] if self.done < len(acts) else None


class Stream:
    """Deals that begin one after another, each carried through its script."""

    def __init__(self, house: House, ledger: Ledger, engine: AsyncEngine, *, seed: int, a_second: float, at_most: int) -> None:
        self._house, self._ledger, self._engine = house, ledger, engine
        self._seed, self._a_second, self._at_most = seed, a_second, at_most
        self._scripts = itertools.cycle(SCRIPTS)
        self._dice = random.Random(seed)  # noqa: S311  (so that a run can be run again; guards nothing)
        self.deals: list[Deal] = []
        self.accepted: dict[str, UUID] = {}
        """Our id of every event that a sender was told was taken, by the sender's id."""
        self.answers: Counter[str] = Counter()
        self.faults: list[BaseException] = []
        """Mistakes of our own: somebody in this play could not go on."""
        self._working: set[asyncio.Task[None]] = set()
        self._acting: set[str] = set()

    @property
    def under_way(self) -> list[Deal]:
        """The deals that are not at their end."""
        return [deal for deal in self.deals if not deal.ended]

    async def run(self, stop: asyncio.Event) -> None:
        """Begin deals until told to stop."""
        while not stop.is_set():
            if len(self.under_way) < self._at_most:
                self._begin()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._dice.uniform(0.5, 1.5) / self._a_second)

    async def act(self) -> None:
        """Look at all deals and do what their people do next, until cancelled."""
        while True:
            with contextlib.suppress(*GONE):
                await self._look()
            await asyncio.sleep(PAUSE)

    def _begin(self) -> None:
        name = f"chaos{self._seed}n{len(self.deals):05}"
        script = next(self._scripts)
        deal = Deal(name, script, time.monotonic(), keys.case_id("benchmark", name))
        self.deals.append(deal)
        self._work(self.send(lead(name)))

    async def send(self, event: dict[str, Any]) -> None:
        """Post a signed event until somebody has taken it."""
        while True:
            try:
                taken, _ = await self._house.post(event)
            except httpx.HTTPStatusError as error:
                self.answers[str(error.response.status_code)] += 1
            except httpx.HTTPError as error:
                self.answers[type(error).__name__] += 1
            else:
                self.accepted[event["id"]] = UUID(taken)
                return
            await asyncio.sleep(0.3)

    def _work(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._worked)

    def _worked(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        if not task.cancelled() and (fault := task.exception()):
            self.faults.append(fault)

    async def _look(self) -> None:
        waiting = {deal.case: deal for deal in self.under_way if deal.name not in self._acting}
        async with self._engine.connect() as connection:
            rows = (await connection.execute(LOOK, {"cases": list(waiting)})).all()
        for row in rows:
            self._next(waiting[UUID(str(row.id))], row)

    def _next(self, deal: Deal, row: Any) -> None:
        arrived = Counter(row.arrived or {})
        unheard = [event for event, number in deal.expected.items() if arrived[event] < number]
        if row.open or unheard:
            if not row.open and time.monotonic() - deal.acted_at > UNHEARD:
                deal.acted_at = time.monotonic()
                deal.starts += 1
                self._work(self._starts(deal, unheard[0], row))
            return
        act = deal.act
        if act is None:
            deal.ended = time.monotonic()
        elif row.stage == act.stage and (act.name != "approve" or row.decision):
            deal.expected = arrived + Counter(act.brings)
            self._acting.add(deal.name)
            self._work(self._does(deal, act, row))

    async def _does(self, deal: Deal, act: Act, row: Any) -> None:
        while True:
            try:
                await self._acts(deal, act, row)
            except RefusedError:
                break  # somebody has answered already: our own answer of a moment ago, whose end we did not see
            except GONE:
                await asyncio.sleep(0.5)
            else:
                break
        deal.done, deal.acted_at = deal.done + 1, time.monotonic()
        self._acting.discard(deal.name)

    async def _acts(self, deal: Deal, act: Act, row: Any) -> None:
        crm, bill = str(row.crm_deal_id), str(row.invoice)
        doing: dict[str, Callable[[], Awaitable[None]]] = {
            "discover": lambda: self._changes("crm", "deals", crm, dealstage="decisionmakerboughtin"),
            "approve": lambda: self._approves(row.decision),
            "reach a milestone": lambda: self._changes("crm", "tickets", row.request, towline_milestone="Go-live"),
            "change the offer": lambda: self.send(_event("change.requested", deal.name, _changed(crm))),
            "close the request": lambda: self._changes("crm", "tickets", row.request, hs_pipeline_stage="4"),
            "wait too long": lambda: self.send(_overdue(deal.name, crm, bill)),
            "decline": lambda: self._changes("billing", "invoices", bill, status="payment_failed"),
            "void": lambda: self._changes("billing", "invoices", bill, status="void"),
            "close the request again": lambda: self._closes_again(row.request),
            "pay": lambda: self._changes("billing", "invoices", bill, status="paid"),
            "refund": lambda: self._changes("billing", "invoices", bill, status="refunded"),
            "give up": lambda: self._changes("crm", "deals", crm, dealstage="closedlost"),
        }
        await doing[act.name]()

    async def _closes_again(self, request: str) -> None:
        await self._changes("crm", "tickets", request, hs_pipeline_stage="1")
        await self._changes("crm", "tickets", request, hs_pipeline_stage="4")

    async def _changes(self, system: str, kind: str, record: str, **properties: str) -> None:
        """Change a record as a person; a change that is refused was made before, and only its answer was lost."""
        change = {"system": system, "kind": kind, "id": record, "properties": properties}
        answer = await self._house.client.patch(f"{self._house.settings.sandbox_url}/_sandbox/people", json=change, timeout=20)
        if answer.status_code != httpx.codes.BAD_REQUEST:
            answer.raise_for_status()

    async def _approves(self, decision: Any) -> None:
        await decide(self._ledger, catalog(), UUID(str(decision)), Verdict.APPROVE, by="head-of-sales", door="command line")

    async def _starts(self, deal: Deal, event_type: str, row: Any) -> None:
        """Start what nobody heard of: the daily look finds payments and voided invoices, a signed event tells of the rest."""
        data = {"deal_id": str(row.crm_deal_id)}
        if event_type in FOUND_DAILY:
            with contextlib.suppress(*GONE):
                await self.run_now("ageing", "Look at open invoices")
            return
        if event_type == "milestone.reached":
            data["milestone"] = "Go-live"
        if event_type.startswith("payment."):
            data |= {"invoice_id": str(row.invoice), "amount": {"minor": row.amount_minor, "currency": "EUR"}}
        await self.send(_event(event_type, f"{deal.name}-{deal.starts}", data))

    async def run_now(self, flow: str, deployment: str) -> None:
        """Run an operating flow now, as a person would in Prefect."""
        prefect = self._house.settings.prefect_url
        found = await self._house.client.get(f"{prefect}/deployments/name/{flow}/{deployment}")
        address = f"{prefect}/deployments/{found.raise_for_status().json()['id']}/create_flow_run"
        (await self._house.client.post(address, json={})).raise_for_status()


def _event(event_type: str, name: str, data: dict[str, Any]) -> dict[str, Any]:
    own = {"id": f"{name}/{event_type}", "type": event_type, "dataschema": f"{event_type}/1", "data": data}
    return lead(name) | own | {"subject": f"deal-{data['deal_id']}"}


def _overdue(name: str, deal: str, invoice: str) -> dict[str, Any]:
    return _event("invoice.overdue", name, {"deal_id": deal, "invoice_id": invoice, "days": 7})


def _changed(deal: str) -> dict[str, Any]:
    """The whole new offer: what the lead asked for, and a little more."""
    lines = [
        {"description": "Implementation", "amount": {"minor": 1500000, "currency": "EUR"}},
        {"description": "Interface to the warehouse", "amount": {"minor": 450000, "currency": "EUR"}},
    ]
    return {"deal_id": deal, "owner": "sales-1", "service": "implementation", "lines": lines, "payment_days": 30}
