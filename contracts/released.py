"""What is frozen: every released contract as it was when it was released, with a checksum in `released.lock`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contracts.event import CONTRACTS, Released
from contracts.files import OWN, FileError
from contracts.grading import WORDS, Grade, compare
from contracts.values import Contract

DIALECT = "https://json-schema.org/draft/2020-12/schema"
RELEASE = "`towline contracts release`"
UNORDERED = frozenset({"required", "enum", "type"})
Locked = Mapping[str, tuple[Mapping[str, Any], str]]
"""What is released, by name: as it was, and its checksum."""


def schema_of(name: str, contract: type[Contract]) -> dict[str, Any]:
    """Return the JSON Schema 2020-12 of a contract, named `event/version`."""
    return {"$schema": DIALECT, "$id": name, **contract.model_json_schema()}


def names(contracts: Released = CONTRACTS) -> dict[str, type[Contract]]:
    """Return every contract by its name, `event/version`."""
    return {f"{event}/{version}": kind for event, versions in contracts.items() for version, kind in sorted(versions.items())}


def checksum(name: str, sent: Any, understood: Any) -> str:
    """Return the SHA-256 of what a contract accepts and of what is understood by it, in whatever words it is described."""
    content = {"name": name, "sent": _without_words(sent), "understood": _without_words(understood)}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def faults(folder: Path = OWN, contracts: Released = CONTRACTS) -> Iterator[str]:
    """Say what is wrong with the released contracts: edited, not released, or gone; each with what to do.

    Raises:
        FileError: the lock, or a schema that it names, cannot be read.
    """
    locked, current = _lock(folder), names(contracts)
    yield from _broken(locked, current)
    for name in current.keys() - locked.keys():
        yield f"{name}: is not released; freeze it by {RELEASE}"


def _broken(locked: Locked, current: Mapping[str, type[Contract]]) -> Iterator[str]:
    for name, (then, sha) in locked.items():
        kind = current.get(name)
        if kind is None:
            yield f"{name}: was released and is gone; senders may use it still: put it back into CONTRACTS of contracts/event.py"
        elif _checksum_of(name, kind) != sha:
            yield from _edited(name, then, kind)


def release(folder: Path = OWN, contracts: Released = CONTRACTS) -> list[str]:
    """Freeze the contracts that are not released yet, and return their names. What is released is never touched.

    Raises:
        FileError: a released contract was edited or is gone; nothing is released then.
    """
    locked, current = _lock(folder), names(contracts)
    if wrong := next(_broken(locked, current), None):
        raise FileError(wrong)
    fresh = {name: kind for name, kind in current.items() if name not in locked}
    for name, kind in fresh.items():
        path = _path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(_frozen(name, kind), indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    if fresh:
        sums = {name: sha for name, (_, sha) in locked.items()} | {name: _checksum_of(name, kind) for name, kind in fresh.items()}
        lines = "".join(f"{sha}  {name}\n" for name, sha in sorted(sums.items()))
        (folder / "released.lock").write_text(lines, encoding="utf-8")
    return list(fresh)


def _edited(name: str, then: Mapping[str, Any], kind: type[Contract]) -> Iterator[str]:
    remedy = f"put it back, and write the change as the next version, then {RELEASE}"
    frozen = _frozen(name, kind)
    changes = compare(then["sent"], frozen["sent"]) or compare(then["understood"], frozen["understood"])
    for change in changes:
        if change.grade is not Grade.COSMETIC:
            yield f"{name}: was released and was edited: {change.field}: {change.text} ({change.grade}); {remedy}"
    if not changes:
        yield f"{name}: was released and was edited; {remedy}"


def _frozen(name: str, kind: type[Contract]) -> dict[str, Any]:
    return {"sent": schema_of(name, kind), "understood": kind.model_json_schema(mode="serialization")}


def _checksum_of(name: str, kind: type[Contract]) -> str:
    return checksum(name, **_frozen(name, kind))


def _lock(folder: Path) -> Locked:
    path = folder / "released.lock"
    found: dict[str, tuple[Mapping[str, Any], str]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.exists() else [], 1):
        sha, _, name = line.partition("  ")
        if not name or len(sha) != 64:
            raise FileError(f"{path}:{number}: is not a checksum and a contract's name")
        found[name] = (_read(_path(folder, name), name, sha), sha)
    return found


def _read(path: Path, name: str, sha: str) -> Mapping[str, Any]:
    try:
        then: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        is_it = checksum(name, then["sent"], then["understood"]) == sha
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise FileError(f"{path}: is not a released contract") from None
    if not is_it:
        raise FileError(f"{path}: was edited; it must stay as it was when {name} was released: take it from the last release")
    return then


def _path(folder: Path, name: str) -> Path:
    return folder / "released" / f"{name}.json"


def _without_words(schema: Any, *, is_names: bool = False) -> Any:
    """Leave out what is only for people; a field may be called `title` or `description`."""
    if isinstance(schema, Mapping):
        kept = {k: v for k, v in schema.items() if is_names or k not in WORDS}
        if not is_names:
            kept = {k: sorted(v, key=str) if k in UNORDERED and isinstance(v, list) else v for k, v in kept.items()}
        return {k: _without_words(v, is_names=not is_names and k in ("properties", "$defs")) for k, v in kept.items()}
    return [_without_words(one) for one in schema] if isinstance(schema, list) else schema
