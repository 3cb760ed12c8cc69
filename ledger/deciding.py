"""How a person's answer comes in, by whatever door: judged by one rule set, written down once, followed by its event at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from contracts.catalog import Catalog
from contracts.errors import RefusedError
from ledger.database import Books, Ledger
from ledger.exceptions import NewException
from ledger.inbox import NewEvent
from lifecycle.decisions import Answer, Decision, Rules, Speaker, Verdict, require_reason, said
from lifecycle.events import OURSELVES, envelope
from lifecycle.keys import event_id

APPROVED = "proposal.approved"
REJECTED = "proposal/rejected"
CHANGED = "proposal/changed"
DRAFT_AGAIN = "correct the offer, then complete discovery again in the CRM for a new draft"


@dataclass(frozen=True, slots=True)
class Taken:
    """An answer that was taken: the decision as it stood before, for whom it counts, and what it left: a state, approvals."""

    asked: Row[Any]
    approver: str
    state: Decision
    missing: int

    @property
    def text(self) -> str:
        """What the answer came to, in a few words."""
        return f"taken, and waits for {self.missing} more" if self.state is Decision.WAITING else self.state.value


async def decide(
    ledger: Ledger,
    catalog: Catalog,
    decision: UUID,
    verdict: Verdict,
    *,
    by: str,
    door: str,
    reason: str = "",
    content: str | None = None,
    login: str | None = None,
    owners: Collection[str] = (),
) -> Taken:
    """Take a person's answer to a decision; one rejection ends it, approvals of the policy's quorum approve it.

    `content` is the hash that the door has shown, None where it shows the decision's id alone, which is made of that hash.
    `login` and `owners` are who has signed in, and everybody they speak for beside `by`.

    Raises:
        RefusedError: there is no such decision, it is answered already, void or about other content, or `by` may not answer it.
        MisconfiguredError: nothing is agreed about decisions of its kind.
        RetryableError: the ledger is not available; nothing was written.
    """
    require_reason(verdict, reason)
    async with ledger.begin(wake=True) as books:
        asked = await books.decisions.hold(decision)
        if asked is None:
            raise RefusedError("there is no such decision", cause="decision.unknown")
        _require_open(asked, content)
        rules, given = rules_of(catalog, asked), answers_of((await books.decisions.answers([decision]))[decision])
        approver = rules.approver_of(Speaker(by, login, owners), await books.delegations.stand_ins(hold=True), given)
        given.append(Answer(approver, by, login, verdict))
        await books.decisions.take(decision, given[-1], content=asked.content_hash, door=door, reason=reason)
        taken = Taken(asked, approver, rules.outcome(given), rules.missing(given))
        if login is not None:
            after = {"answer": taken.text, "by": by, "for": approver, "content": asked.content_hash}
            about, before = f"decision {decision}", {"state": asked.state}
            await books.users.note(login, verdict, about, reason=reason, before=before, after=after)
        if taken.state is not Decision.WAITING:
            told = given if taken.state is Decision.APPROVED else given[-1:]
            await books.decisions.settle(decision, taken.state, by=said(told), door=door, reason=reason)
            await _follow(books, catalog, taken)
    return taken


def rules_of(catalog: Catalog, asked: Row[Any]) -> Rules:
    """Return the rules of a decision as they are agreed now. Raises MisconfiguredError where nothing is agreed of its kind."""
    return Rules(catalog.owners, catalog.policy(asked.kind), asked.kind, asked.owner)


def answers_of(rows: Iterable[Row[Any]]) -> list[Answer]:
    """Return answers as the rules know them."""
    return [Answer(row.approver, row.by, row.login, row.verdict) for row in rows]


def _require_open(asked: Row[Any], content: str | None) -> None:
    if asked.state in (Decision.APPROVED, Decision.REJECTED):
        raise RefusedError(f"this was {asked.state} by {asked.decided_by} already", cause="decision.answered")
    if asked.state != Decision.WAITING:
        text = f"this decision is {asked.state}: `towline decide` shows what waits"
        raise RefusedError(text, cause="decision.answered")
    if content is not None and content != asked.content_hash:
        raise RefusedError("the content is not what this answer was given for; look at it again", cause="decision.other_content")


async def _follow(books: Books, catalog: Catalog, taken: Taken) -> None:
    asked = taken.asked
    await books.exceptions.close_case(asked.case_id, (REJECTED, CHANGED), closed_as="decided")
    if taken.state is Decision.APPROVED:
        await books.inbox.accept([await _approval(books, catalog, asked)])
    else:
        await books.exceptions.open([_rejection(catalog, asked)])


async def _approval(books: Books, catalog: Catalog, asked: Row[Any]) -> NewEvent:
    case = (await books.cases.get([asked.case_id]))[asked.case_id]
    now = datetime.now(UTC)
    external_id = f"{asked.id}/approved"
    contract = f"{APPROVED}/{catalog[APPROVED].contract}"
    data = {"deal_id": case.crm_deal_id, "decision": str(asked.id)}
    return NewEvent(
        id=event_id(OURSELVES, external_id),
        source=OURSELVES,
        external_id=external_id,
        type=APPROVED,
        contract=contract,
        case_id=asked.case_id,
        payload=envelope(APPROVED, external_id, contract, data, now),
        occurred_at=now,
    )


def _rejection(catalog: Catalog, asked: Row[Any]) -> NewException:
    entry = catalog["discovery.completed"]
    return NewException(
        event_id=None,
        case_id=asked.case_id,
        event_type=entry.event,
        contract=f"{entry.event}/{entry.contract}",
        cause=REJECTED,
        reason="the proposal was rejected; the reason stands with the decision",
        route=DRAFT_AGAIN,
        owner=asked.owner if asked.owner in catalog.owners.owners else entry.process_owner,
        amount_minor=asked.minor,
        currency=asked.currency,
    )
