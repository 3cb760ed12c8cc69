"""How a value of ours becomes a vendor's and comes back, by name. Pure; knows no vendor's field and no record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

from moneyed import CurrencyDoesNotExist

from contracts.errors import RefusedError
from contracts.rich_text import marked_up, plain
from contracts.values import Money

OurType = Literal["text", "key", "integer", "money", "date", "moment", "word"]
TheirType = Literal["string", "integer", "list"]
Theirs = Sequence[Any]
"""A vendor's values of one field of ours: one, or as many as it takes at the vendor."""

ZERO_DECIMAL = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF"} | {"VND", "VUV", "XAF", "XOF", "XPF"}
)
THREE_DECIMAL = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


def to_minor(money: Money) -> int:
    """Return money in a payment vendor's minor units, which are ours but for a few currencies. https://docs.stripe.com/currencies

    Raises RefusedError for an amount that cannot be expressed.
    """
    amount = Decimal(money.decimal()).scaleb(_digits(money.currency))
    if amount != amount.to_integral_value():
        raise RefusedError(f"billing: Stripe has no such fraction of {money.currency}", cause="billing.no_such_fraction")
    return int(amount)


def from_minor(amount: int, currency: str) -> Money:
    """Return a payment vendor's minor units as money; what is owed to the client instead (below zero) counts as nothing.

    Raises ValueError for a currency that is none.
    """
    code = Money(minor=0, currency=currency.upper()).currency
    return Money.from_major(str(Decimal(max(amount, 0)).scaleb(-_digits(code))), code)


@dataclass(frozen=True, slots=True)
class Conversion:
    """From our type to a vendor's fields and back; `back` gets none of the values that a vendor leaves out, and may say None."""

    ours: tuple[OurType, ...]
    theirs: tuple[TheirType, ...]
    out: Callable[[Any], Theirs]
    back: Callable[[Theirs], Any]


def _major_back(theirs: Theirs) -> Money | None:
    """No amount where there is none with a currency that takes it."""
    amount, currency = theirs
    try:
        return Money.from_major(amount, currency) if amount and currency else None
    except (ValueError, OverflowError, CurrencyDoesNotExist):
        return None


def _name_out(name: str) -> Theirs:
    first, _, last = name.partition(" ")
    return first, last.strip()


def _moment_back(theirs: Theirs) -> datetime:
    text = str(theirs[0])
    return datetime.fromtimestamp(int(text) / 1000, UTC) if text.isdecimal() else datetime.fromisoformat(text)


def _day_end(day: date) -> int:
    return int(datetime.combine(day + timedelta(days=1), time(), UTC).timestamp())


def _day(seconds: int) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()


CONVERSIONS: Mapping[str, Conversion] = {
    "as-it-is": Conversion(("text", "integer"), ("string",), lambda value: (value,), lambda theirs: theirs[0]),
    "number": Conversion(("integer",), ("integer",), lambda value: (value,), lambda theirs: theirs[0]),
    "key": Conversion(("key",), ("string",), lambda value: (str(value),), lambda theirs: theirs[0]),
    "digits": Conversion(("integer",), ("string",), lambda value: (str(value),), lambda theirs: int(float(theirs[0]))),
    "first-and-last-name": Conversion(
        ("text",), ("string", "string"), _name_out, lambda theirs: " ".join(part for part in theirs if part)
    ),
    "money-in-major-units": Conversion(
        ("money",), ("string", "string"), lambda money: (money.decimal(), money.currency), _major_back
    ),
    "money-in-minor-units": Conversion(
        ("money",),
        ("integer", "string"),
        lambda money: (to_minor(money), money.currency.lower()),
        lambda theirs: from_minor(theirs[0], str(theirs[1])),
    ),
    "minor-units": Conversion(("money",), ("integer",), lambda money: (to_minor(money),), lambda theirs: theirs[0]),
    "milliseconds": Conversion(("moment",), ("string",), lambda moment: (str(int(moment.timestamp() * 1000)),), _moment_back),
    "seconds-of-the-day-after": Conversion(
        ("date",), ("integer",), lambda day: (_day_end(day),), lambda theirs: _day(theirs[0]) - timedelta(days=1)
    ),
    "seconds": Conversion(
        ("date",),
        ("integer",),
        lambda day: (int(datetime.combine(day, time(), UTC).timestamp()),),
        lambda theirs: _day(theirs[0]),
    ),
    "rich-text": Conversion(("text",), ("string",), lambda text: (marked_up(text),), lambda theirs: plain(theirs[0])),
    "list-of-one": Conversion(("text",), ("list",), lambda text: ([text],), lambda theirs: theirs[0][0]),
    "vocabulary": Conversion(("word",), ("string",), lambda word: (word,), lambda theirs: theirs[0]),
}
"""`vocabulary` stands here for its types; its words are the row's own."""


def _digits(currency: str) -> int:
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
