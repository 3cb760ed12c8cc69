"""What stands behind the cause of an exception, and why people close one: both from lists that are counted. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from lifecycle.announcements import WITHOUT


class Closing(StrEnum):
    """Why somebody closes an exception without letting its event go on; the whole list."""

    SOURCE = "source"
    MAPPING = "mapping"
    RULE = "rule"
    VENDOR = "vendor"
    FAULT = "fault"
    DUPLICATE = "duplicate"
    ABANDONED = "abandoned"
    BY_HAND = "by-hand"
    TEST = "test"


MEANS: Final = {
    Closing.SOURCE: "it was wrong at its source",
    Closing.MAPPING: "a mapping or a vocabulary is wrong",
    Closing.RULE: "a rule is too strict",
    Closing.VENDOR: "the vendor was at fault",
    Closing.FAULT: "it is a fault of ours",
    Closing.DUPLICATE: "it is there twice",
    Closing.ABANDONED: "nobody wants it any more",
    Closing.BY_HAND: "it was done by hand",
    Closing.TEST: "it was a test",
}
"""What each says to people."""


class Behind(StrEnum):
    """The kinds of things that produce causes."""

    EXPECTATION = "expectation"
    CONTRACT = "contract"
    SHAPE = "shape"
    RULE = "trigger rule"
    FIELD = "field of the system contract"
    ACTION = "action"
    ROLLBACK = "rollback"
    STAGE = "stage"
    STEP = "step"
    RUN = "run"


PLAIN: Final = {"autonomy": Behind.ACTION, "rollback": Behind.ROLLBACK, "rules": Behind.RULE, "reconcile": Behind.FIELD}
RUNS: Final = ("run-failed", "process-died", "failed", "cancelled")


def producer_of(cause: str) -> tuple[Behind, str]:
    """Return what produced a cause, and its name: `gate/lead/owner_is_known` is the expectation `owner_is_known` of `lead`."""
    head, *rest = cause.split("/")
    first, last = (rest[0], rest[-1]) if rest else ("", "")
    if head in ("gate", "audit"):
        return Behind.EXPECTATION, f"{last} of {first}"
    if head == "contract":
        return Behind.CONTRACT, f"{'.'.join(rest[1:-1])} of {first}, {last}"
    if head == "drift":
        return Behind.SHAPE, " ".join(rest[:3])
    if first in RUNS:
        return Behind.RUN, f"of {head}"
    if head in PLAIN:
        return PLAIN[head], first
    if first in ("stage", "early"):
        return Behind.STAGE, f"of {head}"
    return Behind.STEP, f"{rest[1] if first == WITHOUT and len(rest) > 1 else first} of {head}"
