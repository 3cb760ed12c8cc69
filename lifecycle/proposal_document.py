"""The proposal as the client reads it: one HTML page of what the document system keeps when it imports one.

It is told everything it shows; it chooses no clause, no price and no date, and equal drafts give equal pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from contracts.billing import LineItem
from contracts.clauses import Clause
from contracts.parties import Company, Person
from contracts.values import Money

TEMPLATE = "proposal.html.j2"
IN_CLAUSES = ("list", "emphasis", "entity", "escape", "newline")


@dataclass(frozen=True, slots=True)
class ProposalDraft:
    """Everything a proposal says; `contract` is the version of the event contract that it was drafted from."""

    title: str
    document: str
    version: int
    company: Company
    person: Person | None
    owner: str
    service: str | None
    lines: Sequence[LineItem]
    total: Money
    clauses: Sequence[Clause]
    drafted_on: date
    valid_until: date
    payment_days: int
    contract: str


def proposal_html(draft: ProposalDraft) -> str:
    """Return the proposal as HTML, every value escaped.

    Raises:
        ValueError: a clause is not approved, or the lines do not add up to the total.
    """
    _must_be_fit(draft)
    return _environment().get_template(TEMPLATE).render(draft=draft)


def _must_be_fit(draft: ProposalDraft) -> None:
    unapproved = ", ".join(clause.id for clause in draft.clauses if not clause.is_approved)
    if unapproved:
        raise ValueError(f"not approved: {unapproved}")
    currencies = {line.amount.currency for line in draft.lines}
    if currencies != {draft.total.currency} or sum(line.amount.minor for line in draft.lines) != draft.total.minor:
        raise ValueError("the lines do not add up to the total")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"day": _day, "markdown": _markdown}
    return environment


def _day(when: date) -> str:
    return f"{when.day} {when:%B %Y}"


@lru_cache(maxsize=256)
def _markdown(body: str) -> Markup:
    """A clause's body as HTML: paragraphs, lists and emphasis; HTML, links and images in it stay plain text."""
    renderer = MarkdownIt("zero", {"html": False}).enable(list(IN_CLAUSES))
    return Markup(renderer.render(body))  # noqa: S704 - the renderer escapes what it was given
