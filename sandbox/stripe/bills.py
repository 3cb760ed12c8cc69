"""What can become of an invoice, from draft to paid or void; refuses what its status does not allow. Knows no route.

https://docs.stripe.com/invoicing/overview#invoice-lifecycle
"""

from collections.abc import Mapping
from typing import Any

from sandbox.stripe.answers import Refusal, contradicts
from sandbox.stripe.catalog import PRICE, Catalog
from sandbox.stripe.events import Events
from sandbox.stripe.forms import Reader, anything, boolean, integer, mapping, metadata, text
from sandbox.stripe.money import currency, within_reach
from sandbox.stripe.payments import DECLINED, Payments
from sandbox.stripe.shapes import invoice_of, line_of
from sandbox.stripe.shelf import Object, Shelf, now

DAY = 24 * 3600
PAGES = "https://invoice.stripe.com/i/acct_1TowlineSandbox"
FILES = "https://pay.stripe.com/invoice/acct_1TowlineSandbox"
ITEM: Mapping[str, Reader] = {
    "amount": integer,
    "currency": currency,
    "description": text(),
    "discountable": boolean,
    "metadata": metadata,
    "period": anything,
    "price_data": mapping(PRICE),
    "quantity": integer,
}
"""What a line can be made of, in an invoice item or by add_lines."""


class Bills:
    """The account's invoices as papers: their lines, their sums, their status."""

    def __init__(self, shelf: Shelf, events: Events, payments: Payments, catalog: Catalog) -> None:
        self.shelf, self.events, self.payments, self.catalog = shelf, events, payments, catalog

    def draft(self, customer: Object, **given: Any) -> Object:
        """Make an empty draft for a customer."""
        invoice = self.shelf.put("invoices", invoice_of(customer, self.shelf.new_id("in"), **given))
        self.events.note("invoice.created", invoice)
        return invoice

    def item(self, customer_id: str, given: Mapping[str, Any], invoice: Object | None, param: str) -> Object:
        """Make an invoice item of ITEM's fields; without an invoice it waits for the customer's next one."""
        money, pricing = self._worth(given, param, invoice)
        moment = now()
        return {
            "id": self.shelf.new_id("ii"),
            "object": "invoiceitem",
            **money,
            "customer": customer_id,
            "date": moment,
            "description": given.get("description"),
            "discountable": given.get("discountable", True),
            "discounts": [],
            "invoice": invoice["id"] if invoice else None,
            "livemode": False,
            "metadata": {name: value for name, value in given.get("metadata", {}).items() if value},
            "net_amount": money["amount"],
            "parent": None,
            "period": {"end": moment, "start": moment},
            "pricing": pricing,
            "proration": False,
            "quantity": given.get("quantity", 1),
            "quantity_decimal": str(given.get("quantity", 1)),
            "tax_rates": [],
            "test_clock": None,
        }

    def add(self, invoice: Object, items: list[Object], **more: Any) -> Object:
        """Put items on a draft as its lines and sum it up."""
        self.require(invoice, "draft")
        lines = [line_of(invoice["id"], self.shelf.new_id("il"), self.shelf.put("invoiceitems", item)) for item in items]
        every = invoice["_lines"] + lines
        total = within_reach(sum(line["amount"] for line in every), "amount")
        sums = dict.fromkeys(("subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax"), total)
        due = max(total, 0)
        return self.shelf.change("invoices", invoice, **sums, amount_due=due, amount_remaining=due, _lines=every, **more)

    def finalise(self, invoice: Object) -> Object:
        """Give a draft its number and its page, so that it is owed; one of nothing is paid at once."""
        if invoice["status"] != "draft":
            raise contradicts("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
        customer = self.shelf.get("customers", invoice["customer"], "customer")
        sequence, moment, mark = customer["next_invoice_sequence"], now(), invoice["id"].removeprefix("in_")
        self.shelf.change("customers", customer, next_invoice_sequence=sequence + 1)
        due = moment + invoice["_days"] * DAY if invoice["_days"] is not None else invoice["due_date"]
        opened = self.shelf.change(
            "invoices", invoice,
            status="open", number=f"{customer['invoice_prefix']}-{sequence:04}", due_date=due, effective_at=moment,
            hosted_invoice_url=f"{PAGES}/test_{mark}?s=ap", invoice_pdf=f"{FILES}/test_{mark}/pdf?s=ap", ending_balance=0,
            status_transitions=invoice["status_transitions"] | {"finalized_at": moment},
        )  # fmt: skip
        if opened["amount_due"]:
            self.payments.open(opened)
        self.events.note("invoice.finalized", opened)
        return opened if opened["amount_due"] else self._paid(opened)

    def send(self, invoice: Object) -> Object:
        """Send an invoice to its customer; a draft is finalised first."""
        if invoice["collection_method"] != "send_invoice":
            told = "You can only manually send an invoice if its collection method is 'send_invoice'."
            raise contradicts(told)
        self.require(invoice, "draft", "open", "paid")
        sent = self.finalise(invoice) if invoice["status"] == "draft" else invoice
        self.events.note("invoice.sent", sent)
        return sent

    def pay(self, invoice: Object, *, outside: bool = False) -> Object:
        """Settle an invoice: by card, or with money that came `outside` Stripe."""
        if invoice["status"] == "paid":
            raise contradicts("Invoice is already paid", "invoice_already_paid")
        self.require(invoice, "open", "uncollectible")
        if outside:
            self.payments.cancel(invoice)
        elif invoice["amount_due"]:
            self.payments.succeed(invoice)
        return self._paid(invoice, amount_paid_off_stripe=invoice["amount_due"] if outside else 0, attempted=True)

    def fail(self, invoice: Object) -> Refusal:
        """Let a card be declined: the invoice stays as it is. Returns Stripe's 402."""
        self.require(invoice, "open", "uncollectible")
        intent = self.payments.fail(invoice)
        tried = self.shelf.change("invoices", invoice, attempted=True, attempt_count=invoice["attempt_count"] + 1)
        self.events.note("invoice.payment_failed", tried)
        words = {name: value for name, value in DECLINED.items() if name not in ("message", "code", "type", "doc_url")}
        more = words | {"charge": intent["latest_charge"], "payment_intent": intent}
        return Refusal(402, DECLINED["message"], code="card_declined", kind="card_error", done=True, **more)

    def void(self, invoice: Object) -> Object:
        """Take a finalised invoice back."""
        self.require(invoice, "open", "uncollectible")
        self.payments.cancel(invoice)
        moments = invoice["status_transitions"] | {"voided_at": now()}
        voided = self.shelf.change("invoices", invoice, status="void", auto_advance=False, status_transitions=moments)
        self.events.note("invoice.voided", voided)
        return voided

    def give_up(self, invoice: Object) -> Object:
        """Mark an open invoice as one that nobody will pay."""
        self.require(invoice, "open")
        moments = invoice["status_transitions"] | {"marked_uncollectible_at": now()}
        marked = self.shelf.change("invoices", invoice, status="uncollectible", status_transitions=moments)
        self.events.note("invoice.marked_uncollectible", marked)
        return marked

    def credit(self, invoice: Object, amount: int) -> Object:
        """Take a part of an open invoice back by a credit note; what it adds up to stays, and less of it is due."""
        self.require(invoice, "open")
        if not 0 < amount <= invoice["amount_remaining"]:
            raise Refusal(400, "The credit note's total amount must be greater than 0 and at most what is due.", param="amount")
        less = {name: invoice[name] - amount for name in ("amount_due", "amount_remaining")}
        credited = invoice["pre_payment_credit_notes_amount"] + amount
        changed = self.shelf.change("invoices", invoice, pre_payment_credit_notes_amount=credited, **less)
        self.events.note("invoice.updated", changed)
        return changed

    def require(self, invoice: Object, *statuses: str) -> None:
        """Raise Stripe's refusal unless an invoice has one of these statuses."""
        if invoice["status"] in statuses:
            return
        if statuses == ("draft",):
            raise contradicts("This invoice is no longer editable", "invoice_not_editable")
        told = f"You can only pass in {' or '.join(statuses)} invoices. This invoice is {invoice['status']}."
        raise contradicts(told, "status_transition_invalid")

    def _paid(self, invoice: Object, **more: Any) -> Object:
        moments = invoice["status_transitions"] | {"paid_at": now()}
        paid = self.shelf.change(
            "invoices", invoice, status="paid", amount_paid=invoice["amount_due"], amount_remaining=0, auto_advance=False,
            attempt_count=invoice["attempt_count"] + bool(more.get("attempted")), status_transitions=moments, **more,
        )  # fmt: skip
        self.events.note("invoice.paid", paid)
        return paid

    def _worth(self, given: Mapping[str, Any], param: str, invoice: Object | None) -> tuple[Object, Object | None]:
        """Return a line's amount and currency, and the price that they come from."""
        at = f"{param}[amount]" if param else "amount"
        if ("amount" in given) == ("price_data" in given):
            raise Refusal(400, "You must specify either `amount` or `price_data`.", code="parameter_missing", param=at)
        code = given.get("currency") or (invoice["currency"] if invoice else None)
        if "amount" in given:
            if code is None:
                raise Refusal(400, "Missing required param: currency.", code="parameter_missing", param="currency")
            money, pricing = {"amount": within_reach(given["amount"], at), "currency": code}, None
        else:
            price = self.catalog.price(given["price_data"], f"{param}[price_data]" if param else "price_data")
            money = {"amount": price["unit_amount"] * given.get("quantity", 1), "currency": price["currency"]}
            details = {"price": price["id"], "product": price["product"]}
            pricing = {"price_details": details, "type": "price_details", "unit_amount_decimal": price["unit_amount_decimal"]}
        if invoice and money["currency"] != invoice["currency"]:
            told = f"The currency of a line must be that of its invoice, {invoice['currency']}."
            raise Refusal(400, told, param=f"{param}[currency]")
        return money, pricing
