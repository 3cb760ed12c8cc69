"""Taking effects back: judged by what stands outside, carried out in batches, the latest of each case first.

Every act is safe to repeat. One whose answer never came is judged anew: what is gone is gone, what stands as before is back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from prefect import task

from contracts.errors import HeldError, RetryableError, TowlineError, UncertainError
from contracts.records import EffectKey, Outcome, Outcomes, RequestChange, Restoring, Standing, Wanted
from ledger.exceptions import NewException
from ledger.going_back import settle
from lifecycle import keys
from lifecycle.undo import TAKEN_AWAY, Act, Ending, Judgement, Verdict
from runtime.wiring import Runtime, runtime
from tasks.holding import not_while_paused
from tasks.judging import deed_of, judged
from tasks.options import retries_of

RETRIES = retries_of("lead.qualified")
ENDINGS = {Verdict.UNDO: Ending.UNDONE, Verdict.KEPT: Ending.KEPT, Verdict.CHANGED: Ending.CHANGED}
ROUTE = "look at the record, then take it back by hand or leave it as it is; `towline rollback show` lists it"
Endings = dict[EffectKey, tuple[Ending, str]]
Work = Sequence[tuple[Any, Judgement]]


@task(name="Undo deals", **RETRIES)
async def undo_cases(rollback: UUID, cases: Sequence[UUID]) -> None:
    """Take back what a rollback is about in these cases, all but their messages; what people changed since is left to them.

    Raises:
        RetryableError, UncertainError: a system does not answer; what is done is written down, and the rest is open still.
        HeldError: somebody has paused it; as above.
    """
    while await _round(runtime(), rollback, cases):
        pass


async def _round(house: Runtime, rollback: UUID, cases: Sequence[UUID]) -> bool:
    """Judge what is open in these cases and take it back as far as nothing goes wrong; say whether something was refused."""
    async with house.ledger.begin() as books:
        about = await books.rollbacks.get(rollback)
        rows = [row for row in await books.rollbacks.deeds(rollback, cases) if row.system != "chat"]
        others = await books.rollbacks.leaving(rollback, TAKEN_AWAY, besides=cases)
    live = [row for row in rows if row.outcome is None or row.outcome == Ending.UNDONE]
    verdicts = await judged(house, live, [_standing(row) for row in others])
    work = [(row, verdicts[row.key]) for row in live if row.outcome is None and row.key in verdicts]
    await _write(house, about, rows, {row.key: (ENDINGS[one.verdict], one.reason) for row, one in work if one.act is None})
    refused, failed = False, dict[UUID, TowlineError]()
    for wave in _waves([(row, one) for row, one in work if one.act is not None]):
        outcomes = await acted(house, [(row, one) for row, one in wave if row.case_id not in failed])
        errors = {key: outcome for key, outcome in outcomes.items() if isinstance(outcome, TowlineError)}
        failed |= {row.case_id: errors[row.key] for row, _ in wave if row.key in errors}
        endings = {key: _ending(outcome) for key, outcome in outcomes.items() if not _may_work_later(outcome)}
        refused |= any(ending is Ending.FAILED for ending, _ in endings.values())
        await _write(house, about, rows, endings)
    if later := next((error for error in failed.values() if _may_work_later(error)), None):
        raise later
    return refused


def _waves(work: Work) -> list[Work]:
    """Return work in turns, of each case one effect a turn, in their order."""
    of_case: dict[UUID, list[tuple[Any, Judgement]]] = defaultdict(list)
    for row, judgement in work:
        of_case[row.case_id].append((row, judgement))
    turns = max(map(len, of_case.values()), default=0)
    return [[some[turn] for some in of_case.values() if turn < len(some)] for turn in range(turns)]


async def acted(house: Runtime, work: Work) -> dict[EffectKey, Outcome]:
    """Make one call for all that is taken back alike, and answer for each effect."""
    groups: dict[tuple[Act, str, str], list[tuple[Any, Judgement]]] = defaultdict(list)
    for row, one in work:
        deed = deed_of(row)
        if one.act and deed.inverse:
            groups[one.act, row.system, deed.inverse.kind].append((row, one))
    found: dict[EffectKey, Outcome] = {}
    for (act, system, kind), some in groups.items():
        wanted = {row.key: Wanted(keys.undo_key(row.act_key), _record(act, kind, row, one)) for row, one in some}
        try:
            async with not_while_paused(system):
                outcomes = await _calls(house, kind)[act, system](list(wanted.values()))
            found |= {key: outcomes[one.key] for key, one in wanted.items()}
        except TowlineError as error:
            found |= dict.fromkeys(wanted, error)
    return found


def _record(act: Act, kind: str, row: Any, one: Judgement) -> Any:
    if act is Act.RESTORE:
        return Restoring(kind, row.vendor_id, one.fields)
    if act is Act.DISSOCIATE:
        return sorted(one.fields)
    return RequestChange(row.vendor_id, "closed") if act is Act.CLOSE else row.vendor_id


def _calls(house: Runtime, kind: str) -> Mapping[tuple[Act, str], Callable[[Sequence[Wanted[Any]]], Awaitable[Outcomes]]]:
    """Return which call of a port takes back what, by act and system."""
    crm, docs, billing = house.crm, house.docs, house.billing

    async def archive(wanted: Sequence[Wanted[str]]) -> Outcomes:
        return await crm.archive(kind, wanted)

    return {
        (Act.ARCHIVE, "crm"): archive,
        (Act.RESTORE, "crm"): crm.restore,
        (Act.DISSOCIATE, "crm"): crm.dissociate,
        (Act.CLOSE, "crm"): crm.change_requests,
        (Act.TRASH, "docs"): docs.trash,
        (Act.UNLOCK, "docs"): docs.unlock,
        (Act.ARCHIVE, "billing"): billing.delete_customers,
        (Act.RESTORE, "billing"): billing.restore_customers,
        (Act.CANCEL, "billing"): billing.cancel_estimates,
        (Act.VOID, "billing"): billing.void_invoices,
    }


async def _write(house: Runtime, rollback: Any, rows: Sequence[Any], endings: Endings) -> None:
    deeds = {row.key: row for row in rows}
    open_still: dict[tuple[UUID, Ending], list[Any]] = defaultdict(list)
    for key, (ending, _) in endings.items():
        if ending in (Ending.CHANGED, Ending.FAILED):
            open_still[deeds[key].case_id, ending].append(deeds[key])
    asked = [_exception(house, some, ending, endings[some[0].key][1]) for (_, ending), some in open_still.items()]
    async with house.ledger.begin(wake=True) as books:
        await settle(books, rollback, deeds, endings, asked)


def _exception(house: Runtime, rows: Sequence[Any], ending: Ending, reason: str) -> NewException:
    """What a person is asked about in a deal: whose it is looks at it."""
    first = rows[0]
    known = first.owner in house.catalog.owners.owners
    return NewException(
        event_id=first.event_id,
        case_id=first.case_id,
        event_type="rollback",
        contract=first.contract,
        cause=f"rollback/{ending}",
        reason=f"not taken back: {', '.join(dict.fromkeys(row.step for row in rows))}; {reason}",
        route=ROUTE,
        owner=first.owner if known else house.catalog[first.event_type].process_owner,
    )


def _ending(outcome: Outcome) -> tuple[Ending, str]:
    return (Ending.FAILED, outcome.text) if isinstance(outcome, TowlineError) else (Ending.UNDONE, "")


def _may_work_later(outcome: Outcome) -> bool:
    return isinstance(outcome, (RetryableError, UncertainError, HeldError))


def _standing(row: Any) -> Standing:
    kinds = {"archive_deal": "deal", "void_invoice": "invoice"}
    return Standing(row.system, kinds.get(row.undo, "file"), row.vendor_id)
