"""The project's documents as the house tests read them: their code, their links and their tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parent.parent.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs"
RUNBOOKS = DOCS / "runbooks"
PAGES = [README, *sorted(DOCS.rglob("*.md"))]


def text_of(name: str) -> str:
    """The text of a page below docs."""
    return (DOCS / name).read_text(encoding="utf-8")


def tokens_of(page: Path) -> Iterator[Token]:
    """Every token of a page, those within lines included."""
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8")):
        yield token
        yield from token.children or ()


def code_of(page: Path) -> str:
    """All code of a page, in blocks and in lines."""
    return "\n".join(token.content for token in tokens_of(page) if token.type in ("fence", "code_inline"))


def links_of(page: Path) -> list[str]:
    """Where a page's links and pictures lead."""
    found = [token.attrGet("href") or token.attrGet("src") for token in tokens_of(page)]
    return [str(link) for link in found if link]


def tables_of(name: str, heading: str, head: str) -> list[list[str]]:
    """The rows of the table below a heading of a page whose first column is headed `head`, without backticks."""
    below = re.split(r"^##+ ", text_of(name).split(f"## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    (table,) = [table for table in re.findall(r"(?:^\|.*\n)+", below, re.MULTILINE) if table.startswith(f"| {head} |")]
    rows = [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return rows[2:]
