"""What the company needs from its document system; it must not know any vendor."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from contracts.records import CopyRecord, EffectKey, FillRecord, FolderRecord, Outcomes, Ref, Wanted


class Docs(Protocol):
    """What the company needs from its document system.

    `create_folders` and `copy_templates` carry our key on what they make, but do not look for it: after an uncertain answer
    ask `find` before repeating them. A record that is refused has its error among the outcomes; so has one whose call failed
    otherwise, unless all of them did: then it is raised.
    """

    async def prepare(self, templates: Mapping[str, str]) -> None:
        """Put the company's root folder and its templates (name to HTML) there, once; safe to repeat."""

    async def create_folders(self, wanted: Sequence[Wanted[FolderRecord]]) -> Outcomes:
        """Create folders, by default in the company's root folder."""

    async def copy_templates(self, wanted: Sequence[Wanted[CopyRecord]]) -> Outcomes:
        """Copy templates into folders, under new names."""

    async def fill(self, wanted: Sequence[Wanted[FillRecord]]) -> Outcomes:
        """Put values in the place of `{{placeholders}}`; a document that is filled already stays as it is."""

    async def find(self, keys: Collection[EffectKey]) -> Mapping[EffectKey, Ref]:
        """Return the files that carry our keys and are not in the bin."""

    async def read_text(self, document: str) -> str:
        """Return a document's plain text."""
