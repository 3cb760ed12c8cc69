"""One customer at Stripe for each account of ours, whoever made it. Knows no quote and no invoice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from connectors.billing.stripe_calls import TURNS, Calls, Object
from connectors.billing.stripe_shapes import ACCOUNT, customer_params, mark_of, owner_params
from connectors.outcomes import chunks, together
from contracts.billing import CustomerRecord
from contracts.errors import RefusedError
from contracts.records import Wanted

CLAUSES = 10  # that one search may have


class Customers:
    """Finds and makes customers.

    Stripe's search may miss what is younger than a minute, so it never decides alone that there is none. A new customer is made
    by a call that is a pure function of the account, under a key of the account: two processes that both see none get the same
    one for a day, and after a day the search knows it. Name and address follow in a second call.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def known(self, accounts: Collection[UUID]) -> Mapping[UUID, Object]:
        """Return the customers that carry these accounts, the oldest of several."""
        found = await self._found([_carries(account) for account in sorted(set(accounts))])
        return {UUID(mark): one for one in found if (mark := mark_of(one, ACCOUNT))}

    async def matching(self, records: Collection[CustomerRecord]) -> Mapping[UUID, Object]:
        """Return, by account, the customer that carries it, or else one with its address that carries none yet."""
        clauses = [clause for one in records for clause in (_carries(one.account), f"email:'{_quoted(one.email)}'")]
        found = await self._found(clauses)
        owned = {UUID(mark): one for one in found if (mark := mark_of(one, ACCOUNT))}
        nobodys = {str(one.get("email")).casefold(): one for one in found if not mark_of(one, ACCOUNT)}
        theirs: dict[UUID, Object] = {}
        for record in records:
            if customer := owned.get(record.account) or nobodys.pop(record.email.casefold(), None):
                theirs[record.account] = customer
        return theirs

    async def _found(self, clauses: Sequence[str]) -> Sequence[Object]:
        """Return what fits any of the clauses, newest first, so that the oldest of several stays in a mapping."""
        queries = [" OR ".join(part) for part in chunks(clauses, CLAUSES)]
        found = [one for part in await together(*(self._calls.search("customers", query) for query in queries)) for one in part]
        return sorted(found, key=lambda one: -int(one["created"]))

    async def upsert(self, wanted: Wanted[CustomerRecord], known: Object | None) -> Object:
        """Return the account's customer, brought up to date."""
        record = wanted.record
        customer = known or await self._created(record)
        if _is_current(customer, record):
            return customer
        return await self._calls.write(f"/v1/customers/{customer['id']}", customer_params(record), f"{wanted.key}-customer")

    async def _created(self, record: CustomerRecord) -> Object:
        """Make the account's customer. For a day Stripe remembers one that was deleted since: the next one's key names it."""
        key = f"customer-{record.account}"
        for _ in range(TURNS):
            made = await self._calls.write("/v1/customers", {"metadata": owner_params(record)}, key)
            if not (await self._calls.read(f"/v1/customers/{made['id']}")).get("deleted"):
                return made
            key = f"customer-{record.account}-after-{made['id']}"
        raise RefusedError("billing: the account's customer was deleted too often today", cause="billing.deleted_too_often")


def _carries(account: UUID) -> str:
    return f"metadata['{ACCOUNT}']:'{account}'"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _is_current(customer: Object, record: CustomerRecord) -> bool:
    shown = (customer.get("name"), customer.get("email"), mark_of(customer, ACCOUNT))
    return shown == (record.name, record.email, str(record.account))
