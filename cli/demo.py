"""The sample deals of `towline up --demo`: one lead that becomes an opportunity with a packet, and one that the gate stops."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cli.books import open_ledger
from cli.output import console
from cli.posting import post
from contracts.errors import TowlineError
from ledger.database import Books, Ledger
from ledger.trace import effects_of
from runtime.settings import Settings

LONGEST_WAIT = 60.0
FINISHED = frozenset({"done", "parked", "quarantined", "undone"})
GOOD = {
    "company": {"name": "Northwind GmbH", "domain": "northwind.example"},
    "person": {"name": "Ada Byron", "email": "ada@northwind.example", "phone": "+49 30 901820"},
    "amount": {"minor": 1500000, "currency": "EUR"},
    "service": "implementation",
    "owner": "sales-1",
    "confidence": 0.93,
}
DOUBTFUL = {
    **GOOD,
    "company": {"name": "Contoso AG", "domain": "contoso.example"},
    "person": {"name": "Grace Hopper", "email": "grace@contoso.example"},
    "confidence": 0.2,
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A deal of the demo: what people call it, and the event that began it."""

    title: str
    event: UUID


async def run_demo(settings: Settings) -> None:
    """Send the sample leads and tell their way until they are finished; what goes wrong is told too, and the stack stays."""
    try:
        samples = [
            Sample("Northwind (a good lead)", await _send(settings, "northwind", GOOD)),
            Sample("Contoso (a doubtful one)", await _send(settings, "contoso", DOUBTFUL)),
        ]
        async with open_ledger(settings) as ledger:
            async for line in _told(ledger, samples):
                console().print(line)
    except TowlineError as error:
        console().print(f"[red]demo:[/] {error.text}")


async def _send(settings: Settings, name: str, data: Mapping[str, Any]) -> UUID:
    now = datetime.now(UTC)
    event = {
        "specversion": "1.0",
        "id": f"demo-{name}-{now:%Y%m%dT%H%M%S%f}",
        "source": "towline/demo",
        "type": "lead.qualified",
        "time": now.isoformat(),
        "dataschema": "lead.qualified/1",
        "datacontenttype": "application/json",
        "data": data,
    }
    answer = await asyncio.to_thread(post, settings, event)
    console().print(f"[bold]sent[/] {event['id']}: {answer['status']}")
    return UUID(answer["id"])


async def _told(ledger: Ledger, samples: Sequence[Sample]) -> AsyncIterator[str]:
    """Yield a line for each thing that happens to the samples, until all are finished."""
    seen: set[str] = set()
    begun = time.monotonic()
    while time.monotonic() - begun < LONGEST_WAIT:
        finished = True
        for sample in samples:
            is_over, happened = await _look(ledger, sample)
            finished &= is_over
            for name, line in happened.items():
                if name not in seen:
                    seen.add(name)
                    yield f"{time.monotonic() - begun:6.2f} s  {sample.title}: {line}"
        if finished:
            return
        await asyncio.sleep(0.1)
    yield f"[yellow]not finished after {LONGEST_WAIT:.0f} s[/]; `towline events` shows how it goes on"


async def _look(ledger: Ledger, sample: Sample) -> tuple[bool, dict[str, str]]:
    """Whether a sample's events are all finished, and what has happened to them so far, by a name of its own."""
    happened: dict[str, str] = {}
    async with ledger.begin() as books:
        (first,) = await books.inbox.get([sample.event])
        events = await books.inbox.of_case(first.case_id)
        for event in events:
            happened |= await _story(books, event)
    return all(event.status in FINISHED for event in events), happened


async def _story(books: Books, event: Row[Any]) -> dict[str, str]:
    done = [effect for effect in await effects_of(books, event) if effect.state == "done"]
    story = {str(effect.key): f"{effect.step.replace('_', ' ')} [dim]({effect.system})[/]" for effect in done}
    for stop in await books.exceptions.of_event(event.id):
        story[f"exception {stop.id}"] = f"[yellow]stopped[/] for {stop.owner}: {stop.reason}"
    if event.status in FINISHED:
        colour = "green" if event.status == "done" else "yellow"
        story[f"{event.id} {event.status}"] = f"[{colour}]{event.type} {event.status}[/]"
    return story
