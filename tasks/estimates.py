"""Taking estimates back: all of a deal that is given up, and those that an approved offer has replaced."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.records import Outcomes, Ref, Wanted
from lifecycle import keys
from runtime.wiring import runtime


async def cancel_all(wanted: Sequence[Wanted[list[str]]]) -> Outcomes:
    """Cancel all estimates of each deal; a deal of which one is refused is refused."""
    each = {keys.effect_key(one.key, estimate): estimate for one in wanted for estimate in one.record}
    done = await runtime().billing.cancel_estimates([Wanted(key, estimate) for key, estimate in each.items()])
    found = {one.key: [done[keys.effect_key(one.key, estimate)] for estimate in one.record] for one in wanted}
    return {key: next((one for one in outcomes if not isinstance(one, Ref)), outcomes[-1]) for key, outcomes in found.items()}
