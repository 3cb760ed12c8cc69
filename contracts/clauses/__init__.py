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
from typing import Annotated, Any

from pydantic import Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from contracts.files import FileError, at
from contracts.lead import Service
from contracts.values import Contract, Name, Slug

HERE = Path(__file__).parent
FENCE = "---"


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
    head, body = _parts(path)
    front = _front(path, head)
    if not isinstance(front, dict) or "body" in front:
        raise FileError(f"{path}:1: front matter: is not a mapping of a clause's fields")
    try:
        clause = Clause.model_validate({**front, "body": body})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["loc"] == ("body",):
            raise FileError(f"{path}:{len(head.splitlines()) + 1}: body: {first['msg']}") from None
        raise FileError(at(path, front, first["loc"], first["msg"])) from None
    if clause.id.lower() != path.stem:
        raise FileError(at(path, front, ("id",), "is not what the file is called"))
    return clause


def _parts(path: Path) -> tuple[str, str]:
    """The front matter with its opening fence, so that line numbers stay those of the file, and the text after it."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise FileError(f"{path}: is not UTF-8 text") from None
    head, fence, body = text.partition(f"\n{FENCE}\n")
    if not fence or not head.startswith(f"{FENCE}\n"):
        raise FileError(f"{path}:1: front matter: must stand between two lines of {FENCE}")
    return head, body


def _front(path: Path, head: str) -> Any:
    try:
        return YAML(typ="rt").load(head)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise FileError(f"{path}{line}: {getattr(error, 'problem', None) or 'is not YAML'}") from None
