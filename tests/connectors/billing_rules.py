"""What every billing adapter must do; a vendor's test class inherits these and provides `billing` and `sandbox`."""

import pickle
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from connectors.billing.port import Billing
from contracts.billing import CustomerRecord, EstimateRecord, InvoiceRecord, LineItem
from contracts.errors import MisconfiguredError, RefusedError, RetryableError, TowlineError, UncertainError
from contracts.records import Outcomes, Ref, Restoring, Standing, Wanted
from contracts.values import Money
from tests.connectors.conftest import Sandbox

PRIVATE = ("ada@", "ada at", "byron", "northwind", "strategy workshop")  # no word that could be hexadecimal, as ids are
LINES = [
    LineItem("Strategy workshop", Money(minor=120_050, currency="EUR")),
    LineItem("Implementation", Money(minor=1_379_949, currency="EUR")),
]
TOTAL = Money(minor=1_499_999, currency="EUR")
Write = Callable[[Any], Awaitable[Outcomes]]


def says_nothing_private(error: BaseException) -> bool:
    """Say whether neither the error's text nor anything that it carries names a person or a client."""
    shown = f"{error!r} {error} {vars(error)} {pickle.loads(pickle.dumps(error))!r}"  # noqa: S301 - our own
    return not any(word in shown.lower() for word in PRIVATE)


def client(account: UUID | None = None, name: str = "Northwind GmbH", email: str = "ada@northwind.example") -> Any:
    return Wanted(uuid4(), CustomerRecord(account or uuid4(), name, email))


def estimate(customer: str, **more: Any) -> Wanted[EstimateRecord]:
    until = more.pop("valid_until", datetime.now(UTC).date() + timedelta(days=30))
    return Wanted(uuid4(), EstimateRecord(customer, "9001", more.pop("lines", LINES), until, **more))


def invoice(customer: str, **more: Any) -> Wanted[InvoiceRecord]:
    return Wanted(uuid4(), InvoiceRecord(customer, "9001", more.pop("lines", LINES), more.pop("days_until_due", 14), **more))


def named(record_id: str) -> Wanted[str]:
    return Wanted(uuid4(), record_id)


async def ref_of(write: Write, one: Wanted[Any]) -> Ref:
    """Write one record and return where it stands."""
    outcome = (await write([one]))[one.key]
    assert isinstance(outcome, Ref), outcome
    return outcome


async def customer_of(billing: Billing) -> str:
    return (await ref_of(billing.upsert_customers, client())).id


async def drafted(billing: Billing) -> str:
    return (await ref_of(billing.draft_invoices, invoice(await customer_of(billing)))).id


async def owed(billing: Billing) -> str:
    return (await ref_of(billing.finalise_invoices, named(await drafted(billing)))).id


async def people(sandbox: Sandbox, kind: str, record_id: str, **properties: Any) -> None:
    body = {"system": "billing", "kind": kind, "id": record_id, "properties": properties}
    await sandbox.control("PATCH", "people", body)


class BillingRules:
    """The port's promises."""

    async def test_an_account_has_one_customer_whose_name_and_address_are_kept_up_to_date(
        self, billing: Billing, sandbox: Sandbox
    ) -> None:
        one = client()
        other = client(one.record.account, "Northwind AG", "billing@northwind.example")
        refs = [await ref_of(billing.upsert_customers, each) for each in (one, one, other)]
        assert len({ref.id for ref in refs}) == 1
        (customer,) = await sandbox.objects("billing", "customers")
        assert (customer["object"]["name"], customer["object"]["email"]) == ("Northwind AG", "billing@northwind.example")
        assert customer["key"] == str(one.record.account)
        assert (await billing.find("customer", [one.record.account, uuid4()])) == {one.record.account: refs[0]}

    async def test_many_customers_at_once_are_one_for_each_account(self, billing: Billing, sandbox: Sandbox) -> None:
        clients = [client(email=f"ada{n}@northwind.example") for n in range(12)]
        twice = [Wanted(uuid4(), one.record) for one in clients]
        outcomes = await billing.upsert_customers([*clients, *twice])
        assert len({outcome.id for outcome in outcomes.values() if isinstance(outcome, Ref)}) == 12
        assert len(await sandbox.objects("billing", "customers")) == 12

    async def test_a_customer_that_people_made_is_taken_over_but_never_another_account_s(
        self, billing: Billing, sandbox: Sandbox
    ) -> None:
        made = {"email": "ada@northwind.example", "name": "Northwind"}
        theirs = await sandbox.control("POST", "people", {"system": "billing", "kind": "customers", "properties": made})
        first, second = client(), client()
        outcomes = await billing.upsert_customers([first, second])
        found = [outcome.id for outcome in outcomes.values() if isinstance(outcome, Ref)]
        assert sorted(found).count(theirs["id"]) == 1
        assert len(set(found)) == len(await sandbox.objects("billing", "customers")) == 2

    async def test_an_estimate_is_open_with_its_sum_and_is_found_by_its_key(self, billing: Billing, sandbox: Sandbox) -> None:
        one = estimate(await customer_of(billing), note="As discussed")
        made = await ref_of(billing.open_estimates, one)
        assert await ref_of(billing.open_estimates, one) == made
        (quote,) = await sandbox.objects("billing", "quotes")
        assert (quote["id"], quote["key"], quote["object"]["status"]) == (made.id, str(one.key), "open")
        assert quote["object"]["amount_total"] == TOTAL.minor
        assert await billing.find("estimate", [one.key, uuid4()]) == {one.key: made}

    async def test_cancelling_an_estimate_twice_is_as_good_as_once(self, billing: Billing, sandbox: Sandbox) -> None:
        made = await ref_of(billing.open_estimates, estimate(await customer_of(billing)))
        for one in (named(made.id), named(made.id)):
            assert (await ref_of(billing.cancel_estimates, one)).id == made.id
        assert (await sandbox.objects("billing", "quotes"))[0]["object"]["status"] == "canceled"

    async def test_an_accepted_estimate_cannot_be_cancelled(self, billing: Billing, sandbox: Sandbox) -> None:
        made = await ref_of(billing.open_estimates, estimate(await customer_of(billing)))
        await people(sandbox, "quotes", made.id, status="accepted")
        one = named(made.id)
        assert isinstance((await billing.cancel_estimates([one]))[one.key], RefusedError)

    async def test_an_invoice_agrees_to_the_cent_from_draft_to_payment(self, billing: Billing, sandbox: Sandbox) -> None:
        one = invoice(await customer_of(billing))
        draft = await ref_of(billing.draft_invoices, one)
        before = (await billing.read_invoices([draft.id]))[draft.id]
        assert (before.status, before.key, before.deal_id, before.total) == ("draft", str(one.key), "9001", TOTAL)
        page = await ref_of(billing.finalise_invoices, named(draft.id))
        assert page.url.startswith("https://invoice.")
        await ref_of(billing.send_invoices, named(draft.id))
        opened = (await billing.read_invoices([draft.id]))[draft.id]
        assert (opened.status, opened.paid.minor, opened.url) == ("open", 0, page.url)
        assert opened.due_on == datetime.now(UTC).date() + timedelta(days=14)
        assert opened.number
        await people(sandbox, "invoices", draft.id, status="paid")
        paid = (await billing.read_invoices([draft.id, "in_nowhere", "no id!"]))[draft.id]
        assert (paid.status, paid.paid) == ("paid", TOTAL)
        assert await billing.find("invoice", [one.key, uuid4()]) == {one.key: page}

    @pytest.mark.parametrize(("minor", "currency"), [(1500, "JPY"), (123_450, "KWD"), (99, "USD")])
    async def test_amounts_survive_in_every_currency(self, billing: Billing, minor: int, currency: str) -> None:
        amount = Money(minor=minor, currency=currency)
        lines = [LineItem("Implementation", amount)]
        made = await ref_of(billing.draft_invoices, invoice(await customer_of(billing), lines=lines))
        assert (await billing.read_invoices([made.id]))[made.id].total == amount

    async def test_an_invoice_with_many_lines_has_them_all(self, billing: Billing) -> None:
        lines = [LineItem(f"Day {n}", Money(minor=100 + n, currency="EUR")) for n in range(260)]
        made = await ref_of(billing.draft_invoices, invoice(await customer_of(billing), lines=lines))
        assert (await billing.read_invoices([made.id]))[made.id].total.minor == sum(100 + n for n in range(260))

    async def test_what_is_finalised_already_stays_so(self, billing: Billing, sandbox: Sandbox) -> None:
        draft = await drafted(billing)
        first = await ref_of(billing.finalise_invoices, named(draft))
        assert await ref_of(billing.finalise_invoices, named(draft)) == first
        await people(sandbox, "invoices", draft, status="paid")
        assert await ref_of(billing.finalise_invoices, named(draft)) == first

    async def test_taking_back_deletes_drafts_voids_what_is_owed_and_leaves_what_is_void(
        self, billing: Billing, sandbox: Sandbox
    ) -> None:
        draft, opened = await drafted(billing), await owed(billing)
        for _ in range(2):
            outcomes = await billing.void_invoices([named(draft), named(opened)])
            assert {outcome.id for outcome in outcomes.values() if isinstance(outcome, Ref)} == {draft, opened}
        assert {one["id"]: one["object"]["status"] for one in await sandbox.objects("billing", "invoices")} == {opened: "void"}
        gone = named(opened)
        assert isinstance((await billing.finalise_invoices([gone]))[gone.key], RefusedError)

    async def test_what_is_paid_cannot_be_taken_back(self, billing: Billing, sandbox: Sandbox) -> None:
        paid = await owed(billing)
        await people(sandbox, "invoices", paid, status="paid")
        one = named(paid)
        assert isinstance((await billing.void_invoices([one]))[one.key], RefusedError)

    async def test_a_paid_invoice_names_its_payment(self, billing: Billing, sandbox: Sandbox) -> None:
        paid = await owed(billing)
        await people(sandbox, "invoices", paid, status="paid")
        payment = await self.payment_of(sandbox, paid)
        assert (await billing.read_invoices([paid]))[paid].payment_id == payment

    async def payment_of(self, sandbox: Sandbox, invoice_id: str) -> str:
        """Return the vendor's id of the payment that paid an invoice."""
        raise NotImplementedError

    @pytest.mark.parametrize(
        "spoilt",
        [
            {"lines": []},
            {"lines": [*LINES, LineItem("Travel", Money(minor=1, currency="USD"))]},
            {"customer": "cus_nowhere"},
            {"days_until_due": -1},
        ],
        ids=["no lines", "two currencies", "no such customer", "due before it is issued"],
    )
    async def test_a_refused_invoice_does_not_keep_the_others_from_being_made(
        self, billing: Billing, spoilt: dict[str, Any]
    ) -> None:
        customer = await customer_of(billing)
        good, bad = invoice(customer), invoice(**{"customer": customer, **spoilt})
        outcomes = await billing.draft_invoices([good, bad])
        assert isinstance(outcomes[good.key], Ref)
        refused = outcomes[bad.key]
        assert isinstance(refused, RefusedError)
        assert says_nothing_private(refused)

    async def test_an_estimate_that_is_over_already_or_an_address_that_is_none_is_refused(self, billing: Billing) -> None:
        late, nobody = estimate(await customer_of(billing), valid_until=date(2020, 1, 1)), client(email="ada at northwind")
        for refused in ((await billing.open_estimates([late]))[late.key], (await billing.upsert_customers([nobody]))[nobody.key]):
            assert isinstance(refused, RefusedError)
            assert says_nothing_private(refused)

    @pytest.mark.parametrize("record_id", ["in_nowhere", "../customers", "", "in_1?x=1"])
    async def test_what_is_not_there_cannot_be_finalised_sent_or_cancelled(self, billing: Billing, record_id: str) -> None:
        for write in (billing.finalise_invoices, billing.send_invoices, billing.cancel_estimates):
            one = named(record_id)
            assert isinstance((await write([one]))[one.key], RefusedError)

    async def test_nothing_wanted_is_nothing_done(self, billing: Billing, sandbox: Sandbox) -> None:
        for write in (billing.upsert_customers, billing.open_estimates, billing.draft_invoices, billing.void_invoices):
            assert await write([]) == {}  # type: ignore[operator]
        assert await billing.find("invoice", []) == await billing.find("estimate", []) == await billing.read_invoices([]) == {}
        assert [one for one in await sandbox.asked() if one["system"] == "billing"] == []

    async def test_what_an_invoice_adds_up_to_is_told_less_its_credits_until_it_is_void(
        self, billing: Billing, sandbox: Sandbox
    ) -> None:
        one, draft = await owed(billing), await drafted(billing)
        told = [await billing.read_traces("invoice", ["lines"], [one, draft, "in_none"])]
        await people(sandbox, "invoices", one, status="credited", amount=10_000)
        told.append(await billing.read_traces("invoice", ["lines"], [one]))
        await billing.void_invoices([named(one)])
        told.append(await billing.read_traces("invoice", ["lines"], [one]))
        total = (await billing.read_invoices([one]))[one].total
        less = Money(minor=total.minor - 10_000, currency=total.currency)
        assert [found[one]["lines"].value for found in told[:2]] == [str(total), str(less)]
        assert (set(told[0]), told[0][draft], told[2]) == ({one, draft}, {}, {one: {}})

    async def test_a_customers_fields_are_told_until_it_is_deleted(self, billing: Billing) -> None:
        one = await customer_of(billing)
        traces = await billing.read_traces("customer", ["name", "email"], [one, "cus_none"])
        told = {field: trace.value for field, trace in traces[one].items()}
        assert (set(traces), told) == ({one}, {"name": "Northwind GmbH", "email": "ada@northwind.example"})
        await billing.delete_customers([named(one)])
        assert await billing.read_traces("customer", ["name"], [one]) == {}

    @pytest.mark.parametrize("number", range(4))
    @pytest.mark.parametrize("kind", ["customers", "quotes", "invoices"])
    async def test_after_a_lost_answer_the_same_key_again_makes_no_second_one(
        self, billing: Billing, sandbox: Sandbox, kind: str, number: int
    ) -> None:
        """Given that the answer to the n-th call of a write is lost, when it is repeated, then there is one object, whole."""
        customer = await customer_of(billing)
        wanted: dict[str, tuple[Write, Wanted[Any]]] = {
            "customers": (billing.upsert_customers, client(email="other@northwind.example")),
            "quotes": (billing.open_estimates, estimate(customer)),
            "invoices": (billing.draft_invoices, invoice(customer)),
        }
        write, one = wanted[kind]
        before = len(await sandbox.objects("billing", kind))
        if number:
            await sandbox.fault("billing", "POST", latency_ms=0.01, count=number)  # harmless: lets the calls before it through
        await sandbox.fault("billing", "POST", lose_answer=True)
        with suppress(UncertainError):  # the write may have fewer calls
            await write([one])
        await sandbox.control("DELETE", "faults")
        made = await ref_of(write, one)
        objects = await sandbox.objects("billing", kind)
        assert (len(objects), objects[-1]["id"]) == (before + 1, made.id)
        shown = objects[-1]["object"]
        assert shown.get("name") == "Northwind GmbH" or TOTAL.minor in (shown.get("total"), shown.get("amount_total"))

    @pytest.mark.parametrize("kind", ["customers", "quotes", "invoices"])
    async def test_a_failure_of_the_server_that_is_kept_for_the_key_does_not_stop_a_later_try(
        self, billing: Billing, sandbox: Sandbox, kind: str
    ) -> None:
        customer = await customer_of(billing)
        wanted: dict[str, tuple[Write, Wanted[Any]]] = {
            "customers": (billing.upsert_customers, client(email="other@northwind.example")),
            "quotes": (billing.open_estimates, estimate(customer)),
            "invoices": (billing.draft_invoices, invoice(customer)),
        }
        write, one = wanted[kind]
        await sandbox.fault("billing", f"POST /v1/{kind}", status=500)
        with pytest.raises(RetryableError):
            await write([one])
        made = await ref_of(write, one)
        assert [found["id"] for found in await sandbox.objects("billing", kind)][-1] == made.id

    @pytest.mark.parametrize("verb", ["finalise", "send", "void", "cancel"])
    async def test_a_lost_answer_or_a_failure_of_a_change_may_be_repeated(
        self, billing: Billing, sandbox: Sandbox, verb: str
    ) -> None:
        made: dict[str, Callable[[], Awaitable[tuple[Write, str]]]] = {
            "finalise": lambda: self._ready(billing.finalise_invoices, drafted(billing)),
            "send": lambda: self._ready(billing.send_invoices, owed(billing)),
            "void": lambda: self._ready(billing.void_invoices, owed(billing)),
            "cancel": lambda: self._ready(billing.cancel_estimates, self._open(billing)),
        }
        for fault in ({"lose_answer": True}, {"status": 500}):
            write, record_id = await made[verb]()
            one = named(record_id)
            await sandbox.fault("billing", "POST", **fault)
            with pytest.raises((UncertainError, RetryableError)):
                await write([one])
            assert (await ref_of(write, one)).id == record_id

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            ({"status": 401, "count": 2}, MisconfiguredError),
            ({"status": 403}, MisconfiguredError),
            ({"status": 500}, RetryableError),
            ({"status": 502, "body": "html"}, RetryableError),
            ({"status": 503}, RetryableError),
            ({"status": 0}, UncertainError),
        ],
    )
    async def test_a_call_that_fails_as_a_whole_says_what_to_do(
        self, billing: Billing, sandbox: Sandbox, fault: dict[str, Any], kind: type[TowlineError]
    ) -> None:
        one = invoice(await customer_of(billing))
        await sandbox.fault("billing", "POST", **fault)
        with pytest.raises(kind) as raised:
            await billing.draft_invoices([one])
        assert says_nothing_private(raised.value)

    async def test_a_rate_limit_is_waited_for(self, billing: Billing, sandbox: Sandbox, no_waiting: None) -> None:
        one = invoice(await customer_of(billing))
        await sandbox.fault("billing", "POST", status=429, count=3)
        await ref_of(billing.draft_invoices, one)

    async def _ready(self, write: Write, record_id: Awaitable[str]) -> tuple[Write, str]:
        return write, await record_id

    async def _open(self, billing: Billing) -> str:
        return (await ref_of(billing.open_estimates, estimate(await customer_of(billing)))).id

    async def test_a_customer_that_was_deleted_is_made_anew_also_on_the_same_day(self, billing: Billing) -> None:
        one = client()
        assert (await billing.images([one]))[one.key].before is None
        first = await ref_of(billing.upsert_customers, one)
        facts = (await billing.look("customer", [first.id]))[first.id]
        assert (facts["fields"]["name"], facts["holds"]) == ("Northwind GmbH", [])
        for _ in range(2):  # safe to repeat
            assert await ref_of(billing.delete_customers, named(first.id)) == Ref(first.id)
        assert await billing.look("customer", [first.id]) == {}
        assert (await ref_of(billing.upsert_customers, one)).id != first.id

    async def test_a_customer_of_peoples_gets_its_fields_back(self, billing: Billing, sandbox: Sandbox) -> None:
        theirs = {"name": "NW", "email": "ada@northwind.example"}
        made = {"system": "billing", "kind": "customers", "properties": theirs}
        customer = (await sandbox.control("POST", "people", made))["id"]
        one = client()
        image = (await billing.images([one]))[one.key]
        assert (await ref_of(billing.upsert_customers, one)).id == customer
        back = Wanted(uuid4(), Restoring("customer", customer, image.before or {}))
        await ref_of(billing.restore_customers, back)
        assert (await billing.look("customer", [customer]))[customer]["fields"] == dict(image.before or {})

    async def test_what_stands_of_papers_is_shown_and_a_customer_holds_what_is_owed(self, billing: Billing) -> None:
        customer = await customer_of(billing)
        offer = await ref_of(billing.open_estimates, estimate(customer))
        draft = await ref_of(billing.draft_invoices, invoice(customer))
        assert (await billing.look("estimate", [offer.id, "qt_none"])) == {offer.id: {"status": "open", "partly_paid": False}}
        assert (await billing.look("customer", [customer]))[customer]["holds"] == []
        await ref_of(billing.finalise_invoices, named(draft.id))
        held = (await billing.look("customer", [customer]))[customer]["holds"]
        assert held == [Standing("billing", "invoice", draft.id)]
