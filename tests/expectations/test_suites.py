"""Every named expectation lets a good row pass and refuses a bad one, for its own reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from contracts.catalog import catalog
from expectations import cancellation, deal, delivery, discovery, freshness, invoice, lead, milestone, payment, proposal
from expectations.freshness import FRESH
from expectations.gate import Gate
from expectations.named import Named
from expectations.report import Kind
from expectations.rows import Row
from expectations.suites import SUITES, WITHOUT
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
    deal.DealIsNotLost: [{"crm_stage": "lost"}],
    freshness.ToldAtOnce: [{"late": 901.0}],
    freshness.ToldSoon: [{"late": 4 * 3600.0 + 1}],
    freshness.ToldInDays: [{"late": 3 * 24 * 3600.0 + 1}],
    invoice.InvoiceIsTheDeals: [{"invoice_of_deal": False}],
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
    ("delivery", delivery.ProposalIsOnRecord, [{"document_of_deal": False}]),
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
    *(
        (suite, invoice.InvoiceStatusIsKnown, [{"invoice_status": "gone"}])
        for suite in ("void", "dunning", "refund", "cancellation")
    ),
    ("discovery", lead.LeadAmountNamesItsCurrency, [{"currency": None}]),
    ("cancellation", cancellation.CancellationHasAReason, [{"reason": None}]),
]

BAD += [(suite, each, [{"late": -301.0}]) for suite, named in SUITES.items() for each in named if each in FRESH.values()]
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


def test_a_row_that_is_beyond_a_line_hears_why_the_line_is_there(gate: Gate, good_row: Any) -> None:
    row = good_row("lead", amount=10_000_001)
    reason = gate.check("lead", [row]).failures[row["event_id"]].reason
    assert reason.startswith("The amount, where there is one, lies between nothing and 10,000,000, because ")
    assert reason.endswith("(contracts/thresholds.yaml, decision 0045)")


@pytest.mark.parametrize(("suite", "expectation"), [(suite, each) for suite, named in SUITES.items() for each in named])
def test_every_expectation_says_what_it_means_and_has_a_bad_row_above(suite: str, expectation: type) -> None:
    assert issubclass(expectation, Named)
    assert len(expectation().description.split()) > 4
    assert (suite, expectation) in {(name, each) for name, each, _ in BAD}


@pytest.mark.parametrize(("suite", "kind"), [(suite, kind) for suite in SUITES for kind in Kind])
def test_every_suite_has_each_kind_of_expectation_or_says_why_not(suite: str, kind: Kind) -> None:
    has = [each for each in SUITES[suite] if each.kind is kind]
    why = WITHOUT.get(suite, {}).get(kind, "")
    assert bool(has) != (len(why.split()) > 3), f"{has} {why}"


def test_every_expectation_says_what_mends_a_row_in_words_that_can_be_followed() -> None:
    for named in SUITES.values():
        for each in named:
            assert len(each.fix.split()) > 4, each
            assert not each.fix.endswith("."), each


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), 1e300, -1e300])
def test_an_amount_that_is_no_number_or_beyond_any_never_passes(gate: Gate, good_row: Any, amount: float) -> None:
    """Given an amount that is no number, or absurd, When its offer is checked, Then it is refused, and no error comes."""
    row = good_row("proposal", amount=amount, lines_total=amount)
    assert row["event_id"] in gate.check("proposal", [row, good_row("proposal")]).failures


def test_the_freshness_class_of_the_catalog_decides_how_late_an_event_may_be(gate: Gate, good_row: Any) -> None:
    """
    Given a lead and a reminder that were told four days after they happened
    When each is checked
    Then the lead goes on with a warning, for its class warns, and the reminder stays, for its class blocks.
    """
    lead_row, reminder = (good_row(suite, late=4 * 24 * 3600.0) for suite in ("lead", "reminder"))
    assert [one.kind for one in gate.check("lead", [lead_row]).warnings[lead_row["event_id"]]] == [Kind.FRESHNESS]
    assert gate.check("reminder", [reminder]).failures[reminder["event_id"]].kind is Kind.FRESHNESS
    classes = {entry.flow: entry.freshness for entry in catalog().entries.values()}
    assert {suite: FRESH[freshness] in SUITES[suite] for suite, freshness in classes.items()} == dict.fromkeys(SUITES, True)
