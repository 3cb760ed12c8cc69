"""Which clauses an offer gets: those its service requires and those somebody asked for, and of both only what is approved.

It does not know how clauses are kept or shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contracts.clauses import Clause, clauses


@dataclass(frozen=True, slots=True)
class Selection:
    """The clauses of one offer in order, and the ids of those that it should have but may not."""

    clauses: tuple[Clause, ...]
    unapproved: tuple[str, ...]


def select(service: str | None, wanted: Sequence[str], *, library: Mapping[str, Clause] | None = None) -> Selection:
    """Return the required clauses that fit the service (without one: those for every service) and the `wanted` ones.

    Ids are compared without case. What is unknown or not approved is in `unapproved`, as it was asked for, and never in
    `clauses`; a clause that is asked for is added whatever its services.
    """
    library = clauses() if library is None else library
    asked = {name.upper(): name for name in wanted}
    chosen = [clause for clause in library.values() if clause.id in asked or _is_required(clause, service)]
    unknown = [name for key, name in asked.items() if key not in library]
    return Selection(
        clauses=tuple(sorted((clause for clause in chosen if clause.is_approved), key=lambda clause: (clause.order, clause.id))),
        unapproved=(*(asked.get(clause.id, clause.id) for clause in chosen if not clause.is_approved), *unknown),
    )


def _is_required(clause: Clause, service: str | None) -> bool:
    return clause.required and (not clause.services or service in clause.services)
