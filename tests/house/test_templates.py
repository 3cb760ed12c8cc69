"""Documents and letters: no template lies about unused, and every letter that there are words for is sent by a path."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lifecycle import letters
from tests.house.pages import ROOT

FOLDER = ROOT / "lifecycle" / "templates"
TEMPLATES = sorted(path for path in FOLDER.rglob("*") if path.suffix in (".html", ".j2"))


def quoted() -> Iterator[str]:
    """Every text that the lifecycle's code or another template quotes."""
    for source in (ROOT / "lifecycle").glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    for template in TEMPLATES:
        yield from re.findall(r'{%-? *(?:extends|include|import|from) "([^"]+)"', template.read_text(encoding="utf-8"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_template_is_used(template: Path) -> None:
    name = template.name.partition(".")[0]
    assert {template.name, name, name.removeprefix("letter-")} & set(quoted())


def test_every_letter_is_written_as_text_and_as_html() -> None:
    letters_by_kind = [{path.name.partition(".")[0] for path in FOLDER.rglob(f"letter-*.{kind}.j2")} for kind in ("txt", "html")]
    assert letters_by_kind[0]
    assert letters_by_kind[0] == letters_by_kind[1]


def test_every_letter_is_sent_by_a_path() -> None:
    written = {
        name
        for name, value in vars(letters).items()
        if inspect.isfunction(value) and not name.startswith("_") and value.__annotations__.get("return") == "Words"
    }
    tasks = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tasks").glob("*.py"))
    imported = {name for line in re.findall(r"from lifecycle\.letters import (.+)", tasks) for name in line.split(", ")}
    assert written
    assert written - imported == set()
