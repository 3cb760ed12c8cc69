"""The steps of the delivery path: what a person has approved is locked, and the work and the client's thread begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from prefect import task

from contracts.errors import RefusedError
from contracts.letters import Attachment, Letter
from contracts.proposal import ProposalApprovedV1
from contracts.records import DealChange, FolderRecord, LockRecord, Outcomes, RequestRecord, Wanted
from contracts.values import Money
from ledger.continuity import line
from ledger.deciding import CHANGED
from ledger.decisions import NewDecision
from ledger.tables import EventStatus
from lifecycle import keys
from lifecycle.continuity import Kind
from lifecycle.documents import Artefact, document_name, lock_reason
from lifecycle.letters import summary
from lifecycle.proposal import total_of
from lifecycle.references import reference
from runtime.wiring import runtime
from tasks.announce import in_its_channel, telling
from tasks.batch import Batch, Item
from tasks.deal import company_of, person_facts, read_folders
from tasks.documents import document_of
from tasks.effects import once, together
from tasks.estimates import cancel_all
from tasks.letters import addressed, letter, read_threads
from tasks.options import retries_of
from tasks.proposal import lines_from

Approvals = Batch[ProposalApprovedV1]
RETRIES = retries_of("proposal.approved")
PDF = "application/pdf"
DECIDE_AGAIN = "read what has changed, then decide on it: `towline decide` shows it"


@task(name="Read decisions", **RETRIES)
async def read_decisions(batch: Approvals) -> None:
    """Note the decision that each approval points at, and what it makes of the case's money; let go what was done before."""
    cases = [item.case for item in batch]
    async with runtime().ledger.begin() as books:
        decisions = await books.decisions.get([item.payload.decision for item in batch])
        entries = await books.continuity.of_cases(cases)
        estimates = await books.effects.standing(cases, "open_estimate")
        indexed = await books.documents.cases_of([decision.document for decision in decisions.values()])
    for item in batch:
        decision = item.facts["decision"] = decisions.get(item.payload.decision)
        rows = entries.get(item.case, ())
        item.facts["before"] = line(rows, without=item.event)
        item.facts["document_of_deal"] = decision is not None and indexed.get(decision.document) == item.case
        if decision is not None:
            item.known_amount = Money(minor=decision.minor, currency=decision.currency)
            offers = estimates.get(item.case, ())
            item.facts["replaced"] = [row.vendor_id for row in offers if row.event_id != decision.event_id]
        if any(row.event_id != item.event and row.reference == str(item.payload.decision) for row in rows):
            batch.skip(item)  # another event has told of this approval, and everything was done on it


def approval_facts(item: Item[ProposalApprovedV1]) -> dict[str, Any]:
    """Return what the gate of an approval looks at beside its payload."""
    decision, amount = item.facts["decision"], item.known_amount if item.facts["decision"] else None
    lines = lines_from(decision.terms, decision.currency) if decision else ()
    return person_facts(item) | {
        "decision": decision.state if decision else None,
        "approved_by": decision.decided_by if decision else None,
        "deal_in_decision": bool(decision and decision.case_id == item.case),
        "document_of_deal": item.facts["document_of_deal"],
        "lines_total": float(total_of(lines).decimal()) if lines else None,
        "amount": float(amount.decimal()) if amount else None,
        "currency": amount.currency if amount else None,
        "line_currency": item.facts["before"].currency,
    }


@task(name="Compare what was approved", **RETRIES)
async def compare_contents(batch: Approvals) -> None:
    """Let pass only what still has the content that was approved; a changed one is void and asked for again."""
    hashes = await runtime().docs.hashes([item.facts["decision"].document for item in batch])
    for item in batch:
        decision = item.facts["decision"]
        found = hashes.get(decision.document)
        if found is None:
            batch.park(item, RefusedError("the approved document is gone", cause="docs.gone"), step="compare_content")
        elif found != decision.content_hash:
            await _void(batch, item, found)


async def _void(batch: Approvals, item: Item[ProposalApprovedV1], content_hash: str) -> None:
    old = item.facts["decision"]
    fresh_id = keys.decision_id(old.case_id, old.document, content_hash, after=old.id)
    fields = {name: getattr(old, name) for name in NewDecision.__dataclass_fields__}
    fresh = NewDecision(**{**fields, "id": fresh_id, "content_hash": content_hash})
    async with runtime().ledger.begin() as books:
        await books.decisions.void([old.id])
        await books.decisions.ask([fresh])
    reason = "the proposal was changed after it was shown to the approver; the approval is void and is asked for again"
    batch.leave(item, cause=CHANGED, reason=reason, route=DECIDE_AGAIN, status=EventStatus.UNDONE)


@task(name="Lock proposals", **RETRIES)
async def lock_proposals(batch: Approvals) -> None:
    """Lock each approved proposal, so that it stays what was approved."""
    docs = runtime().docs
    await once(batch, "lock_proposal", record=_lock, act=docs.lock, image=docs.images)


@task(name="Win deals", **RETRIES)
async def win_deals(batch: Approvals) -> None:
    """Mark each deal as won in the CRM, with the approved amount."""
    crm = runtime().crm
    await once(batch, "win_deal", record=_win, act=crm.change_deals, image=crm.images)


@task(name="Open delivery requests", **RETRIES)
async def open_requests(batch: Approvals) -> None:
    """Open one delivery request per deal in the CRM, and write into the document index for which one the proposal stands."""
    await once(batch, "open_request", record=_request, act=runtime().crm.open_requests)
    async with runtime().ledger.begin() as books:
        for item in batch:
            request, decision = item.refs["open_request"].id, item.facts["decision"]
            item.references.append(reference("request", request))
            approved = {"by": decision.decided_by, "content_hash": decision.content_hash, "delivery_item": f"request {request}"}
            await books.documents.approve(decision.document, **approved)


@task(name="Create project folders", **RETRIES)
async def create_project_folders(batch: Approvals) -> None:
    """Create one project folder per deal in its account's folder, and enter it in the document index."""
    docs = runtime().docs
    await read_folders(batch)
    await once(batch, "create_project_folder", record=_folder, act=docs.create_folders, find=docs.find)
    async with runtime().ledger.begin() as books:
        await books.documents.enter([_indexed(item) for item in batch])


@task(name="Cancel replaced estimates", **RETRIES)
async def cancel_replaced(batch: Approvals) -> None:
    """Cancel the estimates of offers that the approved one has replaced, so that nobody accepts an old one."""
    items = [item for item in batch if item.facts["replaced"]]
    await once(batch, "cancel_replaced", record=lambda item: item.facts["replaced"], act=cancel_all, items=items)


@task(name="Kick off deliveries", **RETRIES)
async def kick_off(batch: Approvals) -> None:
    """Tell the delivery team, in one message for the batch, where the work begins."""
    for item in batch:
        item.facts["url"] = item.refs["create_project_folder"].url
        item.facts["detail"] = f"approved by {item.facts['decision'].decided_by}"
    await together(batch, "kick_off", groups=in_its_channel(batch), **telling(batch))


@task(name="Send summaries", **RETRIES)
async def send_summaries(batch: Approvals) -> None:
    """Write to each client what was agreed and what comes next, with the proposal as a PDF."""
    await read_threads(batch, list(batch))
    documents = {str(item.event): item.facts["decision"].document for item in batch}

    async def send(wanted: Sequence[Wanted[tuple[str, Letter]]]) -> Outcomes:
        return await runtime().mail.send([await _with_pdf(one, documents) for one in wanted])

    await once(batch, "send_summary", record=_summary, act=send, find=runtime().mail.find)


def note_agreements(batch: Approvals) -> None:
    """Note the movement of each case's money: the first approval, or what a later one changes."""
    for item in batch:
        decision, before = item.facts["decision"], item.facts["before"]
        kind = Kind.CHANGED if before.currency else Kind.APPROVED
        item.enter(kind, decision.minor - before.agreed, decision.currency, reference=str(decision.id))


async def _with_pdf(one: Wanted[tuple[str, Letter]], documents: dict[str, str]) -> Wanted[Letter]:
    event, words = one.record
    content = await runtime().docs.read_pdf(documents[event])
    return Wanted(one.key, replace(words, attachments=[Attachment("proposal.pdf", PDF, content)]))


def _lock(item: Item[ProposalApprovedV1]) -> LockRecord:
    decision = item.facts["decision"]
    return LockRecord(decision.document, lock_reason(decision.decided_by))


def _win(item: Item[ProposalApprovedV1]) -> DealChange:
    decision = item.facts["decision"]
    return DealChange(item.deal_id or "", stage="won", amount=item.known_amount, proposal_url=decision.url)


def _request(item: Item[ProposalApprovedV1]) -> RequestRecord:
    decision = item.facts["decision"]
    text = f"{item.known_amount} approved by {decision.decided_by}. Proposal: {decision.url}"
    return RequestRecord(f"Delivery: {item.title}", item.deal_id or "", text)


def _folder_name(item: Item[ProposalApprovedV1]) -> str:
    return document_name(company_of(item).name, Artefact.PROJECT_FOLDER, 1, subject=item.case)


def _folder(item: Item[ProposalApprovedV1]) -> FolderRecord:
    return FolderRecord(_folder_name(item), item.facts["folder"])


def _indexed(item: Item[ProposalApprovedV1]) -> Any:
    return document_of(item, Artefact.PROJECT_FOLDER, item.refs["create_project_folder"], _folder_name(item), subject=item.case)


def _summary(item: Item[ProposalApprovedV1]) -> tuple[str, Letter]:
    decision = item.facts["decision"]
    approved_on = decision.decided_at.date()
    words = summary(**addressed(item), amount=_approved(item), url="", approved_on=approved_on)
    return str(item.event), letter(item, words)


def _approved(item: Item[ProposalApprovedV1]) -> Money:
    decision = item.facts["decision"]
    return Money(minor=decision.minor, currency=decision.currency)
