"""What taking back needs of Stripe: how papers and customers stand, and the way back. Knows no path.

https://docs.stripe.com/api/invoices/object, .../quotes/object and .../customers/object
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from connectors.billing import stripe_shapes as shapes
from connectors.billing.port import Kind
from connectors.billing.stripe_calls import Calls, Object, is_id, is_missing, path_id
from connectors.outcomes import each
from contracts.errors import RefusedError, TowlineError
from contracts.records import Facts, Ref, Restoring, Standing, Wanted

PATHS = {"customer": "customers", "estimate": "quotes", "invoice": "invoices"}
PAGES = 20
STANDS = ("open", "paid", "uncollectible")


async def look(calls: Calls, kind: Kind, ids: Collection[str], *, at_once: int) -> Mapping[str, Facts]:
    """Return how what exists among `ids` stands."""
    found: dict[str, Facts] = {}

    async def read(one: str) -> Ref:
        try:
            shown = await calls.read(f"/v1/{PATHS[kind]}/{path_id(one)}")
        except RefusedError as error:
            if not is_missing(error):
                raise
            return Ref(one)
        if not shown.get("deleted"):
            found[one] = await _facts(calls, kind, shown)
        return Ref(one)

    outcomes = await each(read, {one: one for one in ids if is_id(one)}, at_once=at_once)
    for outcome in outcomes.values():
        if isinstance(outcome, TowlineError):
            raise outcome
    return found


async def _facts(calls: Calls, kind: Kind, shown: Object) -> Facts:
    if kind != "customer":
        return {"status": shown["status"], "partly_paid": bool(shown.get("amount_paid"))}
    papers = calls.all("/v1/invoices", {"customer": str(shown["id"])}, pages=PAGES)
    owed = [Standing("billing", "invoice", str(one["id"])) async for one in papers if one["status"] in STANDS]
    return {"fields": shapes.customer_fields(shown), "key": shapes.ACCOUNT, "holds": owed}


async def restore_customer(calls: Calls, one: Wanted[Restoring]) -> Ref:
    """Let a customer's fields hold again what they held."""
    params: dict[str, Any] = shapes.restored_params(one.record.fields)
    return shapes.ref(await calls.write(f"/v1/customers/{path_id(one.record.id)}", params, str(one.key)))


async def delete_customer(calls: Calls, customer: str) -> Ref:
    """Delete a customer."""
    try:
        await calls.remove(f"/v1/customers/{path_id(customer)}")
    except RefusedError as error:
        if not is_missing(error):
            raise
    return Ref(customer)
