"""The path of `opportunity.created`: the account's place stands, the discovery packet lies in it, the owner knows."""

from __future__ import annotations

from lifecycle.lead import LEAD
from lifecycle.path import Once, Path, Step

DISCOVERY = Path(
    "opportunity.created",
    LEAD["upsert_company"],
    LEAD["open_deal"],
    LEAD["associate_deal"],
    LEAD["create_account_folder"],
    Step("copy_packet", system="docs", undo="trash_document", once=Once.CASE),
    Step("fill_packet", system="docs", undo="trash_document", once=Once.CASE),
    Step("advance_deal", system="crm", undo="restore_deal", once=Once.CASE),
    Step("tell_owner", system="chat", undo=None),
)
