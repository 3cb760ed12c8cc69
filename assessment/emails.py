"""Judges a column of e-mail addresses as `contracts.values.EmailAddress` would, a million in seconds.

email-validator takes 50 microseconds for each. About an address of the plain kind (ASCII, a dotted domain, no quotes) nothing
is left for it to say, so these are judged in SQL, and the library itself is asked about the others.
"""

from __future__ import annotations

from email_validator import SPECIAL_USE_DOMAIN_NAMES
from pydantic_core import PydanticCustomError

from assessment.names import quoted
from contracts.values import EmailAddress

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
PLAIN = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z]{{2,63}}$"
DOUBTFUL = rf"(?i)[.@](?:{'|'.join(SPECIAL_USE_DOMAIN_NAMES)})$|[.@]..--"
LONGEST, LONGEST_LOCAL = 200, 64
"""A longer one is left to the library."""


def sql(column: str) -> tuple[str, str]:
    """Return two conditions on a column: that it is an address for certain, and that the library must be asked."""
    fits = f"length({column}) <= {LONGEST} AND length(split_part({column}, '@', 1)) <= {LONGEST_LOCAL}"
    plain = f"(regexp_matches({column}, {quoted(PLAIN)}) AND NOT regexp_matches({column}, {quoted(DOUBTFUL)}) AND {fits})"
    return plain, f"(contains({column}, '@') AND NOT {plain})"


def parsed(text: str) -> str | None:
    """Return the address as contracts keep it, or None."""
    try:
        return str(EmailAddress.parse(text))
    except PydanticCustomError:
        return None
