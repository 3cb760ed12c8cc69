"""The billing port on Stripe. Knows no flow and no ledger, and nothing of how Stripe is called.

https://docs.stripe.com/invoicing/integration and https://docs.stripe.com/quotes
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

import httpx

from connectors.billing import stripe_shapes as shapes
from connectors.billing import stripe_traces, stripe_undo
from connectors.billing.port import WRITES, Kind
from connectors.billing.stripe_calls import DIALECT, Calls, Object, StripeApi, is_id, is_missing, path_id
from connectors.billing.stripe_customers import Customers
from connectors.billing.stripe_drafts import Drafts
from connectors.billing.stripe_shapes import KEY, TOTAL, ref
from connectors.budget import UNLIMITED, Budget
from connectors.drift import UNWATCHED, Drift
from connectors.guard import guarded
from connectors.network import TIMEOUT
from connectors.oauth import StaticToken
from connectors.outcomes import chunks, each, together
from contracts.billing import CustomerRecord, EstimateRecord, InvoiceRecord, InvoiceSnapshot
from contracts.errors import RefusedError
from contracts.records import EffectKey, Facts, Image, Outcomes, Ref, Restoring, Wanted
from contracts.systems import System
from contracts.traces import Traces

AT_ONCE = 8
CLAUSES = 10  # that one search may have
PAGES = 20  # of what cannot be searched
OWED = ("open", "paid", "uncollectible")
R = TypeVar("R")


@guarded(System.BILLING, WRITES)
class StripeBilling:
    """Our billing port on Stripe. Our key is the metadata `towline_key`; for a day it is the idempotency key, too."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        budget: Budget = UNLIMITED,
        drift: Drift = UNWATCHED,
    ) -> None:
        """Speak to `base_url`, https://api.stripe.com at Stripe itself, with a secret or restricted API key."""
        token = StaticToken(api_key)
        self._api = StripeApi(
            "billing", base_url, token, DIALECT, transport=transport, timeout=timeout, budget=budget, drift=drift
        )
        self._calls = Calls(self._api)
        self._customers = Customers(self._calls)
        self._drafts = Drafts(self._calls)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._api.aclose()

    async def upsert_customers(self, wanted: Sequence[Wanted[CustomerRecord]]) -> Outcomes:
        """Find each account's customer, or create it, once per account; e-mail address and name are brought up to date.

        A customer that people made with the same e-mail address is taken over, unless it belongs to another account.
        """
        by_account = {one.record.account: one for one in wanted}
        known = await self._customers.matching([one.record for one in by_account.values()])

        async def upsert(one: Wanted[CustomerRecord]) -> Ref:
            return ref(await self._customers.upsert(one, known.get(one.record.account)))

        done = await each(upsert, by_account, at_once=AT_ONCE)
        return {one.key: done[one.record.account] for one in wanted}

    async def open_estimates(self, wanted: Sequence[Wanted[EstimateRecord]]) -> Outcomes:
        """Create a quote with its lines and finalise it."""
        return await _each(self._drafts.open_estimate, wanted)

    async def cancel_estimates(self, wanted: Sequence[Wanted[str]]) -> Outcomes:
        """Cancel open quotes by id; one that is cancelled already stays so. Refused for one that is accepted."""

        async def cancel(one: Wanted[str]) -> Ref:
            return ref(await self._calls.move("quotes", one.record, "cancel", ("canceled",), str(one.key)))

        return await _each(cancel, wanted)

    async def draft_invoices(self, wanted: Sequence[Wanted[InvoiceRecord]]) -> Outcomes:
        """Create an invoice with its lines as a draft that nothing finalises by itself."""
        return await _each(self._drafts.draft_invoice, wanted)

    async def finalise_invoices(self, wanted: Sequence[Wanted[str]]) -> Outcomes:
        """Finalise drafts by id; one that is owed or paid already stays so. The link is the client's page."""

        async def finalise(one: Wanted[str]) -> Ref:
            return ref(await self._calls.move("invoices", one.record, "finalize", OWED, str(one.key), auto_advance=False))

        return await _each(finalise, wanted)

    async def send_invoices(self, wanted: Sequence[Wanted[str]]) -> Outcomes:
        """Let Stripe mail finalised invoices to their customers; it would finalise a draft by itself."""

        async def send(one: Wanted[str]) -> Ref:
            path = f"/v1/invoices/{path_id(one.record)}"

            async def sent() -> Object | None:
                invoice = await self._calls.read(path)
                return invoice if await self._was_sent(one.record, int(invoice["created"])) else None

            return ref(await self._calls.write(f"{path}/send", {}, str(one.key), sent))

        return await _each(send, wanted)

    async def void_invoices(self, wanted: Sequence[Wanted[str]]) -> Outcomes:
        """Take finalised invoices back; a draft is deleted, one that is void or gone stays so. Refused for one that is paid."""

        async def void(one: Wanted[str]) -> Ref:
            path = f"/v1/invoices/{path_id(one.record)}"
            try:
                invoice = await self._calls.read(path)
                if invoice["status"] == "draft":
                    await self._calls.remove(path)
                    return Ref(one.record)
            except RefusedError as error:
                if not is_missing(error):
                    raise
                return Ref(one.record)  # a draft that is deleted: Stripe does not remember it
            return ref(await self._calls.move("invoices", one.record, "void", ("void",), str(one.key)))

        return await _each(void, wanted)

    async def read_invoices(self, ids: Collection[str]) -> Mapping[str, InvoiceSnapshot]:
        """Return the invoices that exist among `ids`."""
        found: dict[str, InvoiceSnapshot] = {}

        async def read(invoice_id: str) -> Ref:
            try:
                invoice = await self._calls.read(f"/v1/invoices/{path_id(invoice_id)}", {"expand[]": "payments"})
            except RefusedError as error:
                if not is_missing(error):
                    raise
                return Ref(invoice_id)
            found[invoice_id] = shapes.invoice_snapshot(invoice)
            return Ref(invoice_id)

        outcomes = await each(read, {one: one for one in ids if is_id(one)}, at_once=AT_ONCE)
        for outcome in outcomes.values():
            if isinstance(outcome, Exception):
                raise outcome
        return found

    async def read_traces(self, kind: str, fields: Collection[str], ids: Collection[str]) -> Traces:
        """Return fields of what exists among `ids`: of customers, or the `lines` of invoices as what they add up to."""
        return await stripe_traces.read_traces(self._calls, kind, fields, ids, at_once=AT_ONCE)

    async def images(self, wanted: Sequence[Wanted[CustomerRecord]]) -> Mapping[EffectKey, Image]:
        """Return what bringing customers up to date will find and leave."""
        known = await self._customers.matching([one.record for one in wanted])
        found = {one.key: known.get(one.record.account) for one in wanted}
        return {one.key: shapes.customer_image(one.record, found[one.key]) for one in wanted}

    async def look(self, kind: Kind, ids: Collection[str]) -> Mapping[str, Facts]:
        """Return how what exists among `ids` stands; a customer with the invoices that are owed or paid."""
        return await stripe_undo.look(self._calls, kind, ids, at_once=AT_ONCE)

    async def restore_customers(self, wanted: Sequence[Wanted[Restoring]]) -> Outcomes:
        """Let fields of customers hold again what they held."""
        return await _each(lambda one: stripe_undo.restore_customer(self._calls, one), wanted)

    async def delete_customers(self, wanted: Sequence[Wanted[str]]) -> Outcomes:
        """Delete customers for ever, by id; one that is gone stays so. https://docs.stripe.com/api/customers/delete"""
        return await _each(lambda one: stripe_undo.delete_customer(self._calls, one.record), wanted)

    async def find(self, kind: Kind, keys: Collection[EffectKey]) -> Mapping[EffectKey, Ref]:
        """Return what stands at Stripe under our keys, complete; a customer under its account's id; of several the oldest.

        Customers and invoices are searched, which may miss what is younger than a minute: for that the same call again is safe.
        Quotes cannot be searched: the newest two thousand are looked through.
        """
        if kind == "customer":
            return {account: ref(one) for account, one in (await self._customers.known(keys)).items()}
        if kind == "estimate":
            quotes = self._calls.all("/v1/quotes", {}, pages=PAGES) if keys else _none()
            return _by_key([one async for one in quotes if one["status"] != "draft"], keys)
        queries = [" OR ".join(f"metadata['{KEY}']:'{key}'" for key in part) for part in chunks(sorted(set(keys)), CLAUSES)]
        parts = await together(*(self._calls.search("invoices", query) for query in queries))
        found = [one for part in parts for one in part if shapes.mark_of(one, TOTAL) is not None]
        return _by_key(sorted(found, key=lambda one: -int(one["created"])), keys)

    async def _was_sent(self, invoice_id: str, since: int) -> bool:
        params: Mapping[str, str | int] = {"type": "invoice.sent", "created[gte]": since}
        async for event in self._calls.all("/v1/events", params, pages=PAGES):
            if event["data"]["object"].get("id") == invoice_id:
                return True
        return False


async def _each(act: Callable[[Wanted[R]], Awaitable[Ref]], wanted: Sequence[Wanted[R]]) -> Outcomes:
    return await each(act, {one.key: one for one in wanted}, at_once=AT_ONCE)


async def _none() -> Any:
    return
    yield


def _by_key(found: Sequence[Object], keys: Collection[EffectKey]) -> Mapping[EffectKey, Ref]:
    """Return references by our key; `found` is newest first, so that the oldest of several stays."""
    wanted = {str(key) for key in keys}
    marked = [(shapes.mark_of(one, KEY) or "", one) for one in found]
    return {UUID(mark): ref(one) for mark, one in marked if mark in wanted}
