"""What people and luck do in the sandbox: sellers and project leads at work in the CRM, a client who pays, a CRM that is down."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from contracts.errors import MisconfiguredError, RefusedError

COMPANY_OF_CONTACT, DEAL_OF_NOTE = 1, 214
"""HubSpot's association types. https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide"""

DISCOVERED = "decisionmakerboughtin"
CLOSED = "4"
SAVES_A_CONTACT = "POST /crm/v3/objects/contacts/batch/upsert"


@dataclass(frozen=True, slots=True)
class Hands:
    """Everybody who works in the sandbox, by its control interface."""

    client: httpx.AsyncClient

    async def meets(self, company: Mapping[str, str], person: Mapping[str, str]) -> str:
        """Enter a person of a company in the CRM; return the contact's id."""
        known = await self._find("crm", "companies", lambda one: one["properties"].get("domain") == company["domain"])
        at = known or await self._make("companies", company)
        link = {"to": {"id": at["id"]}, "types": [_type(COMPANY_OF_CONTACT)]}
        return str((await self._make("contacts", person, link))["id"])

    async def qualifies(self, contact: str) -> None:
        """Take a contact for a lead."""
        await self._change("crm", "contacts", contact, {"lifecyclestage": "salesqualifiedlead"})

    async def gives(self, contact: str, owner: str) -> None:
        """Give a contact to a seller."""
        await self._change("crm", "contacts", contact, {"towline_owner": owner})

    async def ends_discovery(self, deal: str) -> None:
        """Move a deal to the stage at which it wants an offer."""
        await self._change("crm", "deals", deal, {"dealstage": DISCOVERED})

    async def notes(self, deal: str, text: str, approved_by: str) -> None:
        """Write a note on a deal that the client may read."""
        link = {"to": {"id": deal}, "types": [_type(DEAL_OF_NOTE)]}
        await self._make("notes", {"hs_note_body": text, "towline_approved_by": approved_by}, link)

    async def reaches(self, request: str, milestone: str) -> None:
        """Enter a milestone on a delivery request."""
        await self._change("crm", "tickets", request, {"towline_milestone": milestone})

    async def delivers(self, request: str) -> None:
        """Close a delivery request."""
        await self._change("crm", "tickets", request, {"hs_pipeline_stage": CLOSED})

    async def pays(self, invoice: str) -> None:
        """Pay an invoice, as the client does."""
        await self._change("billing", "invoices", invoice, {"status": "paid"})

    async def message(self, channel_and_ts: str) -> str | None:
        """Return the text of a message in chat as it stands now."""
        ts = channel_and_ts.rpartition(":")[2]
        found = await self._find("chat", "messages", lambda one: one.get("ts") == ts)
        return str(found["text"]) if found else None

    @contextlib.asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        """Let the CRM save no contact for a while: that stops new leads, and no deal that is further on."""
        fault = {"system": "crm", "operation": SAVES_A_CONTACT, "status": 503, "count": -1}
        await self._ask("POST", "faults", fault)
        try:
            yield
        finally:
            await self._ask("DELETE", "faults?system=crm")

    async def _make(self, kind: str, properties: Mapping[str, str], *links: Any) -> Any:
        made = {"system": "crm", "kind": kind, "properties": properties, "associations": list(links)}
        return await self._ask("POST", "people", made)

    async def _change(self, system: str, kind: str, record: str, properties: Mapping[str, str]) -> None:
        await self._ask("PATCH", "people", {"system": system, "kind": kind, "id": record, "properties": properties})

    async def _find(self, system: str, kind: str, wanted: Any) -> Any:
        held = (await self._ask("GET", f"objects?system={system}"))[kind]
        return next((one["object"] for one in held if wanted(one["object"])), None)

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        try:
            answer = await self.client.request(method, f"/_sandbox/{path}", json=body)
        except httpx.TransportError as error:
            raise MisconfiguredError(
                f"the sandbox at {self.client.base_url} does not answer ({type(error).__name__}); see sandbox.log"
            ) from None
        if not answer.is_success:
            raise RefusedError(f"the sandbox answered {answer.status_code} to {method} {path.partition('?')[0]}")
        return answer.json() if answer.content else None


def _type(number: int) -> dict[str, object]:
    return {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}
