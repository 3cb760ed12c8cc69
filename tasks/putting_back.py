"""Putting back what somebody changed past us, as an effect, and never over what was changed once more. No Prefect is needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.guard import speaking_for
from contracts.errors import RefusedError, TowlineError
from contracts.records import EffectKey, Image, LockRecord, Outcome, Ref, Restoring, Wanted
from contracts.traces import Trace
from ledger.effects import Intent
from ledger.routing import ask, over
from lifecycle import keys
from lifecycle.documents import lock_reason
from lifecycle.judging import same
from lifecycle.reconciling import PUT_BACK, RESTORED, SYSTEMS, IncidentState, Kind, hashed
from runtime.wiring import Runtime
from tasks.comparing import read_traces
from tasks.holding import not_while_paused
from tasks.settling import state_of

LOCK = "lock"
Found = tuple[Any, Trace, str]
"""An incident, its field as it stands now, and the value that belongs there."""


async def put_back(house: Runtime, incidents: Sequence[Any]) -> None:
    """Write back what belongs into these fields, of deals and customers; one that was changed once more is left alone.

    A document whose approved text is back is locked again; one whose text is not is left to people.

    Safe to repeat: what stands as it should is not written again. What is refused becomes its owner's to decide.

    Raises:
        RetryableError, UncertainError, HeldError, MisconfiguredError: some are open still, and may be put back later.
    """
    of_kind: dict[Kind, list[Any]] = defaultdict(list)
    for one in incidents:
        of_kind[Kind(one.kind)].append(one)
    failed: TowlineError | None = None
    for kind, some in of_kind.items():
        right, still = await _as_they_stand(house, kind, some)
        if kind is Kind.DOCUMENT:
            outcomes = await _restored(house, kind, await _locks(house, right))
        else:
            async with house.ledger.begin() as books:
                await over(books, [one for one, _, _ in right], IncidentState.SETTLED)
            outcomes = await _restored(house, kind, still)
        failed = failed or next(
            (one for one in outcomes if isinstance(one, TowlineError) and not isinstance(one, RefusedError)), None
        )
    if failed:
        raise failed


async def _as_they_stand(house: Runtime, kind: Kind, incidents: Sequence[Any]) -> tuple[list[Found], list[Found]]:
    """Return those that somebody has set right already, and those that stand as they were judged."""
    ids = sorted({one.vendor_id for one in incidents})
    async with house.ledger.begin() as books:
        expected = await books.incidents.expected(kind, ids)
    traces = await read_traces(house, kind, ids)
    right, still = list[Found](), list[Found]()
    for one in incidents:
        record, trace = expected.get(one.vendor_id), traces.get(one.vendor_id, {}).get(one.field)
        ours = record.fields.get(trace.name) if record and trace and not record.is_busy else None
        if trace is None or ours is None:
            continue
        if same(trace.value, ours.value):
            right.append((one, trace, ours.value or ""))
        elif hashed(trace.value, one.salt) == one.found_hash:
            still.append((one, trace, ours.value or ""))
    return right, still


async def _locks(house: Runtime, found: Sequence[Found]) -> list[Found]:
    """Return documents with their locks as they stand and as they should."""
    ids = [one.vendor_id for one, _, _ in found]
    now = await house.docs.look("file", ids) if ids else {}
    async with house.ledger.begin() as books:
        approved = await books.documents.approved_by(ids)
    return [
        (one, Trace(LOCK, now.get(one.vendor_id, {}).get(LOCK)), lock_reason(approved[one.vendor_id]))
        for one, _, _ in found
        if one.vendor_id in approved
    ]


async def _restored(house: Runtime, kind: Kind, found: Sequence[Found]) -> Sequence[Outcome]:
    intents = {_key(one): _intent(kind, one) for one, _, _ in found}
    images = {_key(one): Image({trace.name: trace.value}, {trace.name: value}) for one, trace, value in found}
    async with house.ledger.begin() as books:
        standings = await books.effects.intend(list(intents.values()))
        await books.effects.picture(images)
    wanted = {_key(one): Wanted(standings[_key(one)].act_key, _record(kind, one, trace, value)) for one, trace, value in found}
    outcomes = await _written(house, kind, found, wanted)
    refused = {one.id: error for one, _, _ in found if isinstance(error := outcomes[_key(one)], RefusedError)}
    async with house.ledger.begin() as books:
        await books.effects.settle(outcomes, {key: state_of(outcome) for key, outcome in outcomes.items()})
        done = [one for one, _, _ in found if isinstance(outcomes[_key(one)], Ref)]
        await over(books, done, IncidentState.PUT_BACK)
        for one, _, _ in found:
            if one.id in refused:
                await ask(books, [one], why=refused[one.id].text)
    return list(outcomes.values())


async def _written(
    house: Runtime, kind: Kind, found: Sequence[Found], wanted: Mapping[EffectKey, Wanted[Any]]
) -> dict[EffectKey, Outcome]:
    """Write with the word of the systems that decide about the fields, and answer for each."""
    if not wanted:
        return {}
    restores: Mapping[Kind, Any] = {
        Kind.DEAL: house.crm.restore,
        Kind.CUSTOMER: house.billing.restore_customers,
        Kind.DOCUMENT: house.docs.lock,
    }
    entities = house.catalog.systems.entities
    speakers = sorted({entities[one.entity].authority_over(one.field).value for one, _, _ in found})
    try:
        async with not_while_paused(SYSTEMS[kind]):
            with speaking_for(*speakers):
                outcomes = await restores[kind](list(wanted.values()))
    except TowlineError as error:
        return dict.fromkeys(wanted, error)
    return {key: outcomes[one.key] for key, one in wanted.items()}


def _record(kind: Kind, incident: Any, trace: Trace, value: str) -> Restoring | LockRecord:
    if kind is Kind.DOCUMENT:
        return LockRecord(incident.vendor_id, value)
    return Restoring(kind.value, incident.vendor_id, {trace.name: value})


def _key(incident: Any) -> EffectKey:
    return keys.effect_key(keys.incident_id(incident.id), PUT_BACK)


def _intent(kind: Kind, incident: Any) -> Intent:
    key = _key(incident)
    return Intent(key, key, keys.incident_id(incident.id), incident.case_id, PUT_BACK, SYSTEMS[kind], RESTORED[kind])
