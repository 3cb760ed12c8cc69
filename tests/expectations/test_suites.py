"""Every named expectation lets a good row pass and refuses a bad one, for its own reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from contracts.catalog import catalog
from expectations import cancellation, deal, delivery, discovery, invoice, lead, milestone, payment, proposal
from expectations.gate import Gate
from expectations.named import Named
from expectations.rows import Row
from expectations.suites import SUITES
from lifecycle import invoice as lifecycle_invoice
from lifecycle.paths import PATHS

ONE = UUID(int=1)

SHARED: dict[type, list[dict[str, Any]]] = {
    deal.DealComesOnce: [{"case_id": ONE}, {"case_id": ONE}],
    deal.DealNamesItsAccount: [{"account": None}],
    deal.DealHasAnOwner: [{"owner": None}],
    deal.ClientHasAnEmail: [{"email": None}],
    deal.AmountIsNamed: [{"amount": None, "lines_total": None}],
    deal.AmountIsReasonable: [dict.fromkeys(("amount", "lines_total", "agreed", "billed", "invoiced", "paid"), 10000000.01)],
    deal.CurrencyIsTheDeals: [{"currency": "USD", "line_currency": "EUR", "billed_currency": "USD"}],
    lead.ContactEmailIsPlausible: [{"email": "ada@northwind"}],
    lead.ContactCanAnswer: [{"email": "no-reply@northwind.example"}],
    proposal.LinesAddUp: [{"lines_total": 15000.0}],
    proposal.PaymentTermIsUsual: [{"payment_days": 90}],
    invoice.InvoiceIsFound: [{"invoice_status": None}],
    invoice.AmountIsBilled: [{"billed": 15000.0}],
    invoice.CurrencyIsBilled: [{"billed_currency": "USD"}],
    invoice.NothingIsPaidYet: [{"paid": 15000.1}],
    payment.InvoiceIsOnRecord: [{"invoiced": None}],
}
"""What several suites expect, each of which must refuse it by itself."""

BAD: list[tuple[str, type, list[dict[str, Any]]]] = [
    ("lead", lead.LeadArrivesOnce, [{"event_id": ONE}, {"event_id": ONE}]),
    ("lead", lead.LeadNamesItsCompany, [{"company": None}]),
    ("lead", lead.LeadNamesTheDomain, [{"domain": None}]),
    ("lead", lead.DomainIsPlausible, [{"domain": "10.0.0.1"}]),
    ("lead", lead.DomainIsPlausible, [{"domain": "-.example"}]),
    ("lead", lead.DomainIsTheCompanysOwn, [{"domain": "gmail.com"}]),
    ("lead", lead.LeadNamesAContactEmail, [{"email": None}]),
    ("lead", lead.ContactEmailIsPlausible, [{"email": "ada@northwind"}]),
    ("lead", lead.ContactEmailIsSpeltRight, [{"slip_of": "gmail.com"}]),
    ("lead", lead.LeadHasAnOwner, [{"owner": None}]),
    ("lead", lead.LeadAmountIsReasonable, [{"amount": -0.01}]),
    ("lead", lead.LeadAmountIsReasonable, [{"amount": 10_000_000.01}]),
    ("lead", lead.LeadAmountNamesItsCurrency, [{"currency": None}]),
    ("lead", lead.SourceIsSureOfTheLead, [{"confidence": 0.49}]),
    ("lead", lead.ContactCanAnswer, [{"email": "no-reply@northwind.example"}]),
    ("discovery", discovery.DealGetsOnePacket, [{"case_id": ONE}, {"case_id": ONE}]),
    ("discovery", deal.DealNamesItsAccount, [{"account": None}]),
    ("discovery", deal.DealHasAnOwner, [{"owner": None}]),
    ("discovery", discovery.DealAmountIsNotNegative, [{"amount": -1.0}]),
    ("discovery", discovery.DealStageIsKnown, [{"stage": "won"}]),
    ("proposal", proposal.LinesAddUp, [{"lines_total": 15000.11}]),
    ("proposal", proposal.LinesAddUp, [{"lines_total": None}]),
    ("proposal", proposal.ClausesAreLookedUp, [{"unapproved_clauses": None}]),
    ("proposal", proposal.ClausesAreApproved, [{"unapproved_clauses": 1}]),
    ("proposal", proposal.OfferHasClauses, [{"clauses": 0}]),
    ("proposal", proposal.OfferNamesItsService, [{"service": None}]),
    ("proposal", proposal.PaymentTermIsUsual, [{"payment_days": 61}]),
    ("proposal", deal.AmountIsReasonable, [{"amount": 0.0, "lines_total": 0.0}]),
    ("delivery", delivery.DecisionIsOnRecord, [{"decision": None}]),
    ("delivery", delivery.DecisionIsAboutThisDeal, [{"deal_in_decision": False}]),
    ("delivery", delivery.DecisionIsAnApproval, [{"decision": "waiting"}]),
    ("delivery", delivery.DecisionIsAnApproval, [{"decision": "void"}]),
    ("delivery", delivery.DecisionNamesItsPerson, [{"approved_by": None}]),
    ("milestone", milestone.MilestoneIsToldOnce, [{"case_id": ONE}, {"case_id": ONE}]),
    ("milestone", milestone.DeliveryIsUnderWay, [{"request": None}]),
    ("milestone", milestone.ClientCanReadTheUpdate, [{"email": None}]),
    ("milestone", milestone.MilestoneHasAnApprovedNote, [{"approved_notes": 0}]),
    ("invoice", invoice.AgreementIsOnRecord, [{"agreed": None}]),
    ("invoice", invoice.DeliveredIsAgreed, [{"agreed": 15000.09}]),
    ("invoice", invoice.DeliveredIsAgreed, [{"agreed": 15000.11}]),
    ("receivable", invoice.InvoiceIsFound, [{"invoice_status": None}]),
    ("receivable", invoice.InvoiceIsOut, [{"invoice_status": "draft"}]),
    ("receivable", invoice.InvoiceIsOut, [{"invoice_status": "void"}]),
    ("receivable", invoice.AmountIsBilled, [{"billed": 15000.0}]),
    ("receivable", invoice.CurrencyIsBilled, [{"billed_currency": "USD"}]),
    ("receivable", invoice.InvoiceHasADueDay, [{"due_on": None}]),
    ("reminder", invoice.InvoiceIsStillOpen, [{"invoice_status": "paid"}]),
    ("reminder", invoice.ReminderComesOnItsDay, [{"days": 8}]),
    ("void", invoice.VoidedIsInvoiced, [{"invoiced": 15000.2}]),
    ("void", invoice.NothingIsPaidYet, [{"paid": 0.01}]),
    ("payment", payment.InvoiceIsPaid, [{"invoice_status": "open"}]),
    ("payment", payment.InvoiceIsOnRecord, [{"invoiced": None}]),
    ("payment", payment.PaidIsInvoiced, [{"invoiced": 15000.11}]),
    ("payment", payment.PaidIsInvoiced, [{"amount": None}]),
    ("dunning", payment.FailedIsInvoiced, [{"invoiced": 15000.09}]),
    ("refund", payment.PaymentIsOnRecord, [{"paid": None}]),
    ("refund", payment.RefundIsPaid, [{"paid": 15000.09}]),
    ("refund", payment.RefundIsPaid, [{"paid": 0.0}]),
    ("cancellation", cancellation.CancelledDealIsNotPaid, [{"invoice_status": "paid"}]),
    ("cancellation", cancellation.InvoiceStatusIsKnown, [{"invoice_status": "gone"}]),
    ("cancellation", cancellation.CancellationHasAReason, [{"reason": None}]),
]

BAD += [(suite, each, SHARED[each]) for suite, named in SUITES.items() for each in named if each in SHARED]
BAD += [("change", each, changes) for suite, each, changes in BAD if suite == "proposal" and each not in SHARED]

GOOD: list[tuple[str, dict[str, Any]]] = [
    *((suite, {}) for suite in SUITES),
    ("lead", {"amount": None, "currency": None}),
    ("lead", {"amount": 0.0}),
    ("lead", {"amount": 10_000_000.0}),
    ("lead", {"confidence": 0.5}),
    ("lead", {"domain": "xn--mnchen-3ya.xn--p1ai", "email": "jo.o'neil+crm@mail.northwind.co.uk"}),
    ("discovery", {"amount": None, "currency": None}),
    ("discovery", {"stage": "prospecting"}),
    ("proposal", {"payment_days": 60}),
    ("proposal", {"amount": 0.01, "lines_total": 0.01}),
    ("proposal", {"amount": 10_000_000.0, "lines_total": 10_000_000.0}),
    ("delivery", {"line_currency": None}),
    ("invoice", {"payment_days": None}),
    ("receivable", {"invoice_status": "paid"}),
    ("receivable", {"billed": None, "billed_currency": None}),
    ("reminder", {"days": 14}),
    ("reminder", {"days": 30}),
    ("void", {"invoiced": 0.0}),
    ("void", {"invoiced": None, "paid": None, "line_currency": None}),
    ("dunning", {"amount": 0.01}),
    ("refund", {"amount": 0.01}),
    ("cancellation", {"invoice_status": None, "account": None, "email": None}),
    ("cancellation", {"invoice_status": "uncollectible"}),
]


@pytest.mark.parametrize(("suite", "expectation", "changes"), BAD)
def test_a_bad_row_is_refused_for_its_own_reason_and_goes_its_way(
    gate: Gate, good_row: Any, suite: str, expectation: type, changes: list[dict[str, Any]]
) -> None:
    good: Row = good_row(suite)
    bad: list[Row] = [good_row(suite, **{name: change[name] for name in change if name in good}) for change in changes]

    report = gate.check(suite, [good, *bad])

    rules = {report.failures[row["event_id"]] for row in bad if row["event_id"] in report.failures}
    rules |= {rule for row in bad for rule in report.warnings.get(row["event_id"], ())}
    assert [(rule.description, rule.route) for rule in rules] == [(expectation().description, SUITES[suite][expectation])]
    assert all(rule.column in good for rule in rules)
    assert good["event_id"] in report.passed
    assert good["event_id"] not in report.warnings


@pytest.mark.parametrize(("suite", "changes"), GOOD)
def test_a_good_row_passes_without_a_word(gate: Gate, good_row: Any, suite: str, changes: dict[str, Any]) -> None:
    row = good_row(suite, **changes)

    report = gate.check(suite, [row])

    assert list(report.passed) == [row["event_id"]]
    assert not report.failures
    assert not report.warnings


def test_every_path_has_a_suite() -> None:
    assert {catalog()[event].flow for event in PATHS} == set(SUITES)


def test_clients_are_reminded_on_the_days_that_the_schedule_has() -> None:
    assert invoice.REMINDED_AFTER == lifecycle_invoice.REMINDED_AFTER


@pytest.mark.parametrize(("suite", "expectation"), [(suite, each) for suite, named in SUITES.items() for each in named])
def test_every_expectation_says_what_it_means_and_has_a_bad_row_above(suite: str, expectation: type) -> None:
    assert issubclass(expectation, Named)
    assert len(expectation().description.split()) > 4
    assert (suite, expectation) in {(name, each) for name, each, _ in BAD}
