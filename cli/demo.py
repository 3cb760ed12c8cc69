"""The sample deals of `towline up --demo`, carried side by side in the sandbox, shown live, and summed up at the end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import httpx

from cli.books import open_ledger
from cli.deals import SCRIPTS, Stage
from cli.hands import Hands
from cli.lanes import Lane, Lanes
from cli.output import console, print_table
from cli.walk import Walk
from contracts.errors import TowlineError
from ledger.database import Ledger
from runtime.settings import Settings

SYSTEMS = ("crm", "docs", "chat", "mail", "billing")


async def run_demo(settings: Settings) -> None:
    """Carry the sample deals and show them until they are finished; what goes wrong is said in one line, and the stack stays."""
    if real := [f"TOWLINE_{system.upper()}" for system in SYSTEMS if getattr(settings, system)]:
        console().print(f"demo: sample deals travel in the sandbox only, and {', '.join(real)} names a vendor: none is sent")
        return
    try:
        async with open_ledger(settings) as ledger, httpx.AsyncClient(base_url=settings.sandbox_url, timeout=30) as client:
            await _carry(settings, ledger, Hands(client))
    except Exception as error:  # the stack must stay, whatever happens to its samples
        console().print(f"demo: {_said(error)}", style="red", markup=False)


async def _carry(settings: Settings, ledger: Ledger, hands: Hands) -> None:
    deals = [Lane(title) for title in SCRIPTS]
    with Lanes(deals) as lanes:
        walks = [Walk(ledger, lanes, deal) for deal in deals]
        stage = Stage(settings, ledger, hands, lanes, walks)
        async with _counted(ledger, walks):
            await asyncio.gather(*(_played(stage, walk, SCRIPTS[walk.lane.title]) for walk in walks))
        seconds = lanes.seconds
    await _sum_up(settings, ledger, walks, seconds)


async def _played(stage: Stage, walk: Walk, script: Callable[[Stage, Walk], Awaitable[str]]) -> None:
    """Play one deal to its end; one that fails holds up no other."""
    try:
        stage.lanes.say(walk.lane, await script(stage, walk), state="done", keep=True)
    except Exception as error:
        stage.lanes.say(walk.lane, _said(error), state="failed", keep=True)
    finally:
        walk.lead_is_through.set()


def _said(error: Exception) -> str:
    """An error in one line; the text of one that nobody foresaw may hold personal data, so it is left out."""
    return error.text if isinstance(error, TowlineError) else f"this should not happen: {type(error).__name__}"


@contextlib.asynccontextmanager
async def _counted(ledger: Ledger, walks: Sequence[Walk]) -> AsyncIterator[None]:
    """Keep the lanes' figures up to date, and right at the end."""
    task = asyncio.create_task(_keep_counting(ledger, walks))
    try:
        yield
        await _look(ledger, walks)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep_counting(ledger: Ledger, walks: Sequence[Walk]) -> None:
    while True:
        with contextlib.suppress(TowlineError):  # whoever plays the deal says it
            await _look(ledger, walks)
        await asyncio.sleep(0.2)


async def _look(ledger: Ledger, walks: Sequence[Walk]) -> None:
    async with ledger.begin() as books:
        for walk in walks:
            counted = await walk.count(books)
            walk.lane.events, walk.lane.effects = counted.events, counted.effects


async def _sum_up(settings: Settings, ledger: Ledger, walks: Sequence[Walk], seconds: float) -> None:
    async with ledger.begin() as books:
        counts = [await walk.count(books) for walk in walks]
        cases = {walk.lane.title: await walk.case_id(books) for walk in walks}
    out = console()
    out.print()
    rows = [(w.lane.title, w.lane.state, c.events, c.effects, c.opened, c.closed) for w, c in zip(walks, counts, strict=True)]
    sums = [sum(getattr(c, name) for c in counts) for name in ("events", "effects", "opened", "closed")]
    columns = ("deal", "ended", "events", "effects", "exceptions opened", "closed")
    print_table(columns, [*rows, (f"in {seconds:.1f} s", "", *sums)])
    out.print("\nwhere to look:")
    places = {
        "console": settings.gateway_url,
        "Prefect UI": f"{settings.prefect_ui}/runs",
        "the five systems": settings.sandbox_url,
    }
    for what, url in places.items():
        out.print(f"  {what:18} {url}", markup=False)
    for title, case in cases.items():
        if case:
            out.print(f"  {title:18} towline case {case}", markup=False)
