"""How Google words things: our key on its files, and the references that it answers with. Makes no calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.drift import Seen, listed
from connectors.google import REMEDIES, explain
from connectors.remedies import Dialect
from contracts.errors import TowlineError
from contracts.matrix import matrix
from contracts.records import EffectKey, Ref

FILE = matrix()["google"]["document"]
KEY = FILE.name("key").removeprefix("appProperties.")
FOLDER = "application/vnd.google-apps.folder"
DOCUMENT = "application/vnd.google-apps.document"
ANSWER: Mapping[str, str | int] = {"fields": f"{FILE.name('id')},{FILE.name('url')}"}
ALWAYS = {"appProperties", "createdTime", "documentId", "id", "mimeType", "modifiedTime", "trashed", "webViewLink"}
"""Fields that Google leaves out of no answer in which they are asked for; others it leaves out where they are empty."""


def objects(path: str, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[Seen]:
    """Tell the files and documents in an answer."""
    needed = ALWAYS & set(re.findall(r"\w+", str(asked.get("fields", ""))))
    if path.startswith("/v1/documents/"):
        yield "document", [answer], needed
    elif "/drive/v3/files" in path:
        yield "file", listed(answer["files"]) if "files" in answer else [answer], needed


DIALECT = Dialect("google", explain, REMEDIES, objects)


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
