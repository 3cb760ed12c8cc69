"""What people may do in the console: one table of rights and roles; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What somebody is to the house."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """What can be done in the console: read about deals, which names people; finish what stopped; answer a decision."""

    READ = "read"
    OPERATE = "operate"
    DECIDE = "decide"


MAY: Final[Mapping[Right, frozenset[Role]]] = {
    Right.READ: frozenset(Role),
    Right.OPERATE: frozenset({Role.OPERATOR, Role.ADMINISTRATOR}),
    Right.DECIDE: frozenset({Role.APPROVER}),
}
"""An administrator decides about no offer: who keeps the machine is not who stands for its prices."""


def may(roles: Collection[str], right: Right) -> bool:
    """Say whether somebody of these roles has a right."""
    return not MAY[right].isdisjoint(Role(role) for role in roles)
