"""People are told in business words, lists stay short, and nobody can write a message through a deal's name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contracts.values import Money
from lifecycle.announcements import LONGEST_LIST, Deal, Stopped, alert, all_clear, announcement, reason_in_words

EUROS = Money(minor=1500000, currency="EUR")


def deal(title: str = "Northwind GmbH", *, owner: str = "sales-1", url: str = "") -> Deal:
    return Deal(title, owner, EUROS, url)


def test_one_deal_is_named() -> None:
    text, (_, line) = announcement("lead.qualified", [deal(url="https://docs.example/1")])
    assert text == "New deal: Northwind GmbH"
    assert line == "• <https://docs.example/1|Northwind GmbH> · EUR 15,000.00 · sales-1"


def test_a_long_list_is_cut_and_says_so() -> None:
    text, (_, lines) = announcement("lead.qualified", [deal(f"Deal {n}") for n in range(LONGEST_LIST + 5)])
    assert text == f"{LONGEST_LIST + 5} new deals"
    assert len(lines.splitlines()) == LONGEST_LIST + 1
    assert lines.endswith("… and 5 more")


@pytest.mark.parametrize("hostile", ["<!channel>", "<https://evil.example|click>", "a & b <@U1>"])
def test_markup_in_a_name_stays_text(hostile: str) -> None:
    for url in ("", "https://docs.example/1"):
        _, (headline, line) = announcement("lead.qualified", [deal(hostile, owner=hostile, url=url)])
        assert hostile not in headline + line


def stopped(**changes: object) -> Stopped:
    given = {
        "title": "Lead qualified",
        "deals": 847,
        "reason": "person: is required",
        "route": "correct it at the source",
        "owner": "Sales operations",
        "amounts": [EUROS, Money(minor=700, currency="USD")],
        "oldest": datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
    }
    return Stopped(**(given | changes))  # type: ignore[arg-type]


def test_an_alert_says_how_many_what_why_since_when_whose_and_what_to_do() -> None:
    text, paragraphs = alert(stopped())
    assert text == "847 deals wait at “Lead qualified”: person: is required"
    assert paragraphs[1:] == [
        "At stake: EUR 15,000.00, USD 7.00. Oldest since 21 Nov 2026 09:30 UTC. Owner: Sales operations.",
        "What to do: correct it at the source.",
    ]


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        ("lead/open_deal/crm.http_503", "CRM does not answer (“open deal”)"),
        ("lead/open_deal/crm.unreachable", "CRM does not answer (“open deal”)"),
        ("lead/open_deal/crm.http_429.TEN_SECONDLY", "CRM is too busy (“open deal”)"),
        ("invoice/draft_invoice/billing.http_402.declined", "Billing did not take it (“draft invoice”: http_402.declined)"),
        ("gate/lead/lead_has_an_owner", "Every lead names its owner"),
        ("lead/failed/ValueError", "Every lead names its owner"),
        ("proposal/rejected", "Every lead names its owner"),
    ],
)
def test_a_systems_answer_is_told_as_what_it_means(cause: str, said: str) -> None:
    assert reason_in_words(cause, "Every lead names its owner", {"crm": "CRM", "billing": "Billing"}) == said


def test_an_alert_about_one_deal_without_an_amount() -> None:
    text, paragraphs = alert(stopped(deals=1, amounts=[]))
    assert text.startswith("1 deal waits at")
    assert "At stake" not in "".join(paragraphs)


def test_what_is_solved_says_so() -> None:
    assert all_clear(1)[0] == "Solved: the deal goes on"
    assert all_clear(1200)[0] == "Solved: the 1,200 deals go on"
