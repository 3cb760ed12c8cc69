"""Errors keep what they know on their way between processes."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import pytest

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


@pytest.mark.parametrize("kind", sorted(set(kinds()), key=str))
def test_every_error_pickles_and_keeps_its_attributes(kind: type[TowlineError]) -> None:
    extra = next((EXTRA[base] for base in kind.__mro__ if base in EXTRA), {})
    error = kind("crm: it did not work", cause="crm.http_500", **extra)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  (our own)
    assert type(copy) is kind
    assert copy.__dict__ == error.__dict__
    assert str(copy) == "crm: it did not work"


def test_an_error_without_a_cause_is_its_own() -> None:
    assert RetryableError("later").cause == "retryable"
    assert FileError("a.yaml:1: x: y").cause == "file"
