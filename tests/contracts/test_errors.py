"""Errors keep what they know on their way between processes."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.hooks import SignatureError
from connectors.remedies import BusyError  # noqa: F401  (one of the kinds)
from contracts.errors import ContractError, RetryableError, TowlineError
from contracts.files import FileError


def kinds(base: type[TowlineError] = TowlineError) -> Iterator[type[TowlineError]]:
    yield base
    for kind in base.__subclasses__():
        yield from kinds(kind)


EXTRA: dict[type[TowlineError], dict[str, Any]] = {
    ContractError: {"field": "person.email", "rule": "email"},
    RetryableError: {"retry_after": 7.5},
}


def example(kind: type[TowlineError]) -> TowlineError:
    """An error of a kind, with everything that it can know."""
    if issubclass(kind, SignatureError):
        return kind("stale")
    extra = next((EXTRA[base] for base in kind.__mro__ if base in EXTRA), {})
    return kind("crm: it did not work", cause="crm.http_500", **extra)


@pytest.mark.parametrize("kind", sorted(set(kinds()), key=str))
def test_every_error_pickles_and_keeps_its_attributes(kind: type[TowlineError]) -> None:
    error = example(kind)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  (our own)
    assert type(copy) is kind
    assert copy.__dict__ == error.__dict__
    assert str(copy) == error.text


def test_an_error_without_a_cause_is_its_own() -> None:
    assert RetryableError("later").cause == "retryable"
    assert FileError("a.yaml:1: x: y").cause == "file"
