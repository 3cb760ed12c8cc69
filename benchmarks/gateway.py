"""How fast the gateway accepts: posts signed leads over several connections to a gateway process on an embedded PostgreSQL.

python -m benchmarks.gateway [--leads 847] [--connections 16]
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import os
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.bare import burst
from benchmarks.house import lead
from deployments.postgres import EmbeddedPostgres
from ledger.migrate import migrate

SECRET = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def main() -> None:
    """Start, post, print, stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=847)
    parser.add_argument("--connections", type=int, default=16)
    arguments = parser.parse_args()
    with postgres() as url, gateway(url) as port:
        for title, leads in (("cold", arguments.leads), ("warm", arguments.leads), ("long", 10 * arguments.leads)):
            seconds, times, answers = uvloop.run(burst(port, named(title, leads), SECRET, arguments.connections))
            show(f"{title}: {leads} leads, {arguments.connections} connections", seconds, times, answers)
        _, times, answers = uvloop.run(burst(port, named("single", 100), SECRET, 1))
        show("100 leads, one after the other", sum(times), times, answers)


def named(title: str, number: int) -> list[dict[str, Any]]:
    """Return leads of a burst."""
    return [lead(f"{title}-{n}") for n in range(number)]


def show(title: str, seconds: float, times: list[float], answers: Counter[int]) -> None:
    """Print the figures of a burst."""
    cuts = statistics.quantiles(times, n=100)
    figures = f"median {cuts[49] * 1000:.1f} ms  p95 {cuts[94] * 1000:.1f} ms  p99 {cuts[98] * 1000:.1f} ms"
    print(
        f"{title}: {figures}  longest {max(times) * 1000:.1f} ms  {len(times) / seconds:.0f} accepts/s  answers {dict(answers)}"
    )


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL of the benchmark's own; gives the ledger's URL."""
    folder = Path(tempfile.mkdtemp(prefix="towline-bench-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder / "data", folder / "data")
    server.prepare()
    process = server.start(folder / "log")
    try:
        server.create_database("towline")
        asyncio.run(migrate(f"postgresql+asyncpg://postgres@/towline?host={server.sockets}"))
        yield f"postgresql://postgres@/towline?host={server.sockets}"
    finally:
        os.kill(process.pid, signal.SIGINT)
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def gateway(url: str) -> Iterator[int]:
    """A gateway process; gives its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    settings = {
        "TOWLINE_DATABASE_URL": url,
        "TOWLINE_PORT": str(port),
        "TOWLINE_EVENTS_SECRETS": SECRET,
        "TOWLINE_CRM_WEBHOOK_SECRETS": "benchmark",
        "TOWLINE_BILLING_WEBHOOK_SECRETS": "benchmark",
        "TOWLINE_API_TOKEN": "benchmark",
    }
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "web"], env=os.environ | settings)
    try:
        while not answers_at(port):
            time.sleep(0.01)
        print(f"gateway up after {time.perf_counter() - began:.2f} s")
        yield port
    finally:
        process.terminate()
        process.wait(20)


def answers_at(port: int) -> bool:
    """Say whether something listens at a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    main()
