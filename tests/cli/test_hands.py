"""People in the sandbox do what people do, the vendor says what it says, and an outage ends however the deal ended."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from cli.hands import DISCOVERED, Hands
from contracts.errors import MisconfiguredError, RefusedError
from tests.world import Vendors

CONTOSO = {"name": "Contoso AG", "domain": "contoso.example"}


@pytest.fixture
async def hands(vendors: Vendors) -> AsyncIterator[Hands]:
    """People at work in an empty sandbox."""
    async with httpx.AsyncClient(base_url=vendors.url) as client:
        yield Hands(client)


async def test_two_persons_of_one_company_share_it(hands: Hands, vendors: Vendors) -> None:
    first, second = [await hands.meets(CONTOSO, {"email": f"{name}@contoso.example"}) for name in ("grace", "alan")]
    assert first != second
    assert len(await vendors.objects("crm", "companies")) == 1
    assert len(await vendors.objects("crm", "contacts")) == 2
    await hands.qualifies(first)
    stages = {one["id"]: one["properties"].get("lifecyclestage") for one in await vendors.objects("crm", "contacts")}
    assert stages[first] == "salesqualifiedlead"


async def test_a_seller_moves_a_deal(hands: Hands, vendors: Vendors) -> None:
    deal = await vendors.person_makes("deals", {"dealname": "Contoso", "dealstage": "presentationscheduled"})
    await hands.ends_discovery(deal["id"])
    (moved,) = await vendors.objects("crm", "deals")
    assert moved["properties"]["dealstage"] == DISCOVERED


async def test_what_the_sandbox_refuses_is_one_line(hands: Hands) -> None:
    with pytest.raises(RefusedError, match=r"^the sandbox answered 404 to PATCH people$"):
        await hands.ends_discovery("77")


async def test_a_sandbox_that_is_gone_is_one_line() -> None:
    async with httpx.AsyncClient(base_url="http://127.0.0.1:1") as client:
        with pytest.raises(MisconfiguredError, match=r"does not answer \(ConnectError\)"):
            await Hands(client).pays("in_1")


async def test_an_outage_is_over_also_when_the_deal_fails(hands: Hands, vendors: Vendors) -> None:
    """Given somebody else's fault in another system, then it stays in force."""
    await vendors.fault("docs", status=500, count=5)

    async def fail_in_the_outage() -> None:
        async with hands.outage():
            assert {fault["system"] for fault in await vendors.control("GET", "faults")} == {"docs", "crm"}
            raise RefusedError("stopped")

    with pytest.raises(RefusedError):
        await fail_in_the_outage()
    assert [fault["system"] for fault in await vendors.control("GET", "faults")] == ["docs"]
    await vendors.heal()


async def test_a_message_that_is_not_there_is_nothing(hands: Hands) -> None:
    assert await hands.message("C1:1.0") is None
