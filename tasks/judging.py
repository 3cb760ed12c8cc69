"""How what stands outside is looked at before anything is taken back; nothing is changed here, and no Prefect is needed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from contracts.records import EffectKey, Facts, Standing
from ledger.tables import EffectState
from lifecycle.judging import judge
from lifecycle.undo import Act, Deed, Judgement, reason_to_stay
from runtime.wiring import Runtime

Found = Mapping[Standing, Facts | None]


async def judged(house: Runtime, rows: Sequence[Any], leaving: Collection[Standing] = ()) -> Mapping[EffectKey, Judgement]:
    """Say of each effect, the latest first, whether it can be undone, by what stands outside now.

    Raises:
        RetryableError, MisconfiguredError: a system does not tell what stands there.
    """
    deeds = [deed_of(row) for row in rows]
    return judge(deeds, await look(house, deeds), leaving)


async def look(house: Runtime, deeds: Sequence[Deed]) -> Found:
    """Return how the records of these effects stand; None for one that is gone."""
    wanted: dict[tuple[str, str], set[str]] = defaultdict(set)
    for deed in deeds:
        if deed.standing and _matters(deed):
            wanted[deed.standing.system, deed.standing.kind].add(deed.standing.id)
    ports: Mapping[str, Any] = {"crm": house.crm, "docs": house.docs, "billing": house.billing}
    parts = await asyncio.gather(*(ports[system].look(kind, sorted(ids)) for (system, kind), ids in wanted.items()))
    return {
        Standing(system, kind, one): part.get(one)
        for ((system, kind), ids), part in zip(wanted.items(), parts, strict=True)
        for one in ids
    }


def deed_of(row: Any) -> Deed:
    """Return an effect as it is judged."""
    return Deed(
        key=row.key,
        case=row.case_id,
        event=row.event_id,
        event_type=row.event_type,
        step=row.step,
        system=row.system,
        undo=row.undo,
        record=row.vendor_id or "",
        before=row.before,
        after=row.after,
        shared=row.shared,
        in_doubt=row.state == EffectState.UNCERTAIN,
        undone=row.state == EffectState.UNDONE,
    )


def _matters(deed: Deed) -> bool:
    """What was undone in an earlier round is looked at where it was given back: nobody may have touched it since."""
    given_back = deed.inverse is not None and deed.inverse.act is Act.RESTORE and deed.before is not None
    return given_back if deed.undone else reason_to_stay(deed) is None
