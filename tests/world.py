"""The outside world of a test: what vendors hold and were asked, what goes wrong there, and events that come in."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_TLS_INSECURE_SKIP_VERIFY, PREFECT_API_URL, temporary_settings

from contracts.event import Envelope
from deployments.deploy import flow_of
from flows.discovery import discovery
from flows.lead import lead as lead_flow
from ledger.continuity import line
from ledger.deciding import decide
from ledger.intake import receive
from ledger.replaying import Choice, Replay, replay
from lifecycle.continuity import Line
from lifecycle.decisions import Verdict
from runtime.wiring import Runtime

SAMPLES = Path(__file__).parent / "samples"
PATIENCE = 60.0
DAY = datetime(2026, 11, 25, 12, tzinfo=UTC)
"""A moment at which nobody is asleep."""
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing here speaks TLS, and a client that loads all certificates of the machine first takes 30 ms more, each."""


async def until(what: Callable[[], Awaitable[Any]], *, seconds: float = PATIENCE) -> Any:
    """Ask until the answer is something, and return it."""
    for _ in range(int(seconds / 0.1)):
        if answer := await what():
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError("it did not come to pass")


def sample(event: str, name: str) -> dict[str, Any]:
    """Return the data of a sample event of version 1."""
    data: dict[str, Any] = json.loads((SAMPLES / event / "1" / f"{name}.json").read_text())
    return data


def event(event_type: str, name: str, data: Any, **envelope: Any) -> dict[str, Any]:
    """Return an event as a sender writes it."""
    return {
        "specversion": "1.0",
        "id": name,
        "source": "website/demo-form",
        "type": event_type,
        "time": "2026-11-21T09:30:00Z",
        "dataschema": f"{event_type}/1",
        "datacontenttype": "application/json",
        "data": data,
    } | envelope


def lead(
    name: str = "form-1", *, of: str = "northwind", envelope: dict[str, Any] | None = None, **changes: Any
) -> dict[str, Any]:
    """Return a good lead of the company `of`; `changes` replace parts of its data."""
    data = sample("lead.qualified", "website") | {
        "company": {"name": f"{of.title()} GmbH", "domain": f"{of}.example"},
        "person": {"name": "Ada Byron", "email": f"ada@{of}.example", "phone": "+49 30 901820"},
    }
    return event("lead.qualified", name, data | changes, **(envelope or {}))


@dataclass
class Vendors:
    """The sandbox that stands for all vendors, by its control interface."""

    url: str

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control interface and return what it says."""
        async with httpx.AsyncClient(base_url=self.url, verify=NO_TLS, trust_env=False) as client:
            answer = await client.request(method, f"/_sandbox/{path}", json=body, timeout=30)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def fault(self, system: str, operation: str | None = None, **fault: Any) -> None:
        """Make the next call go wrong (or the next `count`)."""
        await self.control("POST", "faults", {"system": system, "operation": operation, **fault})

    async def heal(self) -> None:
        """Take all faults away."""
        await self.control("DELETE", "faults")

    async def objects(self, system: str, kind: str) -> list[dict[str, Any]]:
        """Return what a system holds of a kind, as the vendor shows it; templates and the root folder left out."""
        found = (await self.control("GET", f"objects?system={system}"))[kind]
        return [one["object"] for one in found if not (system == "docs" and _is_ours(one["object"]))]

    async def person_makes(
        self, kind: str, properties: dict[str, str], *, company: str = "", contact: str = "", deal: str = ""
    ) -> dict[str, Any]:
        """Make a CRM record as a person at work there, linked to these; return it."""
        links = [(company, 5 if kind == "deals" else 1), (contact, 3), (deal, 214)]  # HubSpot's numbers of what is linked to what
        associations = [
            {"to": {"id": other}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}]}
            for other, number in links
            if other
        ]
        made = {"system": "crm", "kind": kind, "properties": properties, "associations": associations}
        record: dict[str, Any] = await self.control("POST", "people", made)
        return record

    async def person_changes(
        self, system: str, kind: str, record_id: str, properties: dict[str, Any], *, by: str = "hand"
    ) -> None:
        """Change a record as a person at work in the vendor's own pages, or by an `import` there."""
        change = {"system": system, "kind": kind, "id": record_id, "properties": properties, "by": by}
        await self.control("PATCH", "people", change)

    async def asked(self, *, since: int = 0, system: str | None = None) -> list[dict[str, Any]]:
        """Return the requests after number `since`."""
        requests = await self.control("GET", f"requests?since={since}")
        return [one for one in requests if system in (None, one["system"])]

    async def last_request(self) -> int:
        """Return the number of the last request so far."""
        asked = await self.asked()
        return int(asked[-1]["n"]) if asked else 0

    async def counts(self) -> dict[str, int]:
        """Return how much stands where, of everything that a deal leaves behind."""
        kinds = [("crm", "companies"), ("crm", "contacts"), ("crm", "deals")]
        kinds += [("docs", "folders"), ("docs", "documents"), ("chat", "messages")]
        return {kind: len(await self.objects(system, kind)) for system, kind in kinds}

    async def all_counts(self) -> dict[str, int]:
        """Return how much stands where, of everything that a whole deal leaves behind."""
        kinds = [("crm", "tickets"), ("crm", "notes"), ("billing", "customers"), ("billing", "quotes"), ("billing", "invoices")]
        later = {kind: len(await self.objects(system, kind)) for system, kind in kinds}
        return await self.counts() | later | {"letters": len(await self.objects("mail", "messages"))}


def _is_ours(file: dict[str, Any]) -> bool:
    return file["name"] in ("Towline", "discovery-packet")


@dataclass
class World:
    """A house on an empty ledger, the vendors around it, and a Prefect server that keeps its runs."""

    house: Runtime
    vendors: Vendors
    prefect: str

    async def arrives(self, *events: dict[str, Any]) -> list[UUID]:
        """Let events come in together, as from a gateway; return their ids."""
        parcel = [(Envelope.model_validate(one), one) for one in events]
        return [receipt.id for receipt in await receive(self.house.ledger, self.house.catalog, parcel)]

    async def replayed(self, *events: UUID) -> bool:
        """Replay events; say whether all of them go on."""
        prospects = await replay(self.house.ledger, self.house.catalog, Choice(events))
        return all(one.becomes is Replay.GOES_ON for one in prospects)

    async def run(self, flow: Any, *events: UUID) -> State[Any]:
        """Run a flow for events, as the worker would; return its last state."""
        with temporary_settings({PREFECT_API_URL: self.prefect, PREFECT_API_TLS_INSECURE_SKIP_VERIFY: True}):  # as NO_TLS
            state: State[Any] = await flow(list(events), return_state=True)
        return state

    async def qualify(self, *events: UUID) -> State[Any]:
        """Run the lead path."""
        return await self.run(lead_flow, *events)

    async def discover(self, *events: UUID) -> State[Any]:
        """Run the discovery path for these events, or for all that are ready for it."""
        ready = [row.id for row in await self.events() if row.type == "opportunity.created" and row.status == "received"]
        return await self.run(discovery, *(events or ready))

    async def travels(self, *events: dict[str, Any]) -> list[UUID]:
        """Let leads come in and travel both paths in one batch; return the leads' ids."""
        ids = await self.arrives(*events)
        await self.qualify(*ids)
        await self.discover()
        return ids

    async def happens(self, event_type: str, data: dict[str, Any], name: str = "") -> UUID:
        """Let an event come in and everything that is ready run, with what follows; return its id."""
        (event_id,) = await self.arrives(event(event_type, name or f"{event_type}-1", data, time=None))
        await self.settles()
        return event_id

    async def settles(self) -> None:
        """Run what is ready until nothing moves any more."""
        tried: set[UUID] = set()
        while ready := [row for row in await self.events() if row.status == "received" and row.id not in tried]:
            flow = self.house.catalog[ready[0].type].flow
            same = [row.id for row in ready if row.type == ready[0].type]
            tried.update(same)
            await self.run(flow_of(f"flows.{flow}.{flow}"), *same)

    async def deal_in_discovery(self, *, of: str = "northwind", **changes: Any) -> str:
        """Return the CRM id of a deal that has its discovery packet."""
        (event_id,) = await self.travels(lead(f"form-{of}", of=of, **changes))
        return str((await self.case_of(event_id)).crm_deal_id)

    async def waiting(self) -> Sequence[Any]:
        """Return the decisions that wait."""
        async with self.house.ledger.begin() as books:
            return await books.decisions.waiting()

    async def decides(self, decision: UUID, verdict: Verdict, *, by: str = "head-of-sales", reason: str = "") -> None:
        """Let a person answer a decision, and everything that is ready run."""
        await decide(self.house.ledger, self.house.catalog, decision, verdict, by=by, door="command line", reason=reason)
        await self.settles()

    async def case_of(self, event_id: UUID) -> Any:
        """Return the case of an event."""
        async with self.house.ledger.begin() as books:
            (row,) = await books.inbox.get([event_id])
            return (await books.cases.get([row.case_id]))[row.case_id]

    async def case(self, case_id: UUID) -> Any:
        """Return a case."""
        async with self.house.ledger.begin() as books:
            return (await books.cases.get([case_id]))[case_id]

    async def line(self, case_id: UUID) -> Line:
        """Return a case's continuity line."""
        async with self.house.ledger.begin() as books:
            return line((await books.continuity.of_cases([case_id])).get(case_id, ()))

    async def events(self) -> Sequence[Any]:
        """Return the inbox, oldest first."""
        async with self.house.ledger.begin() as books:
            return list(reversed(await books.inbox.latest(limit=1000)))

    async def status(self, event_id: UUID) -> str:
        """Return where an event stands."""
        async with self.house.ledger.begin() as books:
            (row,) = await books.inbox.get([event_id])
        return str(row.status)

    async def exceptions(self, event_id: UUID, *, closed: bool = False) -> list[Any]:
        """Return an event's open (or closed) exceptions."""
        async with self.house.ledger.begin() as books:
            return [row for row in await books.exceptions.of_event(event_id) if (row.closed_at is not None) == closed]

    async def handed_out(self, event_type: str) -> None:
        """Lease all ready events of a type to this house's worker, as the dispatcher does."""
        async with self.house.ledger.begin() as books:
            await books.inbox.claim(event_type, limit=100, worker=self.house.worker, seconds=30)
