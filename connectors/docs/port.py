"""What the company needs from its document system; it must not know any vendor."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from connectors.guard import Field, Fields, changes, sets_up
from contracts.records import (
    CopyRecord,
    DocumentRecord,
    EffectKey,
    Facts,
    FillRecord,
    FolderRecord,
    Image,
    LockRecord,
    Outcomes,
    PdfRecord,
    Ref,
    Wanted,
)
from contracts.traces import Traces


class Docs(Protocol):
    """What the company needs from its document system.

    `create_folders`, `copy_templates`, `create_documents` and `save_pdfs` carry our key on what they make, but do not look
    for it: after an uncertain answer ask `find` before repeating them. A record that is refused has its error among the
    outcomes; so has one whose call failed otherwise, unless all of them did: then it is raised.
    """

    async def prepare(self, templates: Mapping[str, str]) -> None:
        """Put the company's root folder and its templates (name to HTML) there, once; safe to repeat."""

    async def create_folders(self, wanted: Sequence[Wanted[FolderRecord]]) -> Outcomes:
        """Create folders, by default in the company's root folder."""

    async def copy_templates(self, wanted: Sequence[Wanted[CopyRecord]]) -> Outcomes:
        """Copy templates into folders, under new names."""

    async def fill(self, wanted: Sequence[Wanted[FillRecord]]) -> Outcomes:
        """Put values in the place of `{{placeholders}}`; a document that is filled already stays as it is."""

    async def create_documents(self, wanted: Sequence[Wanted[DocumentRecord]]) -> Outcomes:
        """Make editable documents of HTML in folders."""

    async def save_pdfs(self, wanted: Sequence[Wanted[PdfRecord]]) -> Outcomes:
        """Keep a PDF of each document, as it is now, in a folder."""

    async def lock(self, wanted: Sequence[Wanted[LockRecord]]) -> Outcomes:
        """Make documents read-only for everybody, with the reason shown; one that is locked already stays so."""

    async def unlock(self, wanted: Sequence[Wanted[str]]) -> Outcomes:
        """Let documents be edited again, by id."""

    async def images(self, wanted: Sequence[Wanted[LockRecord]]) -> Mapping[EffectKey, Image]:
        """Return how documents are locked before and after they are."""

    async def look(self, kind: str, ids: Collection[str]) -> Mapping[str, Facts]:
        """Return how files stand that are not in the bin: locked or not, changed by others or not, and what folders hold."""

    async def trash(self, wanted: Sequence[Wanted[str]]) -> Outcomes:
        """Put files and folders into the bin, by id; one that is gone stays so."""

    async def hashes(self, documents: Collection[str]) -> Mapping[str, str]:
        """Return the SHA-256 of each document's content as text; one that is gone is left out."""

    async def read_traces(self, kind: str, fields: Collection[str], ids: Collection[str]) -> Traces:
        """Return the `content` of the documents that exist, as its hash, with who changed it last, where that is not us."""

    async def read_pdf(self, document: str) -> bytes:
        """Return a document as a PDF. Raises RefusedError when it is not there."""

    async def find(self, keys: Collection[EffectKey]) -> Mapping[EffectKey, Ref]:
        """Return the files that carry our keys and are not in the bin."""

    async def read_text(self, document: str) -> str:
        """Return a document's plain text."""


def _of_folders(wanted: Sequence[Wanted[FolderRecord]]) -> Iterable[Field]:
    """An account's folder lies in the company's root, a project's in its account's."""
    return [("project" if one.record.parent else "account", "folder") for one in wanted]


WRITES: Mapping[str, Fields] = {
    "prepare": sets_up(),
    "create_folders": _of_folders,
    "copy_templates": changes("document", "file"),
    "fill": changes("document", "content"),
    "create_documents": changes("document", "file", "content"),
    "save_pdfs": changes("document", "file"),
    "lock": changes("document", "lock"),
    "unlock": changes("document", "lock"),
    "trash": changes("document"),
}
"""The methods that change something, and which fields of which entities (`connectors/guard.py`)."""
