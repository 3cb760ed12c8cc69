"""The web application, put together from its parts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from connectors.drift import Drift
from contracts.catalog import Catalog, catalog
from contracts.errors import MisconfiguredError
from ledger.database import Ledger, noting
from runtime.in_force import until_changed
from runtime.settings import Settings, load_settings
from web.answers import HANDLERS, ProblemError
from web.api import routes as api
from web.console import (
    contracts,
    data_docs,
    deals,
    decisions,
    documents,
    exceptions,
    inbox,
    owners,
    page,
    runbooks,
    signing,
    systems,
    watch,
)
from web.console.problem import in_words
from web.gateway import health, intake, interactions
from web.gateway.again import read_again
from web.gateway.counter import Counter
from web.gateway.sources import open_sources
from web.guard import Guard
from web.house import House
from web.live import Live
from web.metrics import Metrics
from web.quotas import Quotas


def create_app(
    settings: Settings, ledger: Ledger, agreed: Catalog, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Guard:
    """Build the application; it closes the ledger when it shuts down.

    Raises:
        MisconfiguredError: a secret or the API token is missing.
    """
    if not settings.api_token:
        raise MisconfiguredError("TOWLINE_API_TOKEN: is not set, and /api must not answer everybody")
    counter, sources, drift = Counter(ledger, agreed), open_sources(settings), Drift(noting(ledger))
    house = House(settings, agreed, ledger, counter, sources, Metrics(), drift, Live(ledger), Quotas(), now)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await health.warm_up(house)
        beside = [asyncio.create_task(work) for work in (_end_with_a_change(settings, ledger), read_again(house))]
        yield
        for task in beside:
            task.cancel()
        await ledger.close()

    gateway = (intake, interactions, health, api)
    console = (
        page,
        watch,
        inbox,
        systems,
        runbooks,
        data_docs,
        signing,
        deals,
        exceptions,
        decisions,
        documents,
        contracts,
        owners,
    )
    parts = (*gateway, *console)
    routes = [route for part in parts for route in part.routes(house)]
    starlette = Starlette(
        routes=routes,
        exception_handlers={**HANDLERS, ProblemError: in_words(house), HTTPException: in_words(house)},
        lifespan=lifespan,
    )
    starlette.router.redirect_slashes = False
    return Guard(starlette, house.metrics, house.live)


async def _end_with_a_change(settings: Settings, ledger: Ledger) -> None:
    """End as if told to, once something else is agreed: whoever keeps this gateway running starts it again, and it reads that."""
    await until_changed(settings, ledger)
    os.kill(os.getpid(), signal.SIGTERM)


def app() -> Guard:
    """Build the application from the settings. Raises MisconfiguredError."""
    settings = load_settings()
    return create_app(settings, Ledger(settings.database()), catalog())
