"""Values are normalised once and for all, remember how they were written, and never repeat in an error what was wrong."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from contracts.values import LARGEST_AMOUNT, DomainName, EmailAddress, Money, PhoneNumber

WORDS = st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True)
CASES = st.sampled_from([str.lower, str.upper, str.title])
CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KWD", "GBP"])


@given(WORDS, WORDS, CASES)
def test_an_address_that_is_normalised_stays_as_it_is(local: str, host: str, write: Any) -> None:
    written = f" {write(f'{local}@{host}.example.org')} "
    address = EmailAddress.parse(written)
    assert address == f"{local}@{host}.example.org"
    assert address.original == written
    assert EmailAddress.parse(address) == address


@given(st.from_regex(r"[1-9][0-9]{8,9}", fullmatch=True), st.sampled_from(["+49 {}", "+49-{}", "(+49) {}"]))
def test_a_number_that_is_normalised_stays_as_it_is(digits: str, style: str) -> None:
    number = PhoneNumber.parse(style.format(digits))
    assert number.startswith("+49")
    assert number[1:].isdecimal()
    assert number.original == style.format(digits)
    assert PhoneNumber.parse(number) == number


@given(WORDS, st.sampled_from(["{}", "www.{}", "https://{}", "http://www.{}/about", "{}."]), CASES)
def test_a_domain_that_is_normalised_stays_as_it_is(name: str, style: str, write: Any) -> None:
    written = write(style.format(f"{name}.example"))
    domain = DomainName.parse(written)
    assert domain == f"{name}.example"
    assert domain.original == written
    assert DomainName.parse(domain) == domain


def test_a_domain_in_other_letters_is_written_in_ascii() -> None:
    assert DomainName.parse("Müller.example") == "xn--mller-kva.example"


@given(st.text(min_size=1, max_size=60))
@pytest.mark.parametrize("kind", [EmailAddress, PhoneNumber, DomainName])
def test_a_wrong_value_is_not_repeated_in_the_error(kind: Any, rest: str) -> None:
    marker = f"zxq {rest} zxq"
    with pytest.raises(PydanticCustomError) as caught:
        kind.parse(marker)
    assert "zxq" not in str(caught.value)


@pytest.mark.parametrize("wrong", ["nobody", "a@", "@b.example", "a b@c.example", "a@b", "a@b..example"])
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(PydanticCustomError, match="is not an e-mail address"):
        EmailAddress.parse(wrong)


@pytest.mark.parametrize("wrong", ["030 901820", "+49", "+49 1", "call me", "+999 123456789"])
def test_what_is_no_international_number_is_refused(wrong: str) -> None:
    with pytest.raises(PydanticCustomError, match="is not a"):
        PhoneNumber.parse(wrong)


@given(st.integers(0, LARGEST_AMOUNT), CURRENCIES)
def test_money_written_in_major_units_comes_back_as_it_was(minor: int, currency: str) -> None:
    money = Money(minor=minor, currency=currency)
    assert Money.from_major(money.decimal(), currency) == money


@pytest.mark.parametrize(
    ("money", "text", "decimal"),
    [
        (Money(minor=1500000, currency="EUR"), "EUR 15,000.00", "15000.00"),
        (Money(minor=1500, currency="JPY"), "JPY 1,500", "1500"),
        (Money(minor=1500, currency="KWD"), "KWD 1.500", "1.500"),
        (Money(minor=0, currency="USD"), "USD 0.00", "0.00"),
    ],
)
def test_money_is_shown_with_its_currencys_digits(money: Money, text: str, decimal: str) -> None:
    assert (str(money), money.decimal()) == (text, decimal)
    assert money.as_moneyed().amount == Decimal(decimal)


@pytest.mark.parametrize(
    "wrong",
    [
        {"minor": -1, "currency": "EUR"},
        {"minor": 15.5, "currency": "EUR"},
        {"minor": 15.0, "currency": "EUR"},
        {"minor": "15", "currency": "EUR"},
        {"minor": True, "currency": "EUR"},
        {"minor": None, "currency": "EUR"},
        {"minor": LARGEST_AMOUNT + 1, "currency": "EUR"},
        {"minor": 1, "currency": "eur"},
        {"minor": 1, "currency": "ZZZ"},
        {"minor": 1, "currency": ""},
        {"minor": 1},
        {"minor": 1, "currency": "EUR", "major": 1},
        15,
    ],
)
def test_what_is_no_money_is_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Money).validate_python(wrong)


@pytest.mark.parametrize("wrong", ["1.999", "a lot", "1,50", ""])
def test_major_units_that_do_not_fit_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="decimal"):
        Money.from_major(wrong, "EUR")
