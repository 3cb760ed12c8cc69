"""Who a deal is about: the client company and the person we speak with."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from contracts.values import Contract, DomainName, EmailAddress, Name, PhoneNumber


class Company(Contract):
    """A client company; its domain is its identity key, or its name where no domain is known."""

    name: Name
    domain: DomainName | None = None
    sector: Annotated[str, Field(max_length=100)] | None = None
    country: Annotated[str, Field(max_length=100)] | None = None
    employees: Annotated[int, Field(strict=True, ge=0)] | None = None

    @property
    def identity(self) -> str:
        """What makes two records the same company."""
        return self.domain or " ".join(self.name.casefold().split())


class Person(Contract):
    """The person who asked; the e-mail address is the identity key."""

    name: Name
    email: EmailAddress
    phone: PhoneNumber | None = None
