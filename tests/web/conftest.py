"""A gateway on an empty ledger, and somebody who sends to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from ledger.database import Ledger
from tests.web.sender import Sender, gateway


@pytest.fixture
async def client(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    async with gateway(ledger) as found:
        yield found


@pytest.fixture
def sender(client: httpx.AsyncClient) -> Sender:
    return Sender(client)
