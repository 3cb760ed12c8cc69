"""The /_sandbox interface: faults, objects, requests, webhooks, people at work; the same for every vendor."""

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.courier import Manner
from sandbox.faults import Fault, Faults
from sandbox.store import Record
from sandbox.system import Answer, Json, System
from sandbox.traffic import Traffic


class Made(BaseModel):
    """What a person at work makes in a vendor's UI."""

    model_config = ConfigDict(extra="forbid")
    system: str
    kind: str
    properties: dict[str, Any]
    associations: list[Any] = []


class Changed(BaseModel):
    """What a person at work changes in a vendor's UI, record by record or by importing a file."""

    model_config = ConfigDict(extra="forbid")
    system: str
    kind: str
    id: str
    properties: dict[str, Any]
    by: Literal["hand", "import"] = "hand"


Wanted = TypeVar("Wanted", bound=BaseModel)


class Expiry(BaseModel):
    """How long access tokens issued from now on are good for, in seconds."""

    model_config = ConfigDict(extra="forbid")
    system: str
    expires_in: float = Field(ge=0, le=1_000_000)


class Control:
    """Answers the control interface; what is asked wrongly gets a 400 that says why."""

    def __init__(self, systems: list[System], faults: Faults, traffic: Traffic) -> None:
        self.systems = {system.name: system for system in systems}
        self.faults, self.traffic = faults, traffic

    def routes(self) -> list[Route]:
        """Return the control routes."""
        table = [
            ("faults", "POST", self.add_fault),
            ("faults", "GET", self.list_faults),
            ("faults", "DELETE", self.clear_faults),
            ("objects", "GET", self.objects),
            ("requests", "GET", self.requests),
            ("reset", "POST", self.reset),
            ("oauth", "POST", self.oauth),
            ("webhooks", "POST", self.webhooks),
            ("webhooks", "DELETE", self.plain_webhooks),
            ("people", "POST", self.person_creates),
            ("people", "PATCH", self.person_changes),
        ]
        return [Route(f"/_sandbox/{path}", answer, methods=[method]) for path, method, answer in table]

    async def add_fault(self, request: Request) -> Response:
        """Put a fault in force."""
        fault = await _read(request, Fault)
        self._system(fault.system)
        if fault.count:
            self.faults.standing.append(fault)
        return Json(fault.model_dump(), 201)

    async def list_faults(self, request: Request) -> Response:
        """Show the faults in force."""
        return Json([fault.model_dump() for fault in self.faults.standing])

    async def clear_faults(self, request: Request) -> Response:
        """Remove all faults, or one system's."""
        system = request.query_params.get("system")
        if system:
            self._system(system)
        self.faults.standing = [f for f in self.faults.standing if system and f.system != system]
        return Response(status_code=204)

    async def objects(self, request: Request) -> Response:
        """Show what exists in a system, by kind, oldest first."""
        system = self._system(request.query_params.get("system"))
        return Json({kind: [_shown(system, kind, r) for r in system.store.all(kind)] for kind in system.kinds})

    async def requests(self, request: Request) -> Response:
        """Show what was asked after request number `since`."""
        since, limit = (_number(request, name) for name in ("since", "limit"))
        return Json([asked.shown() for asked in self.traffic.since(since or 0, limit)])

    async def reset(self, request: Request) -> Response:
        """Begin anew: no objects, faults or requests."""
        self.faults.standing = []
        for system in self.systems.values():
            await system.reset()
        self.traffic.clear()
        return Response(status_code=204)

    async def oauth(self, request: Request) -> Response:
        """Set how long a system's new access tokens live."""
        wanted = await _read(request, Expiry)
        self._system(wanted.system).expires_in = wanted.expires_in
        return Response(status_code=204)

    async def webhooks(self, request: Request) -> Response:
        """Make a system's webhooks from now on late, doubled or lost."""
        manner = await _read(request, Manner)
        courier = self._system(manner.system).courier
        if courier is None:
            raise refuse(f"{manner.system} sends no webhooks here")
        courier.manner = manner
        return Json(manner.model_dump())

    async def plain_webhooks(self, request: Request) -> Response:
        """Deliver every system's webhooks at once, once and surely again."""
        for system in self.systems.values():
            if system.courier:
                system.courier.manner = Manner(system=system.name)
        return Response(status_code=204)

    async def person_creates(self, request: Request) -> Response:
        """Make an object as a person in the vendor's UI; the vendor's own refusal is answered as it is."""
        made = await _read(request, Made)
        return Json(
            await self._people(made.system, "person_creates").person_creates(made.kind, made.properties, made.associations), 201
        )

    async def person_changes(self, request: Request) -> Response:
        """Change an object as a person in the vendor's UI; the vendor's own refusal is answered as it is."""
        changed = await _read(request, Changed)
        what = "person_changes" if changed.by == "hand" else "import_changes"
        change = getattr(self._people(changed.system, what), what)
        return Json(await change(changed.kind, changed.id, changed.properties))

    def _people(self, name: str, what: str) -> System:
        """Return a system in which people do this."""
        system = self._system(name)
        if getattr(type(system), what) is getattr(System, what):
            raise refuse(f"nobody works in {name} here")
        return system

    def _system(self, name: str | None) -> System:
        system = self.systems.get(name or "")
        if system is None:
            raise refuse(f"system must be one of {', '.join(self.systems)}")
        return system


def refuse(message: str) -> Answer:
    """Return the 400 that says what was wrong with a control request."""
    return Answer(Json({"error": message}, 400))


async def _read(request: Request, shape: type[Wanted]) -> Wanted:
    try:
        return shape.model_validate_json(await request.body())
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in error.errors(include_url=False)]
        raise refuse("; ".join(wrong)) from None


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    if text is not None and not text.isdecimal():
        raise refuse(f"{name} must be a number, 0 or more")
    return None if text is None else int(text)


def _shown(system: System, kind: str, record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "key": record.key,
        "object": system.shown(kind, record),
    }
