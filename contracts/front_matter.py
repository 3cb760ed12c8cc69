"""Front matter: the YAML between two fences at the head of a Markdown file of the house, with the lines of the file."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ruamel.yaml.comments import CommentedMap

from contracts.files import FileError, parse, text_of

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
    text = text_of(path)
    head, fence, body = text.partition(f"\n{FENCE}\n")
    if not fence or not head.startswith(f"{FENCE}\n"):
        raise FileError(f"{path}:1: front matter: must stand between two lines of {FENCE}")
    front = parse(path, head)
    if not isinstance(front, CommentedMap):
        raise FileError(f"{path}:1: front matter: is not a mapping of fields")
    return Parts(front, body, len(head.splitlines()) + 1)
