"""Who answers for what: the people and teams behind every event and system, read from `owners.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from contracts.files import load
from contracts.values import Contract, EmailAddress, Name, Slug, Zone

Channel = Annotated[str, Field(pattern=r"^#[a-z0-9_-]{1,79}$", description="A chat channel, with its #")]


class Owner(Contract):
    """Somebody who is told, and where."""

    name: Name
    channel: Channel
    approves: tuple[Slug, ...] = Field(default=(), description="What they may decide: proposal, contract")
    zone: Annotated[Zone, Field(description="By whose clock it is night for them")] = "UTC"
    people: tuple[EmailAddress, ...] = Field(
        default=(), description="Who speaks for them in chat, and is written to when it is down"
    )
    budget: Annotated[int, Field(ge=0, description="Exceptions of theirs that a week may bring")] = 20


class Owners(Contract):
    """Everybody who can own an event, a system or a deal, by key."""

    owners: Mapping[Slug, Owner]

    def channel_of(self, key: str, *, otherwise: str) -> str:
        """Return the owner's channel, or `otherwise` for somebody who is not in the file."""
        owner = self.owners.get(key)
        return owner.channel if owner else otherwise

    def spoken_for(self, email: str) -> list[str]:
        """Return the owners that somebody with this e-mail address speaks for."""
        return [key for key, owner in self.owners.items() if email.lower() in owner.people]

    def may_decide(self, key: str, kind: str) -> bool:
        """Say whether this owner is a named approver of this kind of decision."""
        owner = self.owners.get(key)
        return owner is not None and kind in owner.approves


def load_owners(folder: Path) -> Owners:
    """Read `owners.yaml`. Raises FileError."""
    return load(folder / "owners.yaml", Owners)
