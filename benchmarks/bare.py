"""Posting over bare sockets: a full HTTP client costs as much CPU as the gateway that is measured."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import httptools
import orjson

from connectors.standard_hooks import sign


async def burst(
    port: int, events: Sequence[dict[str, Any]], secret: str, connections: int
) -> tuple[float, list[float], Counter[int]]:
    """Post events at once; return the seconds it took, each answer's seconds, and how many answers had which status."""
    waiting = iter([request(event, secret) for event in events])
    times: list[float] = []
    answers: Counter[int] = Counter()
    began = time.perf_counter()
    await asyncio.gather(*(sender(port, waiting, times, answers) for _ in range(connections)))
    return time.perf_counter() - began, times, answers


def request(event: dict[str, Any], secret: str) -> bytes:
    """Return a signed event as the bytes of an HTTP request."""
    body = orjson.dumps(event)
    headers = sign(secret, event["id"], datetime.now(UTC), body) | {
        "host": "127.0.0.1",
        "content-type": "application/json",
        "content-length": str(len(body)),
    }
    head = "".join(f"{field}: {value}\r\n" for field, value in headers.items())
    return f"POST /events HTTP/1.1\r\n{head}\r\n".encode() + body


async def sender(port: int, waiting: Iterator[bytes], times: list[float], answers: Counter[int]) -> None:
    """Post over one connection what nobody has posted yet."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for one in waiting:
        began = time.perf_counter()
        writer.write(one)
        answers[await answer(reader)] += 1
        times.append(time.perf_counter() - began)
    writer.close()
    await writer.wait_closed()


class Answer:
    """Collects one HTTP answer."""

    done = False

    def on_message_complete(self) -> None:
        """Note that it is whole."""
        self.done = True


async def answer(reader: asyncio.StreamReader) -> int:
    """Read one answer and return its status."""
    found = Answer()
    parser = httptools.HttpResponseParser(found)
    while not found.done:
        parser.feed_data(await reader.read(65536))
    return int(parser.get_status_code())
