"""One call for many records becomes one outcome for each."""

import asyncio
from collections.abc import Mapping

import pytest

from connectors.outcomes import each, outcomes_of, settled, together
from contracts.errors import MisconfiguredError, RefusedError, RetryableError, UncertainError
from contracts.records import Outcome, Ref


async def test_a_batch_that_is_refused_as_a_whole_is_halved_until_only_the_bad_stay() -> None:
    calls = []

    async def write(items: Mapping[str, int]) -> Mapping[str, Outcome]:
        calls.append(len(items))
        if any(number % 37 == 36 for number in items.values()):
            raise RefusedError("no")
        return {mark: Ref(str(number)) for mark, number in items.items()}

    outcomes = await outcomes_of(write, {str(number): number for number in range(100)})
    assert list(outcomes) == [str(number) for number in range(100)]
    assert [mark for mark, outcome in outcomes.items() if isinstance(outcome, RefusedError)] == ["36", "73"]
    assert len(calls) < 35


async def test_a_half_that_is_lost_does_not_hide_the_other() -> None:
    async def write(items: Mapping[str, int]) -> Mapping[str, Outcome]:
        if len(items) == 4:
            raise RefusedError("no")
        if "a" in items:
            raise UncertainError("lost")
        return dict.fromkeys(items, Ref("1"))

    outcomes = await outcomes_of(write, {"a": 1, "b": 2, "c": 3, "d": 4})
    assert [type(one).__name__ for one in outcomes.values()] == ["UncertainError", "UncertainError", "Ref", "Ref"]


@pytest.mark.parametrize("error", [RetryableError(""), UncertainError(""), MisconfiguredError("")])
def test_a_call_that_failed_for_all_is_raised_and_for_some_is_their_outcome(error: Exception) -> None:
    with pytest.raises(type(error)):
        settled({"a": error, "b": error})
    for other in (Ref("1"), RefusedError("")):
        assert settled({"a": error, "b": other}) == {"a": error, "b": other}
    assert settled({}) == {}


async def test_single_calls_run_at_once_but_never_too_many() -> None:
    running, most = 0, 0

    async def act(number: int) -> Ref:
        nonlocal running, most
        running, most = running + 1, max(most, running + 1)
        await asyncio.sleep(0)
        running -= 1
        if number == 3:
            raise RefusedError("no")
        return Ref(str(number))

    outcomes = await each(act, {number: number for number in range(10)}, at_once=4)
    assert most == 4
    assert isinstance(outcomes.pop(3), RefusedError)
    assert outcomes == {number: Ref(str(number)) for number in range(10) if number != 3}


async def test_a_failure_is_raised_only_after_all_calls_have_ended() -> None:
    ended = []

    async def call(number: int) -> None:
        await asyncio.sleep(0.001 * number)
        ended.append(number)
        if number == 0:
            raise RetryableError("")

    with pytest.raises(RetryableError):
        await together(*(call(number) for number in range(4)))
    assert ended == [0, 1, 2, 3]
