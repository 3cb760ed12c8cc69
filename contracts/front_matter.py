"""Front matter: the YAML between two fences at the head of a Markdown file of the house, with the lines of the file."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from contracts.files import FileError

FENCE = "---"


class Parts(NamedTuple):
    """A file's front matter, which remembers its lines, the text after it, and the line on which that begins."""

    front: CommentedMap
    body: str
    begins: int


def read_parts(path: Path) -> Parts:
    """Return front matter and text of a Markdown file.

    Raises:
        FileError: it cannot be read, has no front matter, or its front matter is no mapping in YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise FileError(f"{path}: is not UTF-8 text") from None
    head, fence, body = text.partition(f"\n{FENCE}\n")
    if not fence or not head.startswith(f"{FENCE}\n"):
        raise FileError(f"{path}:1: front matter: must stand between two lines of {FENCE}")
    try:
        front = YAML(typ="rt").load(head)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise FileError(f"{path}{line}: {getattr(error, 'problem', None) or 'is not YAML'}") from None
    if not isinstance(front, CommentedMap):
        raise FileError(f"{path}:1: front matter: is not a mapping of fields")
    return Parts(front, body, len(head.splitlines()) + 1)
