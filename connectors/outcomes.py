"""How one call for many records becomes one outcome for each; the same for every vendor."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar, overload

from contracts.errors import RefusedError, TowlineError
from contracts.records import Outcome, Ref

Item = TypeVar("Item")
Mark = TypeVar("Mark", bound=Hashable)
Found = TypeVar("Found")
Other = TypeVar("Other")


def chunks(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """Return the items in runs of at most `size`."""
    return [items[first : first + size] for first in range(0, len(items), size)]


async def outcomes_of(
    write: Callable[[Mapping[Mark, Item]], Awaitable[Mapping[Mark, Outcome]]], items: Mapping[Mark, Item]
) -> dict[Mark, Outcome]:
    """Write items in one call; when it is refused as a whole, in ever smaller ones, until only the bad items stay refused."""
    try:
        return dict(await write(items))
    except RefusedError as error:
        if len(items) == 1:
            return dict.fromkeys(items, error)
    except TowlineError as error:
        return dict.fromkeys(items, error)
    first, second = (dict(half) for half in chunks(list(items.items()), (len(items) + 1) // 2))
    return await outcomes_of(write, first) | await outcomes_of(write, second)


async def each(act: Callable[[Item], Awaitable[Ref]], items: Mapping[Mark, Item], *, at_once: int) -> dict[Mark, Outcome]:
    """Do one call an item, at most `at_once` at the same time; an item's failure is its outcome."""
    room = asyncio.Semaphore(at_once)

    async def one(item: Item) -> tuple[Outcome]:
        async with room:
            try:
                return (await act(item),)
            except TowlineError as error:
                return (error,)

    ended = await together(*map(one, items.values()))
    return settled({mark: outcome for mark, (outcome,) in zip(items, ended, strict=True)})


@overload
async def together(first: Awaitable[Found], second: Awaitable[Other], /) -> tuple[Found, Other]: ...
@overload
async def together(*calls: Awaitable[Found]) -> Sequence[Found]: ...
async def together(*calls: Awaitable[Any]) -> Sequence[Any]:
    """Wait for all calls; raise the first failure only after the last call has ended, so that none goes on unseen."""
    ended = await asyncio.gather(*calls, return_exceptions=True)
    for result in ended:
        if isinstance(result, BaseException):
            raise result
    return ended


def settled(outcomes: dict[Mark, Outcome]) -> dict[Mark, Outcome]:
    """Return the outcomes; when nothing succeeded and nothing was refused, the call failed as a whole: raise."""
    failures = [outcome for outcome in outcomes.values() if isinstance(outcome, TowlineError)]
    if failures and len(failures) == len(outcomes) and not any(isinstance(error, RefusedError) for error in failures):
        raise failures[0]
    return outcomes
