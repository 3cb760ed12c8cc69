"""Templates of the company's documents, as HTML; the document system keeps its own copy of each."""

from __future__ import annotations

from pathlib import Path


def templates() -> dict[str, str]:
    """Return every template's HTML by name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.html"))}
