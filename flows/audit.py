"""The audit: what is wrong with the CRM's records, whether or not anything happens to them; counted night by night."""

from __future__ import annotations

from datetime import UTC, datetime

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from connectors.budget import at_work
from contracts.catalog import Criticality
from contracts.errors import RetryableError
from expectations.record_rows import SUITE_OF
from tasks.audit import CASES, Tallies, build_docs, judge_cases, judge_records, keep, open_cases
from tasks.options import FLOW


@flow(name="audit", description="Judge all companies, contacts and deals of the CRM, and keep what is wrong with them.", **FLOW)
async def audit() -> State[None]:
    """Judge every record, the least urgent of all work; a kind that could not be read to its end is left to the next night."""
    at_work.set(Criticality.LOW)
    night, judged = datetime.now(UTC).date(), dict[str, Tallies]()
    try:
        cases = await open_cases()
        for kind, suite in SUITE_OF.items():
            tallies, found = await judge_records(kind, cases if kind == "deal" else ())
            await keep(night, suite, tallies)
            judged[suite] = tallies
        tallies = await judge_cases(cases, found)
        await keep(night, CASES, tallies)
        judged[CASES] = tallies
        await build_docs()
    except RetryableError as error:
        left = [suite for suite in (*SUITE_OF.values(), CASES) if suite not in judged]
        rest = f"{', '.join(left)} are left to the next night" if left else "the Data Docs are left as they were"
        return Failed(message=f"{_said(judged)}; {rest}: {error.text}")
    return Completed(message=_said(judged))


def _said(judged: dict[str, Tallies]) -> str:
    """How many records were judged, and how many rules they broke."""
    records = {suite: max((one.checked for one in tallies.values()), default=0) for suite, tallies in judged.items()}
    broken = sum(bool(one.refused) for tallies in judged.values() for one in tallies.values())
    told = ", ".join(f"{number:,} {suite}" for suite, number in records.items()) or "nothing"
    return f"{told} judged; {broken} rules broken"
