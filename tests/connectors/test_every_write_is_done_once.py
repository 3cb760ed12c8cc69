"""Every write of every connector stands once, whichever of its calls loses its answer, answers a lie, or outlives its process."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest

from connectors.billing.port import Billing
from connectors.billing.stripe import StripeBilling
from connectors.chat.port import Chat
from connectors.chat.slack import Slack
from connectors.crm.hubspot import HubSpot
from connectors.crm.port import Crm
from connectors.docs.google import GoogleDocs
from connectors.docs.port import Docs
from connectors.mail.gmail import Gmail
from connectors.mail.port import Mail
from connectors.oauth import StaticToken
from contracts.catalog import catalog
from contracts.records import (
    CopyRecord,
    DealChange,
    DocumentRecord,
    EffectKey,
    FillRecord,
    FolderRecord,
    Link,
    LockRecord,
    Outcomes,
    PdfRecord,
    Ref,
    RequestChange,
    Restoring,
    Wanted,
)
from ledger.database import Ledger
from runtime.settings import Settings
from runtime.wiring import Runtime, using
from sandbox.app import create_app
from sandbox.settings import Settings as SandboxSettings
from tasks.effects import once
from tests.connectors import billing_rules, crm_delivery_rules, crm_rules, docs_rules, mail_rules
from tests.connectors.chat_rules import message
from tests.tasks.test_effects import STEP, batch

PORTS = {"crm": Crm, "docs": Docs, "chat": Chat, "mail": Mail, "billing": Billing}
NO_WRITES = ("prepare", "find", "received", "hashes", "images", "look", "aclose", "open_form", "answer")
"""A form, or an answer to one person alone, changes no record: whoever misses it asks again."""
READS = ("/search", "/batch/read", "/token")
LOST, LIE = "lost", "lie"


class Killed(BaseException):
    """Stands for SIGKILL: no code of ours handles it."""


class Flaky(httpx.AsyncBaseTransport):
    """Lets every call do its work; of the write number `at` since `arm`, the answer is lost, or says that it failed."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.arm()

    def arm(self, at: int = -1, how: str = "") -> None:
        """Count from here."""
        self.writes, self._at, self._how = 0, at, how

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.inner.handle_async_request(request)
        if request.method == "GET" or request.url.path.endswith(READS):
            return answer
        self.writes += 1
        if self.writes - 1 != self._at:
            return answer
        await answer.aread()
        if self._how == LOST:
            raise httpx.ReadError("the connection broke", request=request)
        return httpx.Response(500, request=request)


@dataclass(frozen=True, slots=True)
class World:
    """A house whose vendors are one sandbox in process, its ledger real; Slack's client opens connections of its own."""

    house: Runtime
    flaky: Flaky
    slack: str

    async def control(self, system: str, method: str, path: str, body: Any = None) -> Any:
        """Call the control interface of the sandbox that holds a system."""
        transport, url = (None, self.slack) if system == "chat" else (self.flaky.inner, "http://sandbox")
        async with httpx.AsyncClient(base_url=url, transport=transport, trust_env=False) as client:
            answer = await client.request(method, f"/_sandbox/{path}", json=body)
        return answer.json() if answer.content else None

    async def counts(self, system: str) -> dict[str, int]:
        """Return how much stands in a system, by kind."""
        return {kind: len(found) for kind, found in (await self.control(system, "GET", f"objects?system={system}")).items()}


@pytest.fixture
async def world(ledger: Ledger, server: str, no_waiting: None) -> AsyncIterator[World]:
    """All connectors on one sandbox, prepared."""
    flaky, token, base = Flaky(httpx.ASGITransport(create_app(SandboxSettings(limits=False)))), StaticToken("t"), "http://sandbox"
    crm = HubSpot(f"{base}/hubspot", token, transport=flaky)
    docs = GoogleDocs(f"{base}/google", f"{base}/google", token, transport=flaky)
    mail = Gmail(f"{base}/google", token, mail_rules.SENDER, transport=flaky)
    billing = StripeBilling(f"{base}/stripe", "sk_test_towline", transport=flaky)
    chat = Slack(f"{server}/slack/api", "xoxb-test", patience=2)
    await crm.prepare()
    await docs.prepare(docs_rules.TEMPLATES)
    await mail.prepare()
    with using(Runtime(Settings(_env_file=None), catalog(), ledger, crm, docs, chat, mail, billing, "w", grace=0)) as house:
        yield World(house, flaky, server)
    for port in (crm, docs, chat, mail, billing):
        await port.aclose()


Make = Callable[[Runtime], Awaitable[Any]]


async def _ref(write: Callable[[Any], Awaitable[Outcomes]], record: Any) -> Ref:
    return await billing_rules.ref_of(write, Wanted(uuid4(), record))


async def _deal(house: Runtime) -> str:
    return (await _ref(house.crm.open_deals, crm_rules.deal().record)).id


async def _company(_: Runtime) -> Any:
    return crm_rules.company(f"{uuid4().hex}.example").record


async def _contact(_: Runtime) -> Any:
    return crm_rules.contact(f"{uuid4().hex}@northwind.example").record


async def _link(house: Runtime) -> Sequence[Link]:
    company = (await _ref(house.crm.upsert_companies, await _company(house))).id
    return [Link("deal", await _deal(house), "company", company)]


async def _request(house: Runtime) -> Any:
    return crm_delivery_rules.request(await _deal(house)).record


async def _folder(house: Runtime) -> str:
    return (await _ref(house.docs.create_folders, FolderRecord("Northwind"))).id


async def _copy(house: Runtime) -> CopyRecord:
    return CopyRecord("packet", "northwind_packet", await _folder(house))


async def _filled(house: Runtime) -> FillRecord:
    return FillRecord(await docs_rules.copied(house.docs), {"account": "Northwind", "owner": "Ada"})


async def _document(house: Runtime) -> DocumentRecord:
    return DocumentRecord("Proposal", await _folder(house), docs_rules.PAGE)


async def _pdf(house: Runtime) -> PdfRecord:
    document, folder = await docs_rules.proposed(house.docs)
    return PdfRecord(document, "Proposal.pdf", folder)


async def _lock(house: Runtime) -> LockRecord:
    return LockRecord((await docs_rules.proposed(house.docs))[0], "approved")


async def _locked(house: Runtime) -> str:
    lock = await _lock(house)
    return (await _ref(house.docs.lock, lock)).id and lock.document


async def _estimate(house: Runtime) -> Any:
    return billing_rules.estimate(await billing_rules.customer_of(house.billing)).record


async def _invoice(house: Runtime) -> Any:
    return billing_rules.invoice(await billing_rules.customer_of(house.billing)).record


async def _post(house: Runtime, wanted: Sequence[Wanted[Any]]) -> Outcomes:
    return {one.key: await house.chat.post(one) for one in wanted}


async def _update(house: Runtime, wanted: Sequence[Wanted[Any]]) -> Outcomes:
    return {one.key: await house.chat.update(*one.record) for one in wanted}


async def _label(house: Runtime, wanted: Sequence[Wanted[Any]]) -> Outcomes:
    for one in wanted:
        await house.mail.label(one.record, "client")
    return {one.key: one.record for one in wanted}


async def _to_sales(house: Runtime, keys: Any) -> Mapping[EffectKey, Ref]:
    return await house.chat.find("#sales", keys)


@dataclass(frozen=True, slots=True)
class Write:
    """How a write is prepared (`make` returns its record), and how a step that uses it looks for earlier work, if it does."""

    make: Make
    find: Callable[[Runtime], Any] | None = None
    act: Callable[[Runtime, Sequence[Wanted[Any]]], Awaitable[Outcomes]] | None = None


async def _change(house: Runtime) -> DealChange:
    return DealChange(await _deal(house), stage="discovery")


async def _note(house: Runtime) -> tuple[str, str]:
    return await _deal(house), "The pilot is accepted"


async def _moved(house: Runtime) -> RequestChange:
    return RequestChange((await _ref(house.crm.open_requests, await _request(house))).id, "closed")


async def _open_estimate(house: Runtime) -> str:
    return (await _ref(house.billing.open_estimates, await _estimate(house))).id


async def _customer(house: Runtime) -> str:
    return await billing_rules.customer_of(house.billing)


async def _spoken(house: Runtime) -> Ref:
    return await house.chat.post(message())


async def _said(house: Runtime) -> tuple[Ref, Any]:
    return await house.chat.post(message()), message("Another").record


async def _sent(house: Runtime) -> Ref:
    return await mail_rules.posted(house.mail, mail_rules.letter())


async def _linked(house: Runtime) -> list[str]:
    links = await _link(house)
    key = (await _ref(house.crm.associate, links)) and uuid4()
    return sorted((await house.crm.images([Wanted(key, links)]))[key].after)


async def _back(kind: str, make: Make, fields: Any, house: Runtime) -> Restoring:
    return Restoring(kind, await make(house), fields)


async def _unsaid(house: Runtime, wanted: Sequence[Wanted[Any]]) -> Outcomes:
    for one in wanted:
        await house.chat.delete(one.record)
    return {one.key: one.record for one in wanted}


async def _archive(house: Runtime, wanted: Sequence[Wanted[Any]]) -> Outcomes:
    return await house.crm.archive("deal", wanted)


async def _just(record: Any, _: Runtime) -> Any:
    return record


WRITES = {
    "crm": {
        "upsert_companies": Write(_company),
        "upsert_contacts": Write(_contact),
        "open_deals": Write(partial(_just, crm_rules.deal().record)),
        "change_deals": Write(_change),
        "associate": Write(_link),
        "add_notes": Write(_note),
        "open_requests": Write(_request),
        "change_requests": Write(_moved),
        "archive": Write(_deal, act=_archive),
        "restore": Write(partial(_back, "deal", _deal, {"dealname": "As it was"})),
        "dissociate": Write(_linked),
    },
    "docs": {
        "create_folders": Write(partial(_just, FolderRecord("Northwind")), lambda house: house.docs.find),
        "copy_templates": Write(_copy, lambda house: house.docs.find),
        "fill": Write(_filled),
        "create_documents": Write(_document, lambda house: house.docs.find),
        "save_pdfs": Write(_pdf, lambda house: house.docs.find),
        "lock": Write(_lock),
        "unlock": Write(_locked),
        "trash": Write(_folder),
    },
    "mail": {
        "send": Write(partial(_just, mail_rules.letter().record), lambda house: house.mail.find),
        "label": Write(_sent, act=_label),
    },
    "billing": {
        "upsert_customers": Write(lambda house: _just(billing_rules.client().record, house)),
        "open_estimates": Write(_estimate, lambda house: partial(house.billing.find, "estimate")),
        "cancel_estimates": Write(_open_estimate),
        "draft_invoices": Write(_invoice, lambda house: partial(house.billing.find, "invoice")),
        "finalise_invoices": Write(lambda house: billing_rules.drafted(house.billing)),
        "send_invoices": Write(lambda house: billing_rules.owed(house.billing)),
        "void_invoices": Write(lambda house: billing_rules.owed(house.billing)),
        "restore_customers": Write(partial(_back, "customer", _customer, {"name": "As it was"})),
        "delete_customers": Write(_customer),
    },
    "chat": {
        "post": Write(partial(_just, message().record), lambda house: partial(_to_sales, house), _post),
        "update": Write(_said, act=_update),
        "delete": Write(_spoken, act=_unsaid),
    },
}


def test_every_write_that_a_port_has_is_tried() -> None:
    has = {
        (system, name)
        for system, port in PORTS.items()
        for name, _ in inspect.getmembers(port, inspect.isfunction)
        if not name.startswith(("_", "read_")) and name not in NO_WRITES
    }
    assert has == {(system, name) for system, writes in WRITES.items() for name in writes}


async def attempt(world: World, name: str, write: Write, act: Any, record: Any) -> bool:
    """Make a step's change as a run does, in a run of its own each time; say whether it ended well."""
    leads = await batch(world.house, name)
    find = write.find(world.house) if write.find else None
    await once(leads, STEP, record=lambda _: record, act=act, find=find)
    return len(leads) == 1


async def tried(world: World, system: str, method: str, fault: Callable[[], Awaitable[None]] | None, *, dies: bool) -> Any:
    """Make a write with a fault, go on until it is done, and return by how much what stands there has grown."""
    house, write = world.house, WRITES[system][method]
    name, record = uuid4().hex, await write.make(world.house)
    act = partial(write.act, house) if write.act else getattr(getattr(house, system), method)
    before = await world.counts(system)
    world.flaky.arm()
    if fault:
        await fault()

    async def deadly(wanted: Sequence[Wanted[Any]]) -> Outcomes:
        await act(wanted)
        raise Killed

    try:
        done = await attempt(world, name, write, deadly if dies else act, record)
    except Killed:
        done = False
    writes = world.flaky.writes
    world.flaky.arm()
    assert done or await attempt(world, name, write, act, record), (method, "was not done in the end")
    after = await world.counts(system)
    return writes, {kind: after[kind] - before[kind] for kind in after}


@pytest.mark.parametrize("system", list(WRITES))
async def test_whatever_happens_to_the_answer_everything_stands_once(world: World, system: str) -> None:
    """
    Given each write of a connector, and each call that it makes
    When that call's answer is lost, or says that it failed though it did not, or the process dies before it writes the result
    And the step is taken up again, as a run does it
    Then as much stands in the vendor as when nothing happens.
    """
    for method in WRITES[system]:
        writes, grown = await tried(world, system, method, None, dies=False)
        assert sum(grown.values()) <= 1 + (method == "associate"), (method, grown)
        outcomes = {"dies": (await tried(world, system, method, None, dies=True))[1]}
        if system == "chat":
            fault = {"system": system, "operation": "POST", "lose_answer": True}
            lose = partial(world.control, system, "POST", "faults", fault)
            outcomes[LOST] = (await tried(world, system, method, lose, dies=False))[1]
        for at in range(writes):
            for how in (LOST, LIE):
                outcomes[f"{how} at {at}"] = (await tried(world, system, method, armed(world, at, how), dies=False))[1]
        assert outcomes == dict.fromkeys(outcomes, grown), (system, method)


def armed(world: World, at: int, how: str) -> Callable[[], Awaitable[None]]:
    async def arm() -> None:
        world.flaky.arm(at, how)

    return arm
