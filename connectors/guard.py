"""Lets an outside write leave only where the system contract gives its field to whoever it speaks for.

Each adapter's writes are named in its port with the fields that they change, and are judged before they begin; what is sent
without that (by a method that nobody named) is stopped at the wire. Knows no path.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, TypeVar

from connectors.remedies import Nature
from contracts.catalog import catalog
from contracts.errors import GuardError
from contracts.systems import System

Kind = TypeVar("Kind", bound=type)
Field = tuple[str, str | None]
"""An entity and a field of it; None for a whole record that is taken away, or put back as it was."""
Fields = Callable[..., Iterable[Field]]
"""Says from a write's arguments which fields it changes."""

_speakers: ContextVar[Collection[str]] = ContextVar("speakers", default=())
_permitted: ContextVar[bool] = ContextVar("permitted", default=False)


@contextlib.contextmanager
def speaking_for(*systems: str) -> Iterator[None]:
    """Say whose word the writes within carry (none: as before); without this, each speaks for the system that it is made in."""
    before = _speakers.set(systems or _speakers.get())
    try:
        yield
    finally:
        _speakers.reset(before)


def changes(entity: str, *fields: str | None) -> Fields:
    """Return what says that a write always changes these fields of an entity (none: whole records)."""
    found = [(entity, field) for field in fields or (None,)]
    return lambda *_, **__: found


def sets_up() -> Fields:
    """Return what says that a write changes no record, only makes the system ready for us."""
    return lambda *_, **__: ()


def guarded(system: System, writes: Mapping[str, Fields]) -> Callable[[Kind], Kind]:
    """Let the named methods of an adapter write only what the system contract permits; GuardError otherwise."""

    def guard(adapter: Kind) -> Kind:
        for name, fields in writes.items():
            setattr(adapter, name, _guarded(system, getattr(adapter, name), fields))
        return adapter

    return guard


def _guarded(
    system: System, write: Callable[..., Coroutine[Any, Any, Any]], fields: Fields
) -> Callable[..., Coroutine[Any, Any, Any]]:
    signature = inspect.signature(write)

    @functools.wraps(write)
    async def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        given = signature.bind(self, *args, **kwargs).arguments
        contract, speakers = catalog().systems, _speakers.get() or (system,)
        for entity, field in dict.fromkeys(fields(*list(given.values())[1:])):
            contract.permit(system, entity, field, speakers=speakers)
        before = _permitted.set(True)
        try:
            return await write(self, *args, **kwargs)
        finally:
            _permitted.reset(before)

    return call


def pass_guard(nature: Nature = "once") -> None:
    """Do nothing for a read, or within a write that was permitted. Raises GuardError otherwise: nothing was sent."""
    if nature != "read" and not _permitted.get():
        raise GuardError("guard: a write that no rule of the system contract has looked at", cause="guard.unnamed")
