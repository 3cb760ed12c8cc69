"""How a document that a path has made enters the document index."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from contracts.records import Ref
from ledger.documents import NewDocument
from lifecycle.documents import Artefact
from tasks.batch import Item


def document_of(item: Item[Any], artefact: Artefact, ref: Ref, name: str, *, subject: UUID, version: int = 1) -> NewDocument:
    """Return the document index's entry of a version that a deal has led to."""
    if item.account is None:
        raise ValueError("the account is not known before its company is")
    return NewDocument(
        subject_id=subject,
        account_id=item.account,
        case_id=item.case,
        event_id=item.event,
        artefact=artefact,
        version=version,
        name=name,
        vendor_id=ref.id,
        url=ref.url,
    )
