"""YAML files of the house, checked at start-up; an error names file, line and field."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from contracts.errors import MisconfiguredError

M = TypeVar("M", bound=BaseModel)
OWN = Path(__file__).parent
"""The folder of the house's own files: what is in force, unless a change waits for its approval or its time."""
IN_FORCE = "TOWLINE_CONTRACTS"
"""The variable that names the copy of what is in force to the programs of an installation."""


def agreed() -> Path:
    """Return the folder that agreed files are read from: the copy of what is in force, where one was made, or the house's own.

    A process reads the copy that was there when it first asked until it ends, whatever comes into force meanwhile.
    """
    copy = Path(os.environ.get(IN_FORCE) or OWN)
    return _first(copy) if copy.exists() else OWN


@cache
def _first(copy: Path) -> Path:
    return copy.resolve()


class FileError(MisconfiguredError):
    """A file of the house is wrong; the text is `file:line: field: why`."""


def load(path: Path, model: type[M]) -> M:
    """Return the file's content as `model`.

    Raises:
        FileError: it cannot be read, is not YAML, has a key twice, or does not fit the model.
    """
    document = _quickly(path)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        document = read(path)
        first = error.errors(include_url=False, include_input=False)[0]
        raise FileError(at(path, document, first["loc"], first["msg"])) from None


def _quickly(path: Path) -> Any:
    """The document without line numbers, which is four times as fast; whatever is wrong with it is said by `read`."""
    try:
        return YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError):
        return read(path)


def read(path: Path) -> Any:
    """Return a YAML document that remembers its line numbers."""
    return parse(path, text_of(path))


def text_of(path: Path) -> str:
    """Return a file's text. Raises FileError when it cannot be read, or is none."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise FileError(f"{path}: is not UTF-8 text") from None


def parse(path: Path, text: str) -> Any:
    """Return what a file's text, from its first line on, says in YAML, with line numbers. Raises FileError when it is none."""
    try:
        return YAML(typ="rt").load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "is not YAML"
        raise FileError(f"{path}{line}: {problem}") from None


def at(path: Path, document: Any, loc: Sequence[int | str], why: str) -> str:
    """Return `file:line: field: why` for the place `loc` in a document of `read`."""
    return f"{path}:{_line(document, loc)}: {'.'.join(str(part) for part in loc) or 'document'}: {why}"


def _line(document: Any, loc: Sequence[int | str]) -> int:
    """The line of the deepest place that exists on the way to `loc`, counted from one."""
    line, node = 0, document
    for part in loc:
        if isinstance(node, CommentedMap) and part in node:
            line = node.lc.key(part)[0]
        elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
            line = node.lc.item(part)[0]
        else:
            break
        node = node[part]
    return line + 1
