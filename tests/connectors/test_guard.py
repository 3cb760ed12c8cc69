"""No connector writes what the system contract does not give to whom it speaks for, and none writes around the guard."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from connectors.billing import port as billing
from connectors.chat import port as chat
from connectors.crm import port as crm
from connectors.docs import port as docs
from connectors.guard import pass_guard, speaking_for
from connectors.mail import port as mail
from contracts.errors import GuardError
from contracts.files import OWN
from contracts.owners import load_owners
from contracts.records import DealChange, Wanted
from contracts.systems import Systems, load_systems
from tests.connectors.test_every_write_is_done_once import NO_WRITES, PORTS, WRITES, World, world

__all__ = ["world"]  # a fixture
SENDERS = {"connectors/http.py", "connectors/chat/slack.py", "connectors/mail/smtp.py"}
"""Where requests that change something leave the house; each asks the guard."""
WIRES = ("httpx", "aiohttp", "aiosmtplib", "smtplib", "imap_tools", "slack_sdk", "urllib.request", "socket")
ALSO = {
    "connectors/oauth.py": "a token's renewal, no record",
    "connectors/mail/imap.py": "reads, and files what smtp.py was permitted to send",
    "connectors/mail/smtp_errors.py": "names of errors",
    "connectors/network.py": "timeouts and TLS",
    "connectors/remedies.py": "the shape of answers",
}
"""What else knows a wire's library, and what for. Adapters name httpx for the transport that they hand on."""


def test_every_method_of_a_port_is_named_as_a_write_or_is_none() -> None:
    for system, module in {"crm": crm, "docs": docs, "chat": chat, "mail": mail, "billing": billing}.items():
        methods = {name for name, _ in inspect.getmembers(PORTS[system], inspect.isfunction)}
        reads = {name for name in methods if name.startswith(("_", "read_"))}
        alike = {"prepare", "find", "open_form", "answer"}  # found letters get the label that an interrupted send owes them
        assert set(module.WRITES) - alike == methods - reads - set(NO_WRITES), system


@pytest.mark.parametrize("system", list(WRITES))
async def test_what_the_contract_does_not_know_is_not_sent(world: World, monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    """
    Given each write of a connector, ready to be made
    When the system contract has no entity left
    Then it is refused with the rule, and not one request that changes something has left.
    """
    house = world.house
    ready = {name: await write.make(house) for name, write in WRITES[system].items()}
    monkeypatch.setattr(Systems, "permit", refusing)
    for name, record in ready.items():
        before, write = await world.counts(system), WRITES[system][name]
        world.flaky.arm()
        act = partial(write.act, house) if write.act else getattr(getattr(house, system), name)
        with pytest.raises(GuardError, match="decision 0038"):
            await act([Wanted(uuid4(), record)])
        assert (world.flaky.writes, await world.counts(system)) == (0, before), name


def refusing(*_: Any, **__: Any) -> None:
    raise GuardError("guard: not today (contracts/systems.yaml, decision 0038)")


async def test_a_write_around_the_guard_is_stopped_at_the_wire(world: World) -> None:
    """
    Given a method of an adapter that changes something, and that nobody has named as a write
    When it is called
    Then its request does not leave.
    """
    for system, name in (("crm", "open_deals"), ("docs", "create_folders"), ("billing", "draft_invoices"), ("mail", "send")):
        adapter, write = getattr(world.house, system), WRITES[system][name]
        record = await write.make(world.house)
        world.flaky.arm()
        around = inspect.unwrap(getattr(type(adapter), name))
        try:
            outcomes = (await around(adapter, [Wanted(uuid4(), record)])).values()
        except GuardError as error:
            outcomes = [error]
        assert [outcome.cause for outcome in outcomes] == ["guard.unnamed"], name
        assert world.flaky.writes == 0, name
    said = await WRITES["chat"]["post"].make(world.house)
    with pytest.raises(GuardError, match="no rule"):
        await inspect.unwrap(type(world.house.chat).post)(world.house.chat, Wanted(uuid4(), said))


def test_requests_leave_in_three_places_only_and_each_asks_the_guard() -> None:
    root = OWN.parent
    for path in sorted((root / "connectors").rglob("*.py")):
        name, source = str(path.relative_to(root)), path.read_text()
        if name in SENDERS:
            assert "pass_guard(" in source, name
        sends = any(f"{verb}(" in source for verb in (".send", ".api_call", ".post", ".put", ".patch", ".request", ".stream"))
        knows = any(f"import {wire}" in source or f"from {wire}" in source for wire in WIRES)
        assert name in SENDERS or name in ALSO or not (sends and knows), f"{name} could send something by itself"
    for room in ("tasks", "flows", "lifecycle", "ledger", "expectations"):
        for path in sorted((root / room).rglob("*.py")):
            assert not any(f"import {wire}" in path.read_text() for wire in WIRES), path


async def test_a_field_is_written_only_with_the_word_of_whom_the_contract_names(world: World) -> None:
    deal = await WRITES["crm"]["change_deals"].make(world.house)
    paid = [Wanted(uuid4(), DealChange(deal.deal_id, payment="paid"))]
    with speaking_for("crm"), pytest.raises(GuardError) as refused:
        await world.house.crm.change_deals(paid)
    assert refused.value.cause == "guard.opportunity.payment"
    assert (
        "opportunity.payment is billing's to decide about, and this comes from crm: the CRM says what is sold"
        in refused.value.text
    )
    assert "(contracts/systems.yaml, decision 0038)" in refused.value.text
    with speaking_for("billing"):
        await world.house.crm.change_deals(paid)
        with pytest.raises(GuardError, match=r"opportunity\.stage is crm's"):
            await world.house.crm.change_deals([Wanted(uuid4(), DealChange(deal.deal_id, stage="won", payment="paid"))])


async def test_a_customer_is_a_mirror_that_only_the_crm_may_fill(world: World) -> None:
    client = await WRITES["billing"]["upsert_customers"].make(world.house)
    with speaking_for("billing"), pytest.raises(GuardError, match=r"account\.name is crm's"):
        await world.house.billing.upsert_customers([Wanted(uuid4(), client)])


def test_reads_ask_nobody() -> None:
    pass_guard("read")
    with pytest.raises(GuardError):
        pass_guard("repeatable")


def test_an_entity_has_no_place_where_the_contract_names_none() -> None:
    systems = load_systems(OWN, load_owners(OWN))
    with pytest.raises(GuardError, match="invoice has no place in chat, only in billing, crm, mail"):
        systems.permit("chat", "invoice", "lines", speakers=["billing"])
    with pytest.raises(GuardError, match="opportunity has no field colour"):
        systems.permit("crm", "opportunity", "colour", speakers=["crm"])
    with pytest.raises(GuardError, match="castle is no entity"):
        systems.permit("crm", "castle", None, speakers=["crm"])
