"""Names of canonical documents: account, artefact type and version, so that a name says what it is and two runs make one."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from uuid import UUID


class Artefact(StrEnum):
    """The kinds of documents that a deal leaves behind."""

    ACCOUNT_FOLDER = "account-folder"
    DISCOVERY_PACKET = "discovery-packet"
    PROPOSAL = "proposal"
    PROPOSAL_PDF = "proposal-pdf"
    PROJECT_FOLDER = "project-folder"


def document_name(account: str, artefact: Artefact, version: int, *, subject: UUID) -> str:
    """Return the name of a document: `northwind-gmbh_discovery-packet_v1_3f2a91c0`.

    `subject` (the case, or the account for its folder) keeps two deals of one account apart.
    """
    return f"{slug(account)}_{artefact}_v{version}_{subject.hex[:8]}"


def slug(text: str) -> str:
    """Return text in lower-case ASCII with dashes, at most 60 characters."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60] or "account"
