"""What a person can switch off: everything, one path, or one outside system; what a name stands for, and how it is said."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from contracts.errors import RefusedError
from contracts.systems import System
from lifecycle.paths import PATHS


class Scope(StrEnum):
    """How much a switch stops."""

    ALL = "all"
    PATH = "path"
    SYSTEM = "system"


def known(scope: Scope, name: str, flows: Mapping[str, str]) -> str:
    """Return the name that a switch is kept under: a path by its event, also where its flow is named (`flows` by event).

    Raises:
        RefusedError: there is no such path or system.
    """
    if scope is Scope.ALL:
        return ""
    by_name = {flow: event for event, flow in flows.items()} | {event: event for event in PATHS}
    names = by_name if scope is Scope.PATH else {system.value: system.value for system in System}
    if name not in names:
        choice = ", ".join(flows.values()) if scope is Scope.PATH else ", ".join(names)
        raise RefusedError(f"there is no such {scope.value}; choose one of {choice}", cause="switch.unknown")
    return names[name]


def said(scope: str, name: str) -> str:
    """Return what is switched off, in words: `everything`, `the path lead.qualified`, `the system crm`."""
    return "everything" if scope == Scope.ALL else f"the {scope} {name}"
