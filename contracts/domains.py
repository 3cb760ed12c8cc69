"""Mail providers of the public, and domains that are written almost like another one. Pure."""

from __future__ import annotations

from rapidfuzz.distance import OSA

MAIL_PROVIDERS = [
    "aol.com",
    "email.com",
    "gmail.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "live.com",
    "mail.com",
    "mail.ru",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "web.de",
    "yahoo.com",
    "yandex.ru",
]
LONG_ENOUGH, LONG = 5, 12
"""From so many letters on, a name that differs in one of them is a slip (`gmial`), and one that differs in two."""


def misspelt(domain: str, own: str | None) -> str | None:
    """Return which domain an address's one is a slip of: the company's own, or a mail provider's; None where it is none.

    Only the name may differ: the same name in another country is another domain, and so is a short name that is merely near.
    """
    known = [*([own] if own else []), *MAIL_PROVIDERS]
    return None if domain in known else next((one for one in known if _is_slip(domain, one)), None)


def _is_slip(domain: str, of: str) -> bool:
    (written, _, country), (name, _, its_country) = domain.partition("."), of.partition(".")
    if country != its_country or len(name) < LONG_ENOUGH:
        return False
    return OSA.distance(written, name) <= (2 if len(name) >= LONG else 1)
