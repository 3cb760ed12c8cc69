"""Run once before others start: the databases are there, and the ledger's tables have the shape this code needs."""

from __future__ import annotations

import asyncio
import sys

from contracts.errors import TowlineError
from deployments.databases import ensure_databases
from ledger.migrate import migrate
from runtime.settings import Settings, load_settings


async def prepare(settings: Settings) -> None:
    """Make the databases that are missing, and bring the ledger's tables up to date."""
    await ensure_databases(settings)
    await migrate(settings.database())


def main() -> int:
    """Prepare; one line and exit code 1 where that cannot be."""
    try:
        asyncio.run(prepare(load_settings()))
    except TowlineError as error:
        sys.stderr.write(f"{error.text}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
