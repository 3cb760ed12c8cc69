"""Stripe's currencies, and how an amount in minor units is shown to people. https://docs.stripe.com/currencies"""

from sandbox.stripe.answers import Refusal

ZERO_DECIMAL = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
LARGEST = 99_999_999_999  # twelve digits for some currencies; more than any invoice of the sandbox needs


def currency(value: object, param: str) -> str:
    """Read a three-letter currency, in lower case as Stripe keeps it."""
    if not isinstance(value, str) or len(value) != 3 or not value.isascii() or not value.isalpha():
        raise Refusal(400, f"Invalid currency: {str(value)[:20]}.", code="parameter_invalid_string_currency", param=param)
    return value.lower()


def within_reach(amount: int, param: str) -> int:
    """Return an amount; raises Stripe's amount_too_large."""
    if abs(amount) > LARGEST:
        raise Refusal(400, "Amount is too large.", code="amount_too_large", param=param)
    return amount


def shown(amount: int, code: str) -> str:
    """Return an amount as people read it: `EUR 1,500.00`."""
    digits = 0 if code in ZERO_DECIMAL else 3 if code in THREE_DECIMAL else 2
    return f"{code.upper()} {amount / 10**digits:,.{digits}f}"
