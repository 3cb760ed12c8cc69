"""What a proposal says: everything it was told, escaped; nothing that is not approved, and no sum that its lines do not give."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html import unescape
from html.parser import HTMLParser

import pytest

from contracts.billing import LineItem
from contracts.clauses import Approval, Clause, fingerprint
from contracts.parties import Company, Person
from contracts.values import Money
from lifecycle.clauses import select
from lifecycle.proposal_document import ProposalDraft, proposal_html

PAGE = {"html", "head", "meta", "title", "style", "body"}
KEPT = PAGE | {"table", "thead", "tbody", "tr", "td", "h1", "h2", "h3", "p", "ul", "li", "em", "strong", "span"}


def euros(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def clause(body: str) -> Clause:
    approval = Approval(by="head-of-sales", on=date(2026, 11, 2), sha256=fingerprint(body))
    return Clause(id="FEES", version=2, title="Fees", order=1, approved=approval, body=body)


DRAFT = ProposalDraft(
    title="Northwind GmbH · CRM implementation",
    document="northwind-gmbh_proposal_v3_3f2a91c0",
    version=3,
    company=Company(name="Northwind GmbH", domain="northwind.example", sector="logistics", country="Germany"),
    person=Person.model_validate({"name": "Ada Byron", "email": "ada@northwind.example"}),
    owner="Head of sales",
    service="implementation",
    lines=(LineItem("Design", euros(250000)), LineItem("Build", euros(1250050))),
    total=euros(1500050),
    clauses=(clause("We invoice **monthly**."),),
    drafted_on=date(2026, 11, 3),
    valid_until=date(2026, 12, 3),
    payment_days=30,
    contract="discovery.completed/1",
)


def text_of(html: str) -> str:
    """What is left for a reader."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.partition("</head>")[2])).split())


class Tags(HTMLParser):
    """Which tags a page is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)


@pytest.mark.parametrize(
    "said",
    [
        "PROPOSAL Northwind GmbH · CRM implementation Prepared for Northwind GmbH northwind-gmbh_proposal_v3_3f2a91c0",
        "Date 3 November 2026 Valid until 3 December 2026 Version 3 Your contact with us Head of sales",
        "You asked us for implementation services.",
        "Company Northwind GmbH Sector Logistics Country Germany Contact Ada Byron E-mail ada@northwind.example",
        "What you want Implementation services",
        "1 Design EUR 2,500.00 2 Build EUR 12,500.50 Total EUR 15,000.50",
        "Payment is due within 30 days of the invoice's date Prices stand until 3 December 2026",
        "4.1 Fees FEES v2 We invoice monthly .",
        "This proposal binds nobody until it is approved on both sides. For Northwind GmbH For us Name",
        "northwind-gmbh_proposal_v3_3f2a91c0 Source: CRM record and discovery.completed/1",
    ],
    ids=["cover", "dates", "wish", "client", "service", "estimate", "payment", "clauses", "approval", "foot"],
)
def test_a_proposal_says_what_it_was_told(said: str) -> None:
    assert said in text_of(proposal_html(DRAFT))


@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "on receipt of the invoice"), (1, "within 1 day of"), (2, "within 2 days of"), (60, "within 60 days of")],
)
def test_a_proposal_says_when_payment_is_due(days: int, said: str) -> None:
    assert f"Payment is due {said}" in text_of(proposal_html(replace(DRAFT, payment_days=days)))


def test_what_nobody_knows_is_left_out() -> None:
    said = text_of(proposal_html(replace(DRAFT, company=Company(name="Northwind GmbH"), person=None, service=None)))
    assert "Company Northwind GmbH What you want Northwind GmbH · CRM implementation 2. Our estimate" in said
    assert "None" not in said
    assert "You asked us" not in said


def test_equal_drafts_give_equal_pages_and_different_ones_do_not() -> None:
    assert proposal_html(replace(DRAFT)) == proposal_html(DRAFT)
    assert proposal_html(replace(DRAFT, version=4)) != proposal_html(DRAFT)


EVIL = "<script>alert('x')</script>{{ draft }}{% raw %}&amp;"
EVIL_DRAFTS = {
    "title": replace(DRAFT, title=EVIL),
    "document": replace(DRAFT, document=EVIL),
    "owner": replace(DRAFT, owner=EVIL),
    "service": replace(DRAFT, service=EVIL),
    "contract": replace(DRAFT, contract=EVIL),
    "company": replace(DRAFT, company=Company(name=EVIL)),
    "sector": replace(DRAFT, company=Company(name="N", sector=EVIL)),
    "country": replace(DRAFT, company=Company(name="N", country=EVIL)),
    "person": replace(DRAFT, person=Person.model_validate({"name": EVIL, "email": "ada@northwind.example"})),
    "line": replace(DRAFT, lines=(LineItem(EVIL, DRAFT.total),)),
    "clause-title": replace(DRAFT, clauses=(clause("Text.").model_copy(update={"title": EVIL}),)),
    "clause-body": replace(DRAFT, clauses=(clause(EVIL.replace("&amp;", "&amp;amp;")),)),
}


@pytest.mark.parametrize("draft", EVIL_DRAFTS.values(), ids=EVIL_DRAFTS)
def test_whatever_is_written_into_a_value_stays_text(draft: ProposalDraft) -> None:
    html = proposal_html(draft)
    assert "<script" not in html
    assert set(Tags(html).found) <= KEPT
    assert EVIL.casefold() in text_of(html).casefold()


def test_a_clause_keeps_its_paragraphs_lists_and_emphasis() -> None:
    html = proposal_html(replace(DRAFT, clauses=(clause("One.\n\n- *Two*\n- **Three**\n\nFour."),)))
    body = html.partition("FEES v2</span></h3>")[2].partition("<h2>")[0]
    assert Tags(body).found == ["p", "ul", "li", "em", "li", "strong", "p"]


def test_a_clause_brings_no_headings_links_or_images() -> None:
    html = proposal_html(replace(DRAFT, clauses=(clause("# Big\n\n[a](https://a.example) ![b](https://b.example/b.png)"),)))
    body = html.partition("FEES v2</span></h3>")[2].partition("<h2>")[0]
    assert Tags(body).found == ["p", "p"]


def test_a_page_of_the_house_is_made_of_what_the_document_system_keeps() -> None:
    html = proposal_html(replace(DRAFT, clauses=select("implementation", ["travel"]).clauses))
    assert set(Tags(html).found) <= KEPT
    assert "4.11 Term and termination TERM v" in text_of(html)


@pytest.mark.parametrize("update", [{"body": "We invoice **yearly**."}, {"approved": None}], ids=["edited", "never"])
def test_a_clause_that_is_not_approved_cannot_enter(update: dict[str, object]) -> None:
    unfit = clause("We invoice **monthly**.").model_copy(update=update)
    with pytest.raises(ValueError, match="not approved: FEES"):
        proposal_html(replace(DRAFT, clauses=(unfit,)))


@pytest.mark.parametrize(
    "lines",
    [
        (LineItem("Design", euros(1500049)),),
        (LineItem("Design", Money(minor=1500050, currency="USD")),),
        (LineItem("Design", euros(1500050)), LineItem("Build", Money(minor=0, currency="USD"))),
        (),
    ],
    ids=["a-cent-short", "other-currency", "two-currencies", "none"],
)
def test_a_sum_that_the_lines_do_not_give_cannot_be_offered(lines: tuple[LineItem, ...]) -> None:
    with pytest.raises(ValueError, match="do not add up"):
        proposal_html(replace(DRAFT, lines=lines))


def test_a_contact_with_us_whom_nobody_knows_by_name_is_not_an_empty_place() -> None:
    assert "Your contact with us Head of sales" in text_of(proposal_html(DRAFT))
    assert "Your contact with us" not in text_of(proposal_html(replace(DRAFT, owner="")))
