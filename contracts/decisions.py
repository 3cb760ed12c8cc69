"""How each kind of decision is made: how many must approve, whose turn it becomes; read from `decisions.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from contracts.files import FileError, at, load, read
from contracts.owners import Owners
from contracts.values import Contract, Reasoned, Slug


class Policy(Reasoned):
    """How decisions of one kind are made."""

    quorum: Annotated[int, Field(ge=1, description="So many named approvers approve; one alone may reject")]
    own: Annotated[bool, Field(description="Whether the owner of a deal may answer what is asked about it")]
    within_hours: Annotated[float, Field(gt=0, le=24 * 365, description="After so long it goes to the next of the route")]
    route: Annotated[tuple[Slug, ...], Field(min_length=1, description="Approvers whose turn it becomes, one after the other")]


class Policies(Contract):
    """All policies, by kind of decision."""

    decisions: Mapping[Slug, Policy]


def load_policies(folder: Path, owners: Owners) -> Mapping[str, Policy]:
    """Read `decisions.yaml` below a folder and check that it can be kept by these owners.

    Raises:
        FileError: the file is wrong; the text names file, line and field.
    """
    path = folder / "decisions.yaml"
    found = load(path, Policies).decisions
    for kind, policy in found.items():
        for loc, why in _faults(kind, policy, owners):
            raise FileError(at(path, read(path), ("decisions", kind, *loc), why))
    return found


def _faults(kind: str, policy: Policy, owners: Owners) -> Iterator[tuple[tuple[str | int, ...], str]]:
    approvers = [key for key in owners.owners if owners.may_decide(key, kind)]
    if policy.quorum > len(approvers):
        yield ("quorum",), f"is more than the {len(approvers)} who approve a {kind} in owners.yaml"
    for place, owner in enumerate(policy.route):
        if owner not in approvers:
            yield ("route", place), f"is not an approver of a {kind} in owners.yaml"
        if owner in policy.route[:place]:
            yield ("route", place), "stands in the route twice"
