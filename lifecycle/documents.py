"""Names of canonical documents: account, artefact type and version, so that a name says what it is and two runs make one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from lifecycle.stages import Stage


class Artefact(StrEnum):
    """The kinds of documents that a deal leaves behind."""

    ACCOUNT_FOLDER = "account-folder"
    DISCOVERY_PACKET = "discovery-packet"
    PROPOSAL = "proposal"
    PROPOSAL_PDF = "proposal-pdf"
    PROJECT_FOLDER = "project-folder"


BELONGS: Mapping[Artefact, tuple[Stage, ...]] = {
    Artefact.DISCOVERY_PACKET: (Stage.DISCOVERY,),
    Artefact.PROPOSAL: (Stage.PROPOSED, Stage.DELIVERY, Stage.DELIVERED, Stage.INVOICED, Stage.PAID),
}
"""At which stages a case has a current document of a kind; one that has none has lost it."""


def lock_reason(approved_by: str) -> str:
    """Return what a locked document says to whoever wants to write into it."""
    return f"Approved by {approved_by}; a change needs a change request"


def document_name(account: str, artefact: Artefact, version: int, *, subject: UUID) -> str:
    """Return the name of a document: `northwind-gmbh_discovery-packet_v1_3f2a91c0`.

    `subject` (the case, or the account for its folder) keeps two deals of one account apart.
    """
    return f"{slug(account)}_{artefact}_v{version}_{subject.hex[:8]}"


def slug(text: str) -> str:
    """Return text in lower-case ASCII with dashes, at most 60 characters."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60] or "account"
