"""Run once before others start: databases, the ledger's tables as this code needs them, and the copy of what is agreed."""

from __future__ import annotations

import asyncio
import sys

from contracts.errors import TowlineError
from deployments.databases import ensure_databases
from ledger.database import Ledger
from ledger.migrate import migrate
from runtime.in_force import put_in_force
from runtime.logs import configure
from runtime.settings import Settings, load_settings


async def prepare(settings: Settings) -> None:
    """Make the databases that are missing, bring the ledger's tables up to date, and put what is agreed in force."""
    await ensure_databases(settings)
    await migrate(settings.database())
    ledger = Ledger(settings.database(), pool=1)
    try:
        await put_in_force(settings, ledger)
    finally:
        await ledger.close()


def main() -> int:
    """Prepare; one line and exit code 1 where that cannot be."""
    configure("ledger")
    try:
        asyncio.run(prepare(load_settings()))
    except TowlineError as error:
        sys.stderr.write(f"{error.text}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
