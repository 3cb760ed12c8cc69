"""Everything that was written down somewhere, as text, to look for what must not stand there."""

from __future__ import annotations

import asyncio

from deployments.postgres import EmbeddedPostgres
from tests.world import World, until


def tables(postgres: EmbeddedPostgres, database: str) -> list[str]:
    """Return the names of a database's tables."""
    return postgres.psql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database).split()


def content(postgres: EmbeddedPostgres, database: str, tables: list[str]) -> str:
    """Return every row of every column of these tables."""
    return "".join(postgres.psql(f'COPY "{table}" TO STDOUT', database) for table in tables)


def database_of(world: World) -> str:
    """Return the name of the ledger's database."""
    url = world.house.settings.database_url or ""
    return url.partition("@/")[2].partition("?")[0]


async def told_everything(world: World, postgres: EmbeddedPostgres, events: str, last_task: str) -> None:
    """Wait until Prefect has stored what our runs for events of a type had to say: the last task of each is there."""
    runs = {row.flow_run_id for row in await world.events() if (row.type, row.status) == (events, "done")}
    quoted = ", ".join(f"'{run}'" for run in runs)
    count = f"SELECT count(*) FROM task_run WHERE name LIKE '{last_task}%' AND flow_run_id IN ({quoted})"  # noqa: S608

    async def stored() -> bool:
        return int(await asyncio.to_thread(postgres.psql, count, "prefect")) >= len(runs)

    await until(stored, seconds=10)
