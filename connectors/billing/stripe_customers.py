"""One customer at Stripe for each account of ours, whoever made it. Knows no quote and no invoice."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from uuid import UUID
from weakref import WeakValueDictionary

from connectors.billing.stripe_calls import Calls, Object
from connectors.billing.stripe_shapes import ACCOUNT, customer_params, mark_of, owner_params
from connectors.outcomes import chunks, together
from contracts.billing import CustomerRecord
from contracts.records import Wanted

CLAUSES = 10  # that one search may have
PAGES = 3


class Customers:
    """Finds and makes customers.

    Stripe's search may miss what is younger than a minute, so it never decides alone that there is none. A new customer is made
    by a call that is a pure function of the account, under a key of the account: two processes that both see none get the same
    one for a day, and after a day the search knows it. Name and address follow in a second call.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def known(self, accounts: Collection[UUID]) -> Mapping[UUID, Object]:
        """Return the customers that carry these accounts, the oldest of several."""
        parts = chunks(sorted(set(accounts)), CLAUSES)
        queries = [" OR ".join(f"metadata['{ACCOUNT}']:'{account}'" for account in part) for part in parts]
        found = [one for part in await together(*(self._calls.search("customers", query) for query in queries)) for one in part]
        newest_first = sorted(found, key=lambda one: -int(one["created"]))
        return {UUID(mark): one for one in newest_first if (mark := mark_of(one, ACCOUNT))}

    async def upsert(self, wanted: Wanted[CustomerRecord], known: Object | None) -> Object:
        """Return the account's customer, brought up to date; two accounts with one address do not take the same customer over."""
        record = wanted.record
        async with self._locks.setdefault(record.email.casefold(), asyncio.Lock()):
            customer = known or await self._by_email(record) or await self._created(record)
            if _is_current(customer, record):
                return customer
            return await self._calls.write(f"/v1/customers/{customer['id']}", customer_params(record), f"{wanted.key}-customer")

    async def _by_email(self, record: CustomerRecord) -> Object | None:
        """Return the customer with this address that is the account's or nobody's; lists show what was written just now."""
        nobodys: Object | None = None
        async for one in self._calls.all("/v1/customers", {"email": record.email}, pages=PAGES):
            owner = mark_of(one, ACCOUNT)
            if owner == str(record.account):
                return one
            nobodys = nobodys if owner else one
        return nobodys

    async def _created(self, record: CustomerRecord) -> Object:
        return await self._calls.write("/v1/customers", {"metadata": owner_params(record)}, f"customer-{record.account}")


def _is_current(customer: Object, record: CustomerRecord) -> bool:
    shown = (customer.get("name"), customer.get("email"), mark_of(customer, ACCOUNT))
    return shown == (record.name, record.email, str(record.account))
