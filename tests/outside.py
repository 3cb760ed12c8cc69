"""Where each step is seen outside: the call that it makes there, and how often what it makes stands in the systems."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lifecycle.announcements import HEADLINES
from lifecycle.paths import PATHS
from lifecycle.payment import MARKS
from tests.world import Vendors

UPDATE, UPLOAD, POST, SEND = (
    "POST /crm/v3/objects/deals/batch/update",
    "POST /upload/drive/v3/files",
    "POST /chat.postMessage",
    "POST /gmail/v1/users/me/messages/send",
)
CALLS = {
    "upsert_company": "POST /crm/v3/objects/companies/batch/create",
    "upsert_contact": "POST /crm/v3/objects/contacts/batch/upsert",
    "open_deal": "POST /crm/v3/objects/deals/batch/create",
    "associate_deal": "POST /crm/v4/associations/{from}/{to}/batch/associate",
    "create_account_folder": "POST /drive/v3/files",
    **dict.fromkeys(("link_folder", "advance_deal", "propose_deal", "win_deal", "record_invoice", "mark_payment"), UPDATE),
    "lose_deal": UPDATE,
    "copy_packet": "POST /drive/v3/files/{id}/copy",
    "fill_packet": "POST /v1/documents",
    **dict.fromkeys(("create_proposal", "save_proposal_pdf"), UPLOAD),
    "upsert_customer": "POST /v1/customers",
    "open_estimate": "POST /v1/quotes",
    "lock_proposal": "PATCH /drive/v3/files",
    "open_request": "POST /crm/v3/objects/tickets/batch/create",
    "create_project_folder": "POST /drive/v3/files",
    **dict.fromkeys(("cancel_replaced", "cancel_estimate"), "POST /v1/quotes/{id}/cancel"),
    **dict.fromkeys(("note_milestone", "note_cancellation"), "POST /crm/v3/objects/notes/batch/create"),
    "draft_invoice": "POST /v1/invoices",
    "finalise_invoice": "POST /v1/invoices/{id}/finalize",
    "send_invoice": "POST /v1/invoices/{id}/send",
    "void_invoice": "POST /v1/invoices/{id}/void",
    "close_request": "POST /crm/v3/objects/tickets/batch/update",
    **dict.fromkeys(("tell_owner", "tell_finance", "ask_approval", "kick_off", "tell_milestone"), POST),
    **dict.fromkeys(("send_summary", "send_update", "send_cover_note", "send_reminder"), SEND),
}
"""By step, the vendor's operation that makes its change."""
READS = {"save_proposal_pdf": "GET /drive/v3/files/{id}/export"}
"""By step, the operation that is refused instead, where its own is another step's before it, too."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What all systems held at one look."""

    held: dict[str, dict[str, list[dict[str, Any]]]]
    asked: Sequence[dict[str, Any]]

    def of(self, system: str, kind: str) -> list[dict[str, Any]]:
        """What stands of a kind; what lies in a bin does not."""
        return [one for one in self.held[system][kind] if not (one.get("archived") or one.get("trashed"))]

    def deals(self, company: str) -> list[dict[str, Any]]:
        """The deals with a company."""
        return [one for one in self.of("crm", "deals") if one["properties"]["dealname"].startswith(f"{title(company)} ·")]

    def records(self, kind: str, **properties: str) -> int:
        """How many records of the CRM have these properties."""
        return len([1 for one in self.of("crm", kind) if properties.items() <= one["properties"].items()])

    def of_deal(self, system: str, kind: str, company: str) -> list[dict[str, Any]]:
        """What names a deal with a company: by association in the CRM, by metadata in billing."""
        ids = {deal["id"] for deal in self.deals(company)}

        def named(one: dict[str, Any]) -> set[str]:
            linked = one.get("associations", {}).get("deals", {}).get("results", ())
            return {link["id"] for link in linked} | {one.get("metadata", {}).get("deal_id", "")}

        return [one for one in self.of(system, kind) if named(one) & ids]

    def files(self, company: str, artefact: str, kind: str = "documents") -> list[dict[str, Any]]:
        """The account's folders, documents or files of an artefact, oldest first."""
        return [one for one in self.of("docs", kind) if one["name"].startswith(f"{company}-gmbh_{artefact}_v")]

    def says(self, company: str, name: str) -> str:
        """What a property of the deal says."""
        return "".join(str(deal["properties"].get(name) or "") for deal in self.deals(company))

    def messages(self, company: str, event: str, *, finance: bool | None = None) -> int:
        """How many messages about an event name the deal, in finance's channel, in others, or anywhere."""
        (money,) = [one["id"] for one in self.of("chat", "channels") if one["name"] == "finance"]
        one, many = HEADLINES[event]
        found = [m for m in self.of("chat", "messages") if m["text"].startswith(f"{one}: ") or m["text"].endswith(f" {many}")]
        told = [m for m in found if f"{title(company)} ·" in json.dumps(m["blocks"], ensure_ascii=False)]
        return len([m for m in told if finance is None or (m["channel"] == money) is finance])

    def letters(self, company: str) -> int:
        """How many letters the client got."""
        heads = [one["payload"]["headers"] for one in self.of("mail", "messages")]
        return len([1 for head in heads for one in head if one["name"] == "To" and f"ada@{company}.example" in one["value"]])


async def look(vendors: Vendors) -> Sight:
    """Look at all systems."""
    held: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for system in ("crm", "docs", "mail", "chat", "billing"):
        found = await vendors.control("GET", f"objects?system={system}")
        held[system] = {kind: [one["object"] for one in records] for kind, records in found.items()}
    return Sight(held, await vendors.asked(system="billing"))


def title(company: str) -> str:
    """What people call a company."""
    return f"{company.title()} GmbH"


def _stage(stage: str) -> Callable[[Sight, str, str], int]:
    return lambda sight, company, _: int(sight.says(company, "dealstage") == stage)


def _link(name: str) -> Callable[[Sight, str, str], int]:
    return lambda sight, company, _: int(bool(sight.says(company, name)))


def _proposed(sight: Sight, company: str, _: str) -> int:
    """The number of the proposal that the deal leads to."""
    ids = [one["id"] for one in sight.files(company, "proposal")]
    return next((place for place, one in enumerate(ids, 1) if one in sight.says(company, "towline_proposal_url")), 0)


def _status(kind: str, *states: str) -> Callable[[Sight, str, str], int]:
    return lambda sight, company, _: len([1 for one in sight.of_deal("billing", kind, company) if one["status"] in states])


def _requests(*, closed: bool) -> Callable[[Sight, str, str], int]:
    def count(sight: Sight, company: str, _: str) -> int:
        tickets = sight.of_deal("crm", "tickets", company)
        return len([1 for one in tickets if (one["properties"]["hs_pipeline_stage"] == "4") is closed])

    return count


def _notes(beginning: str) -> Callable[[Sight, str, str], int]:
    def count(sight: Sight, company: str, _: str) -> int:
        notes = sight.of_deal("crm", "notes", company)
        return len([1 for one in notes if one["properties"]["hs_note_body"].startswith(beginning)])

    return count


def _sent(sight: Sight, company: str, _: str) -> int:
    """How often billing sent the invoice: a call that is repeated under its key does nothing."""
    paths = {f"/v1/invoices/{one['id']}/send" for one in sight.of_deal("billing", "invoices", company)}
    return len({one["key"] for one in sight.asked if one["path"] in paths and one["status"] == 200})


def _told(sight: Sight, company: str, event: str) -> int:
    return sight.messages(company, event, finance=False if "tell_finance" in PATHS[event].steps else None)


def _anywhere(sight: Sight, company: str, event: str) -> int:
    return sight.messages(company, event)


def _letters(sight: Sight, company: str, _: str) -> int:
    return sight.letters(company)


SEEN: dict[str, Callable[[Sight, str, str], int]] = {
    "upsert_company": lambda s, c, _: len(
        [1 for o in s.of("crm", "companies") if o["properties"].get("domain") == f"{c}.example"]
    ),
    "upsert_contact": lambda s, c, _: len([1 for o in s.of("crm", "contacts") if o["properties"]["email"] == f"ada@{c}.example"]),
    "open_deal": lambda s, c, _: len(s.deals(c)),
    "associate_deal": lambda s, c, _: len(s.of_deal("crm", "companies", c)),
    "create_account_folder": lambda s, c, _: len(s.files(c, "account-folder", "folders")),
    "link_folder": _link("towline_folder_url"),
    "copy_packet": lambda s, c, _: len(s.files(c, "discovery-packet")),
    "fill_packet": lambda s, c, _: len([1 for o in s.files(c, "discovery-packet") if int(o["version"]) > 1]),
    "advance_deal": _link("towline_packet_url"),
    "create_proposal": lambda s, c, _: len(s.files(c, "proposal")),
    "save_proposal_pdf": lambda s, c, _: len(s.files(c, "proposal", "files")),
    "upsert_customer": lambda s, c, _: len([1 for o in s.of("billing", "customers") if o["name"] == title(c)]),
    "open_estimate": _status("quotes", "open"),
    "propose_deal": _proposed,
    "lock_proposal": lambda s, c, _: len([1 for o in s.files(c, "proposal") if o.get("contentRestrictions")]),
    "win_deal": _stage("closedwon"),
    "open_request": _requests(closed=False),
    "create_project_folder": lambda s, c, _: len(s.files(c, "project-folder", "folders")),
    **dict.fromkeys(("cancel_replaced", "cancel_estimate"), _status("quotes", "canceled")),
    "note_milestone": _notes("Milestone reached"),
    "draft_invoice": _status("invoices", "draft", "open"),
    "finalise_invoice": _status("invoices", "open"),
    "record_invoice": _link("towline_invoice_url"),
    "send_invoice": _sent,
    "mark_payment": lambda s, c, event: int(s.says(c, "towline_payment") == MARKS[event]),
    "void_invoice": _status("invoices", "void"),
    "close_request": _requests(closed=True),
    "lose_deal": _stage("closedlost"),
    "note_cancellation": _notes("Deal cancelled"),
    "tell_finance": lambda s, c, event: s.messages(c, event, finance=True),
    "tell_owner": _told,
    **dict.fromkeys(("ask_approval", "kick_off", "tell_milestone"), _anywhere),
    **dict.fromkeys(("send_summary", "send_update", "send_cover_note", "send_reminder"), _letters),
}
"""By step, how often what it makes stands in the systems, of the deal with a company and about an event."""


def seen(before: Sight, now: Sight, company: str, event: str) -> dict[str, int]:
    """How often what each step of a path makes has come to stand since a look before it."""
    return {step: SEEN[step](now, company, event) - SEEN[step](before, company, event) for step in PATHS[event].steps}
