"""The clause library: what the company may promise, a Markdown file a clause, each approved word for word by a named person.

It knows nothing of offers: which clauses one needs is `lifecycle.clauses`' to say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, ValidationError

from contracts.files import FileError, at
from contracts.front_matter import read_parts
from contracts.lead import Service
from contracts.values import Contract, Name, Slug

HERE = Path(__file__).parent


class Approval(Contract):
    """Who released a text, when, and which text: its fingerprint."""

    by: Slug
    on: date
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Clause(Contract):
    """One clause; `services` names those it is for, none means all, and `required` that no offer of them goes without it."""

    id: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]{1,39}$")]
    version: Annotated[int, Field(strict=True, ge=1)]
    title: Name
    order: Annotated[int, Field(strict=True, ge=0)]
    services: tuple[Service, ...] = ()
    required: bool = False
    approved: Approval | None = None
    body: Annotated[str, Field(min_length=1, description="The text, in Markdown")]

    @property
    def is_approved(self) -> bool:
        """Whether somebody has approved exactly this text."""
        return self.approved is not None and self.approved.sha256 == fingerprint(self.body)


def fingerprint(text: str) -> str:
    """Return the SHA-256 of a clause's text in hex, whatever its line endings and the blank around it."""
    return hashlib.sha256("\n".join(text.splitlines()).strip().encode()).hexdigest()


@cache
def clauses() -> Mapping[str, Clause]:
    """Return the clauses of this house by id, in order, read once; unapproved ones are among them. Raises FileError."""
    return load_clauses(HERE)


def load_clauses(folder: Path) -> Mapping[str, Clause]:
    """Read every clause of `folder`, in the order in which they stand in an offer.

    Raises:
        FileError: a file is wrong; the text names file, line and field.
    """
    found = sorted((load_clause(path) for path in folder.glob("*.md")), key=lambda clause: (clause.order, clause.id))
    return MappingProxyType({clause.id: clause for clause in found})


def load_clause(path: Path) -> Clause:
    """Read one clause, whose file is called after its id: `fees.md` holds FEES.

    Raises:
        FileError: it cannot be read, has no front matter, does not fit `Clause`, or holds another id.
    """
    front, body, begins = read_parts(path)
    if "body" in front:
        raise FileError(at(path, front, ("body",), "stands below the front matter"))
    try:
        clause = Clause.model_validate({**front, "body": body})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["loc"] == ("body",):
            raise FileError(f"{path}:{begins}: body: {first['msg']}") from None
        raise FileError(at(path, front, first["loc"], first["msg"])) from None
    if clause.id.lower() != path.stem:
        raise FileError(at(path, front, ("id",), "is not what the file is called"))
    return clause
