"""How money comes in and goes back: an invoice's payment, its charges, their refunds.

https://docs.stripe.com/api/invoice-payment, .../payment_intents, .../charges and .../refunds
"""

from typing import Any

from sandbox.stripe.answers import Refusal, contradicts, missing
from sandbox.stripe.ask import Ask, Table
from sandbox.stripe.events import Events
from sandbox.stripe.forms import anything, choice, integer, merged, metadata, read, text
from sandbox.stripe.shapes import charge_of, intent_of, payment_of, refund_of
from sandbox.stripe.shelf import Object, Shelf, now

DECLINED = {
    "code": "card_declined",
    "decline_code": "generic_decline",
    "doc_url": "https://docs.stripe.com/error-codes/card-declined",
    "message": "Your card was declined.",
    "type": "card_error",
}
REFUND = {
    "amount": integer,
    "charge": text(),
    "metadata": metadata,
    "payment_intent": text(),
    "reason": choice("duplicate", "fraudulent", "requested_by_customer"),
}


class Payments:
    """Routes of payments, and what invoices do with them."""

    def __init__(self, shelf: Shelf, events: Events) -> None:
        self.shelf, self.events = shelf, events

    def table(self) -> Table:
        """Return the routes."""
        page, get = self.shelf.page, self.shelf.get
        return [
            ("GET", "/v1/invoice_payments", self._payments),
            ("GET", "/v1/invoice_payments/{id}", lambda ask: get("invoice_payments", ask.path["id"])),
            ("GET", "/v1/payment_intents", lambda ask: page("payment_intents", ask.params, "/v1/payment_intents", "customer")),
            ("GET", "/v1/payment_intents/{id}", lambda ask: get("payment_intents", ask.path["id"])),
            ("POST", "/v1/payment_intents/{id}", self._change_intent),
            ("GET", "/v1/charges", lambda ask: page("charges", ask.params, "/v1/charges", "customer", "payment_intent")),
            ("GET", "/v1/charges/{id}", lambda ask: get("charges", ask.path["id"])),
            ("GET", "/v1/refunds", lambda ask: page("refunds", ask.params, "/v1/refunds", "charge", "payment_intent")),
            ("POST", "/v1/refunds", self._refund),
            ("GET", "/v1/refunds/{id}", lambda ask: get("refunds", ask.path["id"])),
        ]

    def open(self, invoice: Object) -> None:
        """Await the payment of an invoice that has just been finalised."""
        intent = self.shelf.put("payment_intents", intent_of(invoice, self.shelf.new_id("pi")))
        self.shelf.put("invoice_payments", payment_of(invoice, intent, self.shelf.new_id("inpay")))

    def succeed(self, invoice: Object) -> None:
        """Take the whole amount by card."""
        intent, payment = self._of(invoice)
        charge = self.shelf.put("charges", charge_of(invoice, intent, self.shelf.new_id("ch")))
        paid = {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge["id"]}
        self.shelf.change("payment_intents", intent, **paid, last_payment_error=None)
        moment = {"canceled_at": None, "paid_at": now()}
        self.shelf.change("invoice_payments", payment, status="paid", amount_paid=intent["amount"], status_transitions=moment)

    def fail(self, invoice: Object) -> Object:
        """Try to take the amount by a card that is declined; return the payment intent."""
        intent, _ = self._of(invoice)
        failed = {"status": "failed", "paid": False, "captured": False, "amount_captured": 0}
        failed |= {"failure_code": "card_declined", "failure_message": DECLINED["message"]}
        charge = self.shelf.put("charges", charge_of(invoice, intent, self.shelf.new_id("ch")) | failed)
        error = DECLINED | {"charge": charge["id"]}
        return self.shelf.change("payment_intents", intent, latest_charge=charge["id"], last_payment_error=error)

    def cancel(self, invoice: Object) -> None:
        """Await no payment any more."""
        if not self.shelf.having("invoice_payments", invoice=invoice["id"]):
            return  # nothing was owed
        intent, payment = self._of(invoice)
        self.shelf.change("payment_intents", intent, status="canceled", canceled_at=now(), cancellation_reason="void_invoice")
        moment = {"canceled_at": now(), "paid_at": None}
        self.shelf.change("invoice_payments", payment, status="canceled", status_transitions=moment)

    def refund(self, charge: Object, amount: int | None, **more: Any) -> Object:
        """Give a charge's money back: all that is left of it unless an amount is named."""
        left = charge["amount_captured"] - charge["amount_refunded"]
        if charge["status"] != "succeeded" or not left:
            told = f"Charge {charge['id']} has already been refunded."
            raise contradicts(told, "charge_already_refunded")
        wanted = left if amount is None else amount
        if not 0 < wanted <= left:
            told = f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({left})"
            raise Refusal(
                400, told if wanted > 0 else "Invalid positive integer", code="parameter_invalid_integer", param="amount"
            )
        before = {name: charge[name] for name in ("amount_refunded", "refunded")}
        total = charge["amount_refunded"] + wanted
        after = self.shelf.change("charges", charge, amount_refunded=total, refunded=total == charge["amount_captured"])
        refund = self.shelf.put("refunds", refund_of(charge, wanted, self.shelf.new_id("re")) | more)
        self.events.note("charge.refunded", after, before)
        return refund

    def charge_for(self, invoice: Object) -> Object:
        """Return the charge that paid an invoice. Raises Stripe's refusal when there is none."""
        for payment in self.shelf.having("invoice_payments", invoice=invoice["id"], status="paid"):
            if intent := self.shelf.find("payment_intents", payment["payment"].get("payment_intent", "")):
                return self.shelf.get("charges", intent["latest_charge"])
        raise contradicts("This invoice has no successful payment that could be refunded.")

    def _of(self, invoice: Object) -> tuple[Object, Object]:
        (payment,) = self.shelf.having("invoice_payments", invoice=invoice["id"])
        return self.shelf.get("payment_intents", payment["payment"]["payment_intent"]), payment

    def _payments(self, ask: Ask) -> Object:
        asked = ask.params.get("payment")
        plain = {name: value for name, value in ask.params.items() if name != "payment"}
        if asked is None:
            return self.shelf.page("invoice_payments", plain, "/v1/invoice_payments", "invoice", "status")
        shape = {"type": choice("payment_intent", "payment_record"), "payment_intent": text(), "payment_record": text()}
        if not isinstance(asked, dict):
            raise Refusal(400, "Invalid object", param="payment")
        wanted = read(asked, shape, "type", within="payment")
        listed = plain | {"payment_intent": wanted.get("payment_intent") or "none"}
        return self.shelf.page("invoice_payments", listed, "/v1/invoice_payments", "invoice", "status", "payment_intent")

    def _change_intent(self, ask: Ask) -> Object:
        intent = self.shelf.get("payment_intents", ask.path["id"])
        given = read(ask.params, {"metadata": metadata, "description": text(1000)})
        return self.shelf.change(
            "payment_intents", intent, **given | {"metadata": merged(intent["metadata"], given.get("metadata", {}))}
        )

    def _refund(self, ask: Ask) -> Object:
        given = read(ask.params, REFUND | {"expand": anything})
        if ("charge" in given) == ("payment_intent" in given):
            raise Refusal(400, "One of the following params should be provided for this request: payment_intent or charge.")
        charge_id = given.get("charge")
        if charge_id is None:
            charge_id = self.shelf.get("payment_intents", given["payment_intent"], "payment_intent")["latest_charge"]
        if charge_id is None:
            raise contradicts(f"This PaymentIntent ({given['payment_intent']}) does not have a successful charge to refund.")
        charge = self.shelf.find("charges", charge_id)
        if charge is None:
            raise missing("charge", charge_id, "charge")
        more = {"metadata": merged({}, given.get("metadata", {})), "reason": given.get("reason")}
        return self.refund(charge, given.get("amount"), **more)
