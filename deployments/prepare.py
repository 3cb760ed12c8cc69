"""What must have been done before others start, as processes that end: `ledger` (databases, tables) and `deployments`."""

from __future__ import annotations

import asyncio
import sys

from contracts.errors import TowlineError
from runtime.settings import Settings, load_settings


async def ledger(settings: Settings) -> None:
    """Make the databases, and bring the ledger's tables to the shape this code needs."""
    from deployments.databases import ensure_databases
    from ledger.migrate import migrate

    await ensure_databases(settings)
    await migrate(settings.database())


async def deployments(settings: Settings) -> None:
    """Make the work pool and the deployments of the catalog."""
    from deployments.deploy import deploy

    await deploy(settings)


def main() -> int:
    """Do the preparation named on the command line; one line and exit code 1 where that cannot be."""
    try:
        asyncio.run({"ledger": ledger, "deployments": deployments}[sys.argv[1]](load_settings()))
    except TowlineError as error:
        sys.stderr.write(f"{error.text}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
