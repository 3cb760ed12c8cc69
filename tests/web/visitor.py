"""Somebody at a browser: signs in, reads pages, and sends the forms that stand on them."""

from __future__ import annotations

import re
from typing import Any

import httpx
from argon2 import PasswordHasher

from ledger.database import Ledger

PASSWORD = "correct horse battery"
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


class Visitor:
    """A browser with its cookies."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def sign_in(self, login: str, password: str = PASSWORD, *, back: str = "/") -> httpx.Response:
        return await self.client.post("/sign-in", data={"login": login, "password": password, "next": back})

    async def form_token(self) -> str:
        """What the forms of this session carry."""
        found = re.search(r'name="form_token" value="([0-9a-f]+)"', (await self.client.get("/")).text)
        return found[1] if found else ""

    async def send(self, path: str, /, **fields: Any) -> httpx.Response:
        """Send a form of our own page."""
        return await self.client.post(path, data={"form_token": await self.form_token(), **fields})


async def known(ledger: Ledger, login: str, *roles: str, owners: tuple[str, ...] = ()) -> None:
    """Let somebody sign in."""
    async with ledger.begin() as books:
        await books.users.add(login, name=f"{login.title()} of Towline", roles=roles, owners=owners, password_hash=HASH)
