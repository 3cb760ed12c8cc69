"""Who answers for what: the people and teams behind every event and system, read from `owners.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from contracts.files import load
from contracts.values import Contract, Name, Slug

Channel = Annotated[str, Field(pattern=r"^#[a-z0-9_-]{1,79}$", description="A chat channel, with its #")]


class Owner(Contract):
    """Somebody who is told, and where."""

    name: Name
    channel: Channel
    approves: tuple[Slug, ...] = Field(default=(), description="What they may decide: proposal, contract")
    budget: Annotated[int, Field(ge=0, description="Exceptions of theirs that a week may bring")] = 20


class Owners(Contract):
    """Everybody who can own an event, a system or a deal, by key."""

    owners: Mapping[Slug, Owner]

    def channel_of(self, key: str, *, otherwise: str) -> str:
        """Return the owner's channel, or `otherwise` for somebody who is not in the file."""
        owner = self.owners.get(key)
        return owner.channel if owner else otherwise

    def may_decide(self, key: str, kind: str) -> bool:
        """Say whether this owner is a named approver of this kind of decision."""
        owner = self.owners.get(key)
        return owner is not None and kind in owner.approves


def load_owners(folder: Path) -> Owners:
    """Read `owners.yaml`. Raises FileError."""
    return load(folder / "owners.yaml", Owners)
