"""The small values that every contract shares, normalised by the libraries made for it; the original is kept beside them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import email_validator
import moneyed
import phonenumbers
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

LARGEST_AMOUNT = 10**15


class Contract(BaseModel):
    """Base of every agreed shape: frozen, and a field too many is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @classmethod
    def come_from(cls, before: Contract) -> Self:
        """Return what the version before this one said as this one says it. Pure; every version but the first has it.

        Raises:
            ValidationError: this version cannot say it.
        """
        raise NotImplementedError(f"{cls.__name__} has no way up from {type(before).__name__}")


class Reasoned(Contract):
    """Base of every limit, authority and mapping that can refuse something: an error says why, and where that was decided."""

    why: Annotated[str, Field(min_length=10, description="The reason, as people read it where something is refused")]
    decision: Annotated[int, Field(ge=1, description="Number of the decision record")]

    def because(self, file: str) -> str:
        """Return the reason with its file and its decision record, as an error says it."""
        return f"{self.why} (contracts/{file}, decision {self.decision:04})"


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PydanticCustomError("zone", "is not a time zone, such as Europe/Berlin") from None
    return name


Zone = Annotated[str, AfterValidator(_zone)]


def told(model: BaseModel) -> dict[str, Any]:
    """Return what a sender has told, as values by field: what a next version is made of, with its own defaults for the rest."""
    return {name: getattr(model, name) for name in model.model_fields_set}


def require(model: BaseModel, *fields: str, within: str = "") -> None:
    """Raise a `missing` error that names the first of `fields` that is None; call it from a model's own validator."""
    for field in fields:
        if getattr(model, field) is None:
            raise PydanticCustomError("missing", "is missing", {"field": f"{within}.{field}" if within else field})


class _Normalised(str):
    """A string in its canonical form that remembers how it was written."""

    __slots__ = ("original",)
    original: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Normalise `text`; raise PydanticCustomError, which never repeats the text, when it cannot be."""
        value = cls(cls._normalise(text.strip()))
        value.original = text
        return value

    @classmethod
    def _normalise(cls, text: str) -> str:
        raise NotImplementedError

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema(min_length=1, max_length=320))


class EmailAddress(_Normalised):
    """An e-mail address with its domain in lower case; whether the mailbox exists is not asked."""

    __slots__ = ()

    @classmethod
    def _normalise(cls, text: str) -> str:
        try:
            found = email_validator.validate_email(text, check_deliverability=False, test_environment=True)
        except email_validator.EmailNotValidError:
            raise PydanticCustomError("email", "is not an e-mail address") from None
        return found.normalized.lower()


class PhoneNumber(_Normalised):
    """A phone number in E.164 form; it must be written in international form (+49...)."""

    __slots__ = ()

    @classmethod
    def _normalise(cls, text: str) -> str:
        try:
            number = phonenumbers.parse(text, None)
        except phonenumbers.NumberParseException:
            raise PydanticCustomError("phone", "is not a phone number in international form") from None
        if not phonenumbers.is_possible_number(number):
            raise PydanticCustomError("phone", "is not a possible phone number")
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


class DomainName(_Normalised):
    """A web domain in lower-case ASCII, without scheme, path or a leading `www.`."""

    __slots__ = ()

    @classmethod
    def _normalise(cls, text: str) -> str:
        host = text.lower().split("://")[-1].split("/")[0].removeprefix("www.").rstrip(".")
        try:
            ascii_host = host.encode("idna").decode()
        except UnicodeError:
            raise PydanticCustomError("domain", "is not a domain name") from None
        if "." not in ascii_host or not all(part and part.replace("-", "").isalnum() for part in ascii_host.split(".")):
            raise PydanticCustomError("domain", "is not a domain name")
        return ascii_host


@lru_cache(maxsize=256)
def _currency_of(code: str) -> moneyed.Currency:
    return moneyed.get_currency(code)


def _known_currency(code: str) -> str:
    try:
        return str(_currency_of(code).code)
    except moneyed.CurrencyDoesNotExist:
        raise PydanticCustomError("currency", "is not an ISO 4217 currency") from None


class Money(Contract):
    """An amount in integer minor units (cents) of a currency; never a float, never negative."""

    minor: Annotated[int, Field(strict=True, ge=0, le=LARGEST_AMOUNT)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_known_currency)]

    def as_moneyed(self) -> moneyed.Money:
        """Return the amount as a moneyed.Money in major units."""
        currency = _currency_of(self.currency)
        return moneyed.Money(Decimal(self.minor) / currency.sub_unit, currency)

    def decimal(self) -> str:
        """Return the major units as plain decimal text, as CRMs take them: `15000.00`."""
        return str(self.as_moneyed().amount.quantize(_quantum(self.currency)))

    def __str__(self) -> str:
        return f"{self.currency} {self.as_moneyed().amount:,.{_digits(self.currency)}f}"

    @classmethod
    def from_major(cls, major: str, currency: str) -> Money:
        """Make money from decimal text; raise ValueError when it has more digits than the currency."""
        try:
            minor = Decimal(major) * _currency_of(currency).sub_unit
        except InvalidOperation:
            raise ValueError("is not a decimal number") from None
        if minor != minor.to_integral_value():
            raise ValueError("has more decimals than its currency")
        return cls(minor=int(minor), currency=currency)


def _digits(currency: str) -> int:
    return len(str(_currency_of(currency).sub_unit)) - 1


def _quantum(currency: str) -> Decimal:
    return Decimal(1).scaleb(-_digits(currency))


Name = Annotated[str, Field(min_length=1, max_length=200)]
Slug = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")]
Confidence = Annotated[float, Field(ge=0, le=1)]
