"""What Stripe shows of fields that somebody may have changed past us; it keeps no history that says who. Knows no rule about it.

https://docs.stripe.com/api/customers/object, .../invoices/object and, for credit notes, https://docs.stripe.com/invoicing/dashboard/credit-notes
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from connectors.billing.stripe_calls import Calls, Object, is_id, is_missing, path_id
from connectors.billing.stripe_shapes import CUSTOMER, customer_fields
from connectors.billing.stripe_undo import PATHS, STANDS
from connectors.outcomes import each
from contracts.conversions import from_minor
from contracts.errors import RefusedError, TowlineError
from contracts.records import Ref
from contracts.traces import Trace, Traces

LINES = "lines"
CREDITS = ("pre_payment_credit_notes_amount", "post_payment_credit_notes_amount")


async def read_traces(calls: Calls, kind: str, fields: Collection[str], ids: Collection[str], *, at_once: int) -> Traces:
    """Return these fields of what exists among `ids`; an invoice that is void, or a draft still, has none."""
    found: dict[str, Mapping[str, Trace]] = {}

    async def read(one: str) -> Ref:
        try:
            shown = await calls.read(f"/v1/{PATHS[kind]}/{path_id(one)}")
        except RefusedError as error:
            if not is_missing(error):
                raise
            return Ref(one)
        if not shown.get("deleted"):
            found[one] = _invoice(shown, fields) if kind == "invoice" else _customer(shown, fields)
        return Ref(one)

    outcomes = await each(read, {one: one for one in ids if is_id(one)}, at_once=at_once)
    for outcome in outcomes.values():
        if isinstance(outcome, TowlineError):
            raise outcome
    return found


def _customer(shown: Object, fields: Collection[str]) -> Mapping[str, Trace]:
    held: Mapping[str, Any] = customer_fields(shown)
    return {field: Trace(name, held[name]) for field in fields for name in [CUSTOMER.name(field)]}


def _invoice(shown: Object, fields: Collection[str]) -> Mapping[str, Trace]:
    """What an invoice adds up to, less what was credited of it."""
    if shown["status"] not in STANDS or LINES not in fields:
        return {}
    credited = sum(int(shown.get(name) or 0) for name in CREDITS)
    return {LINES: Trace(LINES, str(from_minor(int(shown["total"]) - credited, str(shown["currency"]))))}
