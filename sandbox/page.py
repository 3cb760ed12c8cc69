"""The page for people: every system side by side with what changed last; knows systems only by what they show of themselves."""

import time
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sandbox.faults import Faults
from sandbox.store import Record
from sandbox.system import Json, System
from sandbox.traffic import Traffic

COLUMNS = (("crm", "CRM"), ("mail", "Mail"), ("docs", "Docs"), ("chat", "Chat"), ("billing", "Billing"))
CARDS, REQUESTS = 30, 40
HTML = (Path(__file__).parent / "page.html").read_text(encoding="utf-8")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:"


class Page:
    """`GET /`, and the compact state that it asks for every second; only the newest cards of each kind travel."""

    def __init__(self, systems: list[System], faults: Faults, traffic: Traffic) -> None:
        self.systems = {system.name: system for system in systems}
        self.faults, self.traffic, self.started = faults, traffic, int(time.time() * 1000)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/", self._page), Route("/_sandbox/page", self._state)]

    async def _page(self, request: Request) -> Response:
        return HTMLResponse(HTML, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})

    async def _state(self, request: Request) -> Response:
        version = self._version()
        if request.query_params.get("since") == version:
            return Response(status_code=204)
        asked = self.traffic.since(self.traffic.last - REQUESTS)[::-1]
        return Json(
            {
                "version": version,
                "now": time.time(),
                "asked": self.traffic.last,
                "faults": [fault.model_dump(exclude_defaults=True) for fault in self.faults.standing],
                "columns": [self._column(name, title) for name, title in COLUMNS],
                "requests": [one.shown() for one in asked],
            }
        )

    def _version(self) -> str:
        changes = sum(system.store.version for system in self.systems.values())
        return f"{self.started}.{changes}.{self.traffic.version}.{len(self.faults.standing)}"

    def _column(self, name: str, title: str) -> dict[str, Any]:
        system = self.systems.get(name)
        if system is None:
            return {"name": name, "title": title, "vendor": None, "kinds": []}
        kinds = [
            {
                "kind": kind,
                "count": system.store.count(kind),
                "cards": [_card(system, kind, record) for record in system.store.newest(kind, CARDS)],
            }
            for kind in system.kinds
        ]
        return {"name": name, "title": title, "vendor": system.vendor, "kinds": kinds}


def _card(system: System, kind: str, record: Record) -> dict[str, Any]:
    card = system.card(kind, record)
    new = record.created_at == record.updated_at
    return {"id": record.id, "title": card.title, "facts": card.facts, "at": record.updated_at, "new": new, "key": record.key}
