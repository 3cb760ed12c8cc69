"""Nothing is decided by accident: a short run of `benchmarks/decisions.py`, and that its judge sees what it must."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.decisions import agreed, fuzzed
from benchmarks.decisions_oracle import Oracle, Said, Times
from contracts.catalog import Catalog


@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_is_decided_that_nobody_has_decided(database_url: str, seed: int) -> None:
    fuzz = await fuzzed(database_url, 700, seed)
    assert fuzz.false == []
    assert {"approved", "rejected"} <= set(fuzz.ends), "otherwise nothing was tried"


async def test_the_judge_notices_a_decision_that_nobody_may_have_made(database_url: str) -> None:
    """Given a house that lets everybody answer what is their own, when people try, then that is found."""

    def lax(revoked: set[str]) -> Catalog:
        found = agreed(revoked)
        policies = {kind: one.model_copy(update={"own": True}) for kind, one in found.policies.items()}
        return replace(found, policies=policies)

    assert (await fuzzed(database_url, 700, 3, lax)).false


def test_the_judge_counts_each_person_once() -> None:
    one, times = Oracle("pair", "sales-1"), Times(stand_ins=[("head-of-sales", "finance-operations")])
    said = Said("finance-operations", None, "approve", has_reason=False, is_right_content=True)
    assert [one.tries(times, said), one.tries(times, said)] == [True, False]
    assert one.state == "waiting"
