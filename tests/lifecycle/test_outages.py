"""Owners read of an outage in their own words: how many of what, the oldest, what is in it, and what the waiting costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from contracts.values import Money
from lifecycle.outages import Outage, Waiting, outage_alert, outage_forgotten, outage_over

NOW = datetime(2026, 11, 25, 12, 40, tzinfo=UTC)
RATE = Money(minor=500, currency="EUR")
LEADS = Waiting("lead.qualified", 847, NOW - timedelta(hours=3, minutes=10), Fraction(846), RATE)


def outage(*waiting: Waiting, amounts: tuple[Money, ...] = ()) -> Outage:
    return Outage("CRM", "Sales operations", NOW - timedelta(hours=3, minutes=12), NOW, waiting, amounts)


def test_an_outage_is_told_with_everything_that_its_owner_must_know() -> None:
    text, paragraphs = outage_alert(outage(LEADS, amounts=(Money(minor=1270500000, currency="EUR"),)))
    assert text == (
        "CRM does not answer: 847 leads wait, oldest 3 h 10 min, EUR 12,705,000.00 in them, "
        "about EUR 4,230.00 lost so far (catalog: EUR 5.00 per waiting lead and hour)"
    )
    assert "Since 25 Nov 2026 09:28 UTC. Owner: Sales operations." in paragraphs[1]


def test_one_that_waits_is_one_and_several_kinds_are_named() -> None:
    one = Waiting("payment.confirmed", 1, NOW - timedelta(minutes=2), Fraction(1, 30), Money(minor=100, currency="USD"))
    assert "1 payment waits, oldest 2 min 0 s, about USD 0.03 lost" in outage_alert(outage(one))[0]
    assert "847 leads and 1 payment wait, oldest 3 h 10 min" in outage_alert(outage(LEADS, one))[0]
    assert "about EUR 4,230.00 and USD 0.03 lost" in outage_alert(outage(LEADS, one))[0]


def test_an_outage_for_which_nothing_waits_says_so() -> None:
    assert outage_alert(outage())[0] == "CRM does not answer: nothing waits for it yet"


def test_when_it_is_over_it_says_how_long_how_many_and_what_it_cost() -> None:
    assert outage_over(outage(LEADS))[0] == "CRM is back after 3 h 12 min: 847 leads waited, which cost about EUR 4,230.00"
    assert outage_over(outage())[0] == "CRM is back after 3 h 12 min: nothing waited"
    assert outage_forgotten(outage())[0] == "Nothing waits for CRM any more"
