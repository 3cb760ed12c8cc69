"""How Google words things: our key on its files, and the references that it answers with. Makes no calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.errors import TowlineError
from contracts.matrix import matrix
from contracts.records import EffectKey, Ref

FILE = matrix()["google"]["document"]
KEY = FILE.name("key").removeprefix("appProperties.")
FOLDER = "application/vnd.google-apps.folder"
DOCUMENT = "application/vnd.google-apps.document"
ANSWER: Mapping[str, str | int] = {"fields": f"{FILE.name('id')},{FILE.name('url')}"}


def metadata(name: str, key: EffectKey, parent: str) -> dict[str, Any]:
    """Return a new file's name, our key, and the folder that it goes to, if any."""
    return FILE.new(name=name, key=key, folder=parent)


def replacement(name: str, value: str) -> dict[str, Any]:
    """Return the request that puts a value in the place of a `{{placeholder}}`."""
    found = {"text": f"{{{{{name}}}}}", "matchCase": True}
    return {"replaceAllText": {"containsText": found, "replaceText": value}}


def ref(file: Mapping[str, Any]) -> Ref:
    """Return the reference to a file that Google answered with."""
    found = FILE.back(file, "id", "url")
    return Ref(found["id"], found["url"] or "")


def is_gone(error: TowlineError) -> bool:
    """Say whether Google knows no such file (any more)."""
    return error.cause.startswith("docs.http_404")
