"""People in chat: a sandbox that tells a gateway in process what they do there, and a house whose desk works it off."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import uvicorn

from contracts.catalog import catalog
from contracts.event import Envelope
from contracts.records import Message, Ref, Wanted
from deployments.asks import Asks
from deployments.desk import Desk
from ledger.database import Ledger
from ledger.decisions import NewDecision
from ledger.effects import Intent
from ledger.intake import receive
from ledger.tables import EffectState
from lifecycle.asking import ask_message, asked_of
from lifecycle.keys import effect_key
from runtime.settings import Settings
from runtime.wiring import Runtime, assembled
from sandbox.app import create_app as create_sandbox
from sandbox.settings import Settings as SandboxSettings
from tests.cli.asking import ask, case_called, question
from tests.world import Vendors, event
from web.app import create_app

SECRET = "signing-secret"
URL = "http://gateway.test"
SECRETS: dict[str, Any] = {
    "events_secrets": ("whsec_c2VjcmV0",),
    "crm_webhook_secrets": ("crm",),
    "billing_webhook_secrets": ("billing",),
    "chat_signing_secrets": (SECRET,),
    "api_token": "token",
}


@dataclass
class Talk:
    """The house, its vendors, and what people do in chat."""

    house: Runtime
    vendors: Vendors
    gateway: httpx.AsyncClient

    async def asks(self, *decisions: NewDecision, channel: str = "#deals") -> str:
        """Ask for decisions in one message, as the proposal path does; return the message's place."""
        events = await self._events(len(decisions))
        found = [NewDecision(**{**_fields(one), "event_id": number}) for one, number in zip(decisions, events, strict=True)]
        await ask(self.house.ledger, *found)
        async with self.house.ledger.begin() as books:
            rows = [(await books.decisions.get([one.id]))[one.id] for one in found]
        shown = [asked_of(row, self.house.catalog.owners) for row in rows]
        text, paragraphs = ask_message("discovery.completed", shown, with_buttons=True)
        ref = await self.house.chat.post(Wanted(uuid4(), Message(channel, text, paragraphs)))
        intents = [
            Intent(effect_key(one.event_id, "ask_approval"), uuid4(), one.event_id, one.case_id, "ask_approval", "chat", None)
            for one in found
        ]
        async with self.house.ledger.begin() as books:
            await books.effects.intend(intents)
            outcomes = {intent.key: Ref(ref.id) for intent in intents}
            await books.effects.settle(outcomes, dict.fromkeys(outcomes, EffectState.DONE))
        return ref.id

    async def _events(self, number: int) -> list[UUID]:
        made = [event("discovery.completed", f"d{uuid4()}", {"deal_id": str(n)}) for n in range(number)]
        parcel = [(Envelope.model_validate(one), one) for one in made]
        return [receipt.id for receipt in await receive(self.house.ledger, self.house.catalog, parcel)]

    async def does(self, kind: str, **properties: Any) -> dict[str, Any]:
        """Let somebody do something in chat; return what the gateway answered."""
        answer: dict[str, Any] = await self.vendors.control(
            "POST", "people", {"system": "chat", "kind": kind, "properties": properties}
        )
        return answer

    async def works(self) -> None:
        """Let the desk work off all that was done, and the messages be brought up to date."""
        desk = Desk(self.house)
        while await desk.look():
            pass
        await Asks(self.house).look()

    async def presses(self, action: str, message: str, user: str = "head-of-sales", **more: Any) -> None:
        """Let somebody press a button, and everything that follows happen."""
        answer = await self.does("clicks", action=action, message=message, user=user, **more)
        assert answer == {"status": 200, "body": ""}
        await self.works()

    async def sends(self, user: str = "head-of-sales", **values: str) -> None:
        """Let somebody fill in the form that they were shown, and send it."""
        (view,) = await self.vendors.objects("chat", "views")
        answer = await self.does("submissions", view=view["id"], user=user, values=values)
        assert answer == {"status": 200, "body": ""}
        await self.works()

    async def message(self, place: str) -> dict[str, Any]:
        """Return a message as chat shows it."""
        found = await self.vendors.objects("chat", "messages")
        (one,) = [one for one in found if f"{one['channel']}:{one['ts']}" == place]
        return one

    async def answers(self) -> list[str]:
        """Return what people alone were told."""
        return [one["text"] for one in await self.vendors.objects("chat", "answers")]

    async def state(self, one: NewDecision) -> Any:
        """Return a decision as it stands."""
        async with self.house.ledger.begin() as books:
            return (await books.decisions.get([one.id]))[one.id]


def _fields(one: NewDecision) -> dict[str, Any]:
    return {name: getattr(one, name) for name in NewDecision.__slots__}


@contextlib.asynccontextmanager
async def talking(ledger: Ledger, database_url: str, home: Path) -> AsyncIterator[Talk]:
    """Open a house on a ledger, a gateway in process, and a sandbox that tells it what people do."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        settings = Settings(
            _env_file=None, home=home, database_url=database_url, sandbox_port=port, sandbox_limits="off", **SECRETS
        )
        gateway = httpx.AsyncClient(transport=httpx.ASGITransport(create_app(settings, ledger, catalog())), base_url=URL)
        own = SandboxSettings(limits=False, port=port, gateway_url=URL, chat_signing_secrets=SECRET)
        config = uvicorn.Config(
            create_sandbox(own, client=gateway), log_level="critical", lifespan="off", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110  (uvicorn has no event to wait for)
            await asyncio.sleep(0.005)
        try:
            async with assembled(settings, worker="tests") as house:
                yield Talk(house, Vendors(f"http://127.0.0.1:{port}"), gateway)
        finally:
            server.should_exit = True
            await serving
            await gateway.aclose()


def proposal(name: str = "northwind", **changes: Any) -> NewDecision:
    """Return a proposal to ask for."""
    return question(case_called(name), **changes)
