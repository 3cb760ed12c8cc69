"""How quotes and invoices are made at Stripe, each of several calls, so that none is left half done unseen. Knows no status.

https://docs.stripe.com/api/quotes/create, .../invoices/create and .../invoices/add_lines
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from connectors.billing import stripe_shapes as shapes
from connectors.billing.stripe_calls import Calls, Object, is_missing
from connectors.billing.stripe_shapes import KEY, TOTAL, ref
from connectors.outcomes import chunks, together
from contracts.billing import EstimateRecord, InvoiceRecord, LineItem
from contracts.errors import RefusedError
from contracts.records import Ref, Wanted

LINES = 250  # that one call may add
PAGES = 20  # of a customer's papers


class Drafts:
    """Makes quotes and drafts of invoices, once per key."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._products: set[str] = set()
        self._offering = asyncio.Lock()

    async def open_estimate(self, one: Wanted[EstimateRecord]) -> Ref:
        """Create a quote with its lines and finalise it."""
        params = shapes.quote_params(one.key, one.record)
        await together(*(self._offer(line) for line in {shapes.product_id(line): line for line in one.record.lines}.values()))
        try:
            quote = await self._calls.write("/v1/quotes", params, str(one.key), self._standing("quotes", one))
        except RefusedError as error:
            if is_missing(error):
                self._products.clear()  # somebody may have deleted one
            raise
        if quote["status"] != "draft":
            return ref(quote)
        return ref(await self._calls.move("quotes", str(quote["id"]), "finalize", ("open", "accepted"), f"{one.key}-finalize"))

    async def _offer(self, line: LineItem) -> None:
        """Make the product that a line of a quote must name, once and for all."""
        product = shapes.product_id(line)
        if product in self._products:
            return
        async with self._offering:  # a batch wants the same one many times; two calls under one key are refused
            if product in self._products:
                return
            try:
                await self._calls.write("/v1/products", {"id": product, "name": line.description}, f"product-{product}")
            except RefusedError as error:
                if "resource_already_exists" not in error.cause:
                    raise
            self._products.add(product)

    async def draft_invoice(self, one: Wanted[InvoiceRecord]) -> Ref:
        """Create an invoice and put its lines on it; with the last of them it is marked as complete."""
        params, lines = shapes.invoice_params(one.key, one.record), shapes.line_params(one.record.lines)
        invoice = await self._calls.write("/v1/invoices", params, str(one.key), self._standing("invoices", one))
        path, parts = f"/v1/invoices/{invoice['id']}", chunks(lines, LINES)
        for number, part in enumerate(parts):
            if shapes.mark_of(invoice, TOTAL) is not None:
                break
            last = number == len(parts) - 1
            mark = {"invoice_metadata": {TOTAL: shapes.total_of(one.record.lines)}} if last else {}
            await self._calls.write(f"{path}/add_lines", {"lines": part} | mark, f"{one.key}-lines-{number}", self._filled(path))
        return ref(invoice)

    def _filled(self, path: str) -> Callable[[], Awaitable[Object | None]]:
        async def filled() -> Object | None:
            invoice = await self._calls.read(path)
            return invoice if shapes.mark_of(invoice, TOTAL) is not None else None

        return filled

    def _standing(self, kind: str, one: Wanted[EstimateRecord] | Wanted[InvoiceRecord]) -> Callable[[], Awaitable[Object | None]]:
        """Return how to look for what a key has made already: a customer's lists show what was written just now."""

        async def standing() -> Object | None:
            async for found in self._calls.all(f"/v1/{kind}", {"customer": one.record.customer}, pages=PAGES):
                if shapes.mark_of(found, KEY) == str(one.key):
                    return found
            return None

        return standing
