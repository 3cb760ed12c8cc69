"""What the company needs from its billing system; it must not know any vendor."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, Protocol

from connectors.guard import Field, Fields, changes
from contracts.billing import CustomerRecord, EstimateRecord, InvoiceRecord, InvoiceSnapshot
from contracts.records import EffectKey, Facts, Image, Outcomes, Ref, Restoring, Wanted
from contracts.traces import Traces

Kind = Literal["customer", "estimate", "invoice"]


class Billing(Protocol):
    """What the company needs from its billing system. Every write is safe to repeat for a day: the same key is done once.

    After that ask `find` before repeating it. A record that is refused has its error among the outcomes; so has one whose call
    failed otherwise, unless all of them did: then it is raised.
    """

    async def upsert_customers(self, wanted: Sequence[Wanted[CustomerRecord]]) -> Outcomes:
        """Find each account's customer, or create it; e-mail address and name are brought up to date."""

    async def open_estimates(self, wanted: Sequence[Wanted[EstimateRecord]]) -> Outcomes:
        """Create an estimate with its lines and open it."""

    async def cancel_estimates(self, wanted: Sequence[Wanted[str]]) -> Outcomes:
        """Cancel open estimates by id; one that is cancelled already stays so."""

    async def draft_invoices(self, wanted: Sequence[Wanted[InvoiceRecord]]) -> Outcomes:
        """Create an invoice with its lines as a draft that nothing finalises by itself."""

    async def finalise_invoices(self, wanted: Sequence[Wanted[str]]) -> Outcomes:
        """Finalise drafts by id, so that they are owed; one that is finalised already stays so. The link is the client's page."""

    async def send_invoices(self, wanted: Sequence[Wanted[str]]) -> Outcomes:
        """Let the billing system send finalised invoices, by id, to their customers."""

    async def void_invoices(self, wanted: Sequence[Wanted[str]]) -> Outcomes:
        """Take finalised invoices back, by id; a draft is deleted, a void one stays. Refused for one that is paid."""

    async def read_invoices(self, ids: Collection[str]) -> Mapping[str, InvoiceSnapshot]:
        """Return the invoices that exist among `ids`."""

    async def read_traces(self, kind: str, fields: Collection[str], ids: Collection[str]) -> Traces:
        """Return fields of what exists among `ids`: of customers, or the `lines` of invoices as what they add up to."""

    async def images(self, wanted: Sequence[Wanted[CustomerRecord]]) -> Mapping[EffectKey, Image]:
        """Return what bringing customers up to date will find and leave."""

    async def look(self, kind: Kind, ids: Collection[str]) -> Mapping[str, Facts]:
        """Return how what exists among `ids` stands; a customer with the invoices that are owed or paid."""

    async def restore_customers(self, wanted: Sequence[Wanted[Restoring]]) -> Outcomes:
        """Let fields of customers hold again what they held."""

    async def delete_customers(self, wanted: Sequence[Wanted[str]]) -> Outcomes:
        """Delete customers for ever, by id; one that is gone stays so."""

    async def find(self, kind: Kind, keys: Collection[EffectKey]) -> Mapping[EffectKey, Ref]:
        """Return what stands there under our keys, a customer under its account's id."""


def _of_customers(_: object) -> Iterable[Field]:
    return [("account", "name"), ("contact", "email")]


WRITES: Mapping[str, Fields] = {
    "upsert_customers": _of_customers,
    "open_estimates": changes("estimate", "customer", "lines", "status"),
    "cancel_estimates": changes("estimate", "status"),
    "draft_invoices": changes("invoice", "customer", "lines"),
    "finalise_invoices": changes("invoice", "status"),
    "send_invoices": changes("invoice", "status"),
    "void_invoices": changes("invoice", "status"),
    "restore_customers": changes("account"),
    "delete_customers": changes("account"),
}
"""The methods that change something, and which fields of which entities (`connectors/guard.py`)."""
