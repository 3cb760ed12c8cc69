"""Errors named by their remedy, so that whoever catches one knows what to do; they must never carry personal data.

TowlineError
├── RetryableError       the same call may work later
├── RefusedError         understood and declined: a person
│   └── GuardError       our own system contract declines it: nothing was sent
├── UncertainError       it may have happened: look by key, never repeat blindly
├── MisconfiguredError   credentials, permissions, settings: the operator
├── HeldError            a switch is off: nothing was done, and it goes on when the switch is on again
├── ContractError        the payload does not fit: quarantine
└── StageError           the case may not take this step
"""

from __future__ import annotations

from typing import Any


class TowlineError(Exception):
    """Base of all our errors: a text without personal data, and a machine-readable cause."""

    def __init__(self, text: str, *, cause: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.cause = cause or type(self).__name__.removesuffix("Error").lower()

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.__dict__)


class RetryableError(TowlineError):
    """The same call may work later; `retry_after` is what the vendor asked for, in seconds."""

    def __init__(self, text: str, *, cause: str = "", retry_after: float | None = None) -> None:
        super().__init__(text, cause=cause)
        self.retry_after = retry_after


class RefusedError(TowlineError):
    """The system understood and declined; repeating changes nothing, a person must look."""


class GuardError(RefusedError):
    """The system contract does not let this field be written so; nothing was sent. The text names the rule and its decision."""


class UncertainError(TowlineError):
    """The answer never came, so the change may have happened; look for our key before repeating."""


class MisconfiguredError(TowlineError):
    """Credentials, permissions or settings are wrong; the operator must act."""


class HeldError(TowlineError):
    """Nothing was done, because a person has paused it; whatever wanted it waits, and goes on by itself."""


class ContractError(TowlineError):
    """A payload does not fit its contract; `field` and `rule` say where and why."""

    def __init__(self, text: str, *, field: str, rule: str, cause: str = "") -> None:
        super().__init__(text, cause=cause)
        self.field = field
        self.rule = rule


class StageError(TowlineError):
    """The case is not at a stage from which this event may move it."""


def _rebuild(kind: type[TowlineError], state: dict[str, Any]) -> TowlineError:
    error = kind.__new__(kind, state["text"])
    error.__dict__.update(state)
    return error
