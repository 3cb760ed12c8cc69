"""The command line on a ledger of the test's own, and what it wrote to either stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest

from cli.main import run
from contracts.catalog import catalog
from contracts.event import Envelope
from ledger.database import Ledger
from ledger.intake import Receipt, receive

T = TypeVar("T")
LEAD: dict[str, Any] = {
    "company": {"name": "Northwind GmbH", "domain": "northwind.example"},
    "person": {"name": "Ada Byron", "email": "ada@northwind.example"},
    "owner": "sales-1",
}


class Said(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Towline = Callable[..., Said]
Look = Callable[[Callable[[Ledger], Awaitable[Any]]], Any]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A state folder of the test's own."""
    return tmp_path / "home"


@pytest.fixture
def towline(
    database_url: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Towline:
    """Run a command on this test's ledger."""
    monkeypatch.chdir(tmp_path)  # no .env of the project
    monkeypatch.setenv("TOWLINE_HOME", str(home))
    monkeypatch.setenv("TOWLINE_DATABASE_URL", database_url)

    def typed(*arguments: str) -> Said:
        capsys.readouterr()
        code = run(arguments)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return typed


@pytest.fixture
def look(database_url: str) -> Look:
    """Ask this test's ledger something, or do something to it."""

    def asked(question: Callable[[Ledger], Awaitable[T]]) -> T:
        async def ask() -> T:
            book = Ledger(database_url, pool=2)
            try:
                return await question(book)
            finally:
                await book.close()

        return asyncio.run(ask())

    return asked


@pytest.fixture
def received(look: Look) -> Callable[..., Receipt]:
    """Take a lead in, as the gateway would."""

    def take(name: str, data: Mapping[str, Any] = LEAD) -> Receipt:
        event = {"specversion": "1.0", "id": name, "source": "test", "type": "lead.qualified", "data": data}
        (receipt,) = look(lambda book: receive(book, catalog(), [(Envelope.model_validate(event), event)]))
        assert isinstance(receipt, Receipt)
        return receipt

    return take
