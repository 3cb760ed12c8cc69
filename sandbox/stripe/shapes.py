"""How Stripe's money objects look when they are new; knows nothing of how they come about."""

from typing import Any

from sandbox.stripe.shelf import Object, now


def intent_of(invoice: Object, intent_id: str) -> Object:
    """Return the payment intent of an invoice."""
    return {
        "id": intent_id,
        "object": "payment_intent",
        "amount": invoice["amount_due"],
        "amount_capturable": 0,
        "amount_received": 0,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": f"{intent_id}_secret_{intent_id[-8:]}",
        "confirmation_method": "automatic",
        "created": now(),
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "description": f"Payment for Invoice {invoice['number']}",
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "status": "requires_payment_method",
    }


def payment_of(invoice: Object, intent: Object | None, payment_id: str) -> Object:
    """Return an invoice's awaited payment; without an intent, one that was made outside Stripe."""
    way = {"type": "payment_intent", "payment_intent": intent["id"]} if intent else {"type": "payment_record"}
    return {
        "id": payment_id,
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": invoice["amount_due"],
        "created": now(),
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": way,
        "payment_intent": intent["id"] if intent else None,
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }


def charge_of(invoice: Object, intent: Object, charge_id: str) -> Object:
    """Return a charge that took an invoice's amount; like Stripe's it names the payment intent, and no invoice."""
    card = {"brand": "visa", "country": "DE", "exp_month": 8, "exp_year": 2031, "funding": "credit", "last4": "4242"}
    return {
        "id": charge_id,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": {"address": None, "email": invoice["customer_email"], "name": invoice["customer_name"], "phone": None},
        "captured": True,
        "created": now(),
        "currency": intent["currency"],
        "customer": invoice["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "outcome": {"network_status": "approved_by_network", "reason": None, "seller_message": None, "type": "authorized"},
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": None,
        "payment_method_details": {"card": card, "type": "card"},
        "receipt_email": None,
        "receipt_url": None,
        "refunded": False,
        "status": "succeeded",
    }


def refund_of(charge: Object, amount: int, refund_id: str) -> Object:
    """Return a refund of a charge."""
    return {
        "id": refund_id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": now(),
        "currency": charge["currency"],
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": None,
        "receipt_number": None,
        "status": "succeeded",
    }


def line_of(invoice_id: str, line_id: str, item: Object) -> Object:
    """Return the invoice line of an invoice item."""
    details = {
        "invoice_item": item["id"],
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": None,
    }
    parent = {"invoice_item_details": details, "subscription_item_details": None, "type": "invoice_item_details"}
    same = ("amount", "currency", "description", "discountable", "metadata", "period", "pricing", "quantity", "quantity_decimal")
    return {
        "id": line_id,
        "object": "line_item",
        "discount_amounts": [],
        "discounts": [],
        "invoice": invoice_id,
        "livemode": False,
        "parent": parent,
        "pretax_credit_amounts": [],
        "subtotal": item["amount"],
        "taxes": [],
    } | {name: item[name] for name in same}


def invoice_of(customer: Object, invoice_id: str, **given: Any) -> Object:
    """Return a new draft for a customer, without lines."""
    moment = now()
    zeros = (
        "amount_due", "amount_overpaid", "amount_paid", "amount_paid_off_stripe", "amount_remaining", "amount_shipping",
        "attempt_count", "post_payment_credit_notes_amount", "pre_payment_credit_notes_amount", "starting_balance", "subtotal",
        "subtotal_excluding_tax", "total", "total_excluding_tax",
    )  # fmt: skip
    empty = (
        "account_tax_ids", "application", "automatically_finalizes_at", "confirmation_secret", "custom_fields",
        "default_payment_method", "default_source", "description", "due_date", "effective_at", "ending_balance", "footer",
        "from_invoice", "hosted_invoice_url", "invoice_pdf", "last_finalization_error", "latest_revision",
        "next_payment_attempt", "number", "on_behalf_of", "parent", "receipt_number", "rendering", "shipping_cost",
        "shipping_details", "statement_descriptor", "test_clock", "webhooks_delivered_at",
    )  # fmt: skip
    return (
        {
            "id": invoice_id,
            "object": "invoice",
            "account_country": "DE",
            "account_name": "Towline Sandbox",
            "attempted": False,
            "auto_advance": False,
            "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None, "provider": None, "status": None},
            "billing_reason": "manual",
            "collection_method": "charge_automatically",
            "created": moment,
            "currency": "eur",
            "customer": customer["id"],
            "customer_address": customer["address"],
            "customer_email": customer["email"],
            "customer_name": customer["name"],
            "customer_phone": customer["phone"],
            "customer_shipping": customer["shipping"],
            "customer_tax_exempt": "none",
            "customer_tax_ids": [],
            "default_tax_rates": [],
            "discounts": [],
            "issuer": {"type": "self"},
            "livemode": False,
            "metadata": {},
            "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
            "period_end": moment,
            "period_start": moment,
            "status": "draft",
            "status_transitions": {"finalized_at": None, "marked_uncollectible_at": None, "paid_at": None, "voided_at": None},
            "total_discount_amounts": [],
            "total_pretax_credit_amounts": [],
            "total_taxes": [],
            "_lines": [],
            "_days": None,
        }
        | dict.fromkeys(zeros, 0)
        | dict.fromkeys(empty)
        | given
    )
