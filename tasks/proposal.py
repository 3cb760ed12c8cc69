"""The steps of the proposal and change paths: an offer is drafted of approved clauses, and a person is asked to stand for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from prefect import task

from contracts.billing import CustomerRecord, EstimateRecord, LineItem
from contracts.lead import Service
from contracts.proposal import Offer
from contracts.records import DealChange, DocumentRecord, EffectKey, Message, PdfRecord, Ref, Wanted
from contracts.values import Money
from ledger.decisions import NewDecision
from lifecycle import keys
from lifecycle.asking import ask_message, asked_of
from lifecycle.clauses import Selection, select
from lifecycle.decisions import PROPOSAL
from lifecycle.documents import Artefact, document_name
from lifecycle.proposal import lines_of, total_of, valid_until
from lifecycle.proposal_document import ProposalDraft, proposal_html
from runtime.wiring import runtime
from tasks.announce import in_its_channel
from tasks.batch import Batch, Item
from tasks.deal import company_of, owner_name, person_facts, read_folders
from tasks.documents import document_of
from tasks.effects import once, together
from tasks.options import retries_of

F = TypeVar("F", bound=Offer)
RETRIES = retries_of("discovery.completed")


@task(name="Price offers", **RETRIES)
async def price_offers(batch: Batch[F]) -> None:
    """Fill in what the event leaves to the CRM, and choose lines and clauses."""
    for item in batch:
        offer, deal = item.payload, item.deal
        service = offer.service or (Service(deal.service) if deal and deal.service in set(Service) else None)
        amount = _sum(offer) or offer.amount or (deal.amount if deal else None)
        item.payload = offer.model_copy(update={"service": service, "amount": amount})
        item.facts["lines"] = lines_of(item.payload, item.title) if amount else ()
        item.facts["clauses"] = select(service.value if service else None, offer.clauses)


def offer_facts(item: Item[F]) -> dict[str, Any]:
    """Return what the gate of an offer looks at beside its payload."""
    selection: Selection = item.facts["clauses"]
    lines, amount, service = item.facts["lines"], item.payload.amount, item.payload.service
    return person_facts(item) | {
        "amount": float(amount.decimal()) if amount else None,
        "currency": amount.currency if amount else None,
        "lines_total": float(total_of(lines).decimal()) if lines else None,
        "clauses": len(selection.clauses),
        "unapproved_clauses": len(selection.unapproved),
        "service": service.value if service else None,
    }


@task(name="Draft proposals", **RETRIES)
async def draft_proposals(batch: Batch[F]) -> None:
    """Make each proposal as a document of approved clauses in its account's folder, and enter it in the document index."""
    docs, ledger = runtime().docs, runtime().ledger
    await read_folders(batch)
    async with ledger.begin() as books:
        versions = await books.documents.versions(Artefact.PROPOSAL, {item.event: item.case for item in batch})
    for item in batch:
        item.facts["version"] = versions[item.event]
    await once(batch, "create_proposal", record=_document, act=docs.create_documents, find=docs.find)
    async with ledger.begin() as books:
        await books.documents.enter([_indexed(item, Artefact.PROPOSAL, "create_proposal") for item in batch])


@task(name="Save proposals as PDF", **RETRIES)
async def save_proposal_pdfs(batch: Batch[F]) -> None:
    """Keep a PDF of each draft beside it."""
    docs = runtime().docs
    await once(batch, "save_proposal_pdf", record=_pdf, act=docs.save_pdfs, find=docs.find)
    async with runtime().ledger.begin() as books:
        await books.documents.enter([_indexed(item, Artefact.PROPOSAL_PDF, "save_proposal_pdf") for item in batch])


@task(name="Find or create customers", **RETRIES)
async def upsert_customers(batch: Batch[Any]) -> None:
    """Find each account's customer in billing, or create it."""
    billing = runtime().billing
    await once(batch, "upsert_customer", record=_customer, act=billing.upsert_customers, image=billing.images)


@task(name="Open estimates", **RETRIES)
async def open_estimates(batch: Batch[F]) -> None:
    """Put each offer into billing as an open estimate."""
    billing = runtime().billing
    await once(batch, "open_estimate", record=_estimate, act=billing.open_estimates, find=partial(billing.find, "estimate"))


@task(name="Move deals to proposed", **RETRIES)
async def propose_deals(batch: Batch[F]) -> None:
    """Put the proposal's address and amount on each deal and move it on in the CRM; a changed offer leaves its stage."""
    crm = runtime().crm
    await once(batch, "propose_deal", record=_proposed, act=crm.change_deals, image=crm.images)


@task(name="Ask for approval", **RETRIES)
async def ask_approvals(batch: Batch[F]) -> None:
    """Write down what a person is to decide, with the hash of the content, and ask for it in the approvers' channel."""
    hashes = await runtime().docs.hashes([item.refs["create_proposal"].id for item in batch])
    asked = {item.event: _decision(item, hashes[item.refs["create_proposal"].id]) for item in batch}
    async with runtime().ledger.begin() as books:
        await books.decisions.ask(list(asked.values()))
        rows = await books.decisions.get([one.id for one in asked.values()])

    async def post(channel: str, items: Sequence[Item[F]], key: EffectKey) -> Ref:
        shown = [asked_of(rows[asked[item.event].id], runtime().catalog.owners) for item in items]
        has_door = bool(runtime().settings.chat_signing_secrets)
        text, paragraphs = ask_message(batch.entry.event, shown, with_buttons=has_door)
        return await runtime().chat.post(Wanted(key, Message(channel, text, paragraphs)))

    await together(batch, "ask_approval", groups=in_its_channel(batch), act=post, find=runtime().chat.find)


def terms_of(lines: Sequence[LineItem], payment_days: int, selection: Selection) -> dict[str, Any]:
    """Return what is approved beside the document, as it is kept with the decision."""
    return {
        "lines": [{"description": line.description, "minor": line.amount.minor} for line in lines],
        "payment_days": payment_days,
        "clauses": [f"{clause.id} v{clause.version}" for clause in selection.clauses],
    }


def lines_from(terms: Mapping[str, Any], currency: str) -> tuple[LineItem, ...]:
    """Return the positions that a decision has approved."""
    return tuple(LineItem(line["description"], Money(minor=line["minor"], currency=currency)) for line in terms["lines"])


def _sum(offer: Offer) -> Money | None:
    return Money(minor=offer.total_minor, currency=offer.lines[0].amount.currency) if offer.lines else None


def _name(item: Item[F], artefact: Artefact) -> str:
    return document_name(company_of(item).name, artefact, item.facts["version"], subject=item.case)


def _document(item: Item[F]) -> DocumentRecord:
    selection: Selection = item.facts["clauses"]
    lines, drafted_on, offer = item.facts["lines"], item.received.date(), item.payload
    draft = ProposalDraft(
        title=item.title,
        document=_name(item, Artefact.PROPOSAL),
        version=item.facts["version"],
        company=company_of(item),
        person=item.deal.person if item.deal else None,
        owner=owner_name(item),
        service=offer.service.value if offer.service else None,
        lines=lines,
        total=total_of(lines),
        clauses=selection.clauses,
        drafted_on=drafted_on,
        valid_until=valid_until(drafted_on),
        payment_days=offer.payment_days,
        contract=item.contract,
    )
    return DocumentRecord(draft.document, item.facts["folder"], proposal_html(draft))


def _pdf(item: Item[F]) -> PdfRecord:
    return PdfRecord(item.refs["create_proposal"].id, f"{_name(item, Artefact.PROPOSAL)}.pdf", item.facts["folder"])


def _indexed(item: Item[F], artefact: Artefact, step: str) -> Any:
    name = _name(item, Artefact.PROPOSAL) + (".pdf" if artefact is Artefact.PROPOSAL_PDF else "")
    return document_of(item, artefact, item.refs[step], name, subject=item.case, version=item.facts["version"])


def _customer(item: Item[Any]) -> CustomerRecord:
    if item.account is None or item.deal is None or item.deal.person is None:
        raise ValueError("the gate let a deal pass without account or contact")
    return CustomerRecord(item.account, company_of(item).name, str(item.deal.person.email))


def _estimate(item: Item[F]) -> EstimateRecord:
    return EstimateRecord(
        item.refs["upsert_customer"].id,
        item.deal_id or "",
        item.facts["lines"],
        valid_until(item.received.date()),
        note=_name(item, Artefact.PROPOSAL),
    )


def _proposed(item: Item[F]) -> DealChange:
    stage = "proposed" if item.stage.value != "delivery" else None
    return DealChange(item.deal_id or "", stage=stage, amount=item.payload.amount, proposal_url=item.refs["create_proposal"].url)


def _decision(item: Item[F], content_hash: str) -> NewDecision:
    document, amount = item.refs["create_proposal"], total_of(item.facts["lines"])
    return NewDecision(
        id=keys.decision_id(item.case, document.id, content_hash),
        kind=PROPOSAL,
        case_id=item.case,
        event_id=item.event,
        title=item.title,
        document=document.id,
        url=document.url,
        content_hash=content_hash,
        minor=amount.minor,
        currency=amount.currency,
        terms=terms_of(item.facts["lines"], item.payload.payment_days, item.facts["clauses"]),
        owner=item.owner,
    )
