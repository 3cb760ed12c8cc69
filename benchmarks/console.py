"""How fast the console answers over a ledger of 10,000 deals, and how soon an open page is told of a change.

python -m benchmarks.console [--cases 10000] [--times 40]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from argon2 import PasswordHasher
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.gateway import gateway, postgres
from benchmarks.house import spread
from ledger.database import Ledger

PASSWORD = "benchmark"  # noqa: S105
FILL = (
    """
INSERT INTO cases (id, account_id, title, owner, stage, amount_minor, currency, crm_deal_id, opened_at, changed_at)
SELECT md5('case' || n)::uuid, md5('account' || n)::uuid, 'Company ' || n, 'sales-' || n % 7,
  (string_to_array('qualified discovery proposed delivery delivered invoiced paid paid paid cancelled', ' '))[1 + n % 10],
  100000 + n * 37 % 5000000, 'EUR', n::text, now() - n * interval '5 minutes', now() - n * interval '4 minutes'
FROM generate_series(1, :cases) AS n
""",
    """
INSERT INTO inbox
  (id, source, external_id, type, contract, case_id, payload, status, occurred_at, received_at, finished_at, attempts)
SELECT md5('event' || n || '/' || k)::uuid, 'benchmark', n || '/' || k, t.type, t.type || '/1', md5('case' || n)::uuid,
  '{"data": {"owner": "sales-1"}}',
  CASE WHEN k = 5 AND n % 20 = 0 THEN 'parked' WHEN k = 5 AND n % 200 = 1 THEN 'received' ELSE 'done' END,
  now() - n * interval '5 minutes' + k * interval '1 minute', now() - n * interval '5 minutes' + k * interval '1 minute',
  CASE WHEN k = 5 AND n % 200 = 1 THEN NULL ELSE now() - n * interval '5 minutes' + k * interval '1 minute 1 second' END, 1
FROM generate_series(1, :cases) AS n, (VALUES (1, 'lead.qualified'), (2, 'opportunity.created'), (3, 'discovery.completed'),
  (4, 'milestone.reached'), (5, 'delivery.completed')) AS t(k, type)
""",
    """
INSERT INTO effects (key, act_key, event_id, case_id, step, system, state, attempts, started_at, finished_at)
SELECT md5('effect' || i.id || s.step)::uuid, md5('effect' || i.id || s.step)::uuid, i.id, i.case_id, s.step, s.system, 'done', 1,
  i.received_at, i.received_at + interval '1 second'
FROM inbox i, (VALUES ('open_deal', 'crm'), ('create_folder', 'docs'), ('tell_owner', 'chat'), ('link', 'crm')) AS s(step, system)
""",
    """
INSERT INTO exceptions
  (event_id, case_id, event_type, contract, cause, reason, route, owner, amount_minor, currency, opened_at, closed_at)
SELECT i.id, i.case_id, i.type, i.contract, 'gate/invoice/rule_' || left(md5(i.external_id), 1), 'why', 'mend it',
  'finance-operations', 1500000, 'EUR', i.received_at, CASE WHEN i.status = 'done' THEN i.finished_at END
FROM inbox i WHERE i.status = 'parked' OR (i.status = 'done' AND i.seq % 10 = 0)
""",
)
"""10,000 deals make 50,000 events, 200,000 changes outside, 500 deals that stopped, and 50 that wait."""
PAGES = (
    "/",
    "/deals",
    "/deals?q=company+77",
    "/deals?stage=proposed",
    "/exceptions",
    "/exceptions?cause={cause}",
    "/stuck",
    "/inbox",
    "/systems",
)


def main() -> None:
    """Fill a ledger, look at it, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=40, help="how often each page is asked for")
    arguments = parser.parse_args()
    with postgres() as url:
        cause = asyncio.run(filled(url.replace("postgresql://", "postgresql+asyncpg://"), arguments.cases))
        with gateway(url) as port:
            asyncio.run(looked_at(url.replace("postgresql://", "postgresql+asyncpg://"), port, cause, arguments.times))


async def filled(url: str, cases: int) -> str:
    """Write deals into the ledger, and somebody who may look at them; return a cause of what stopped."""
    engine, began = create_async_engine(url), time.perf_counter()
    for statement in FILL:
        async with engine.begin() as connection:
            await connection.execute(text(statement), {"cases": cases} if ":cases" in statement else {})
    async with engine.connect() as connection:
        tidy = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await tidy.execute(text("VACUUM ANALYZE"))
    async with engine.begin() as connection:
        found = await connection.execute(text("SELECT cause FROM exceptions WHERE closed_at IS NULL LIMIT 1"))
        cause = str(found.scalar_one())
    await engine.dispose()
    ledger = Ledger(url)
    async with ledger.begin() as books:
        hashed = PasswordHasher().hash(PASSWORD)
        await books.users.add("ada", name="Ada", roles=["viewer"], owners=[], password_hash=hashed)
    await ledger.close()
    print(f"{cases} deals written down within {time.perf_counter() - began:.0f} s")
    return cause


async def looked_at(url: str, port: int, cause: str, times: int) -> None:
    """Ask for each page, one after another; then watch Now while deals move."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        (await client.post("/sign-in", data={"login": "ada", "password": PASSWORD}, follow_redirects=True)).raise_for_status()
        for page in PAGES:
            await client.get(page.format(cause=cause))
            taken = []
            for _ in range(times):
                began = time.perf_counter()
                answer = await client.get(page.format(cause=cause))
                taken.append((time.perf_counter() - began) * 1000)
                if answer.status_code != 200:
                    raise SystemExit(f"{page}: {answer.status_code}")
            spread(f"{page} ({len(answer.content) / 1000:.0f} kB)", taken)
        async with told(client) as parts:
            spread("a deal moves: until an open page is told", [await _moved(url, parts) for _ in range(10)])


@asynccontextmanager
async def told(client: httpx.AsyncClient) -> AsyncIterator[AsyncIterator[str]]:
    """Open the stream of Now, past its first part."""
    async with client.stream("GET", "/now", timeout=60) as answer:
        lines = answer.aiter_lines()
        await _part(lines)
        yield lines


async def _moved(url: str, parts: AsyncIterator[str]) -> float:
    """Move a deal; return the milliseconds from the commit to the part that tells of it."""
    name = f"Moved {time.time_ns()}"
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        values = {"name": name}
        await connection.execute(
            text("UPDATE cases SET title = :name, stage = 'proposed', changed_at = clock_timestamp() WHERE crm_deal_id = '7'"),
            values,
        )
    began = time.perf_counter()
    while name not in await _part(parts):
        pass
    taken = (time.perf_counter() - began) * 1000
    await engine.dispose()
    await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311
    return taken


async def _part(lines: AsyncIterator[str]) -> str:
    """Read the lines of one part, to the empty one behind it."""
    found = []
    async for line in lines:
        if not line:
            return "\n".join(found)
        found.append(line)
    raise SystemExit("the stream has ended")


if __name__ == "__main__":
    main()
