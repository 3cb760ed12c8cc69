"""The advice follows from the figures, each of which can turn it, and says nothing of a handful."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.advice import advice_rules, load_advice_rules
from contracts.catalog import catalog
from contracts.files import OWN, FileError
from contracts.systems import System
from lifecycle.advice import Measured, Route, advise, saved_a_day

RULES = advice_rules()
LEAD, PAID, OVERDUE = (catalog()[event] for event in ("lead.qualified", "payment.confirmed", "invoice.overdue"))


def measured(**changes: Any) -> Measured:
    """Ten events an hour for two days, done within seconds, with two changes in the CRM and one in chat each."""
    usual: dict[str, Any] = {
        "events": 480,
        "hours": 48.0,
        "peak_hour": 30,
        "peak_minute": 3,
        "done": 470,
        "median": 0.4,
        "slow": 2.0,
    }
    return Measured(**(usual | {"calls": {System.CRM: 940, System.CHAT: 470}} | changes))


@pytest.mark.parametrize(
    ("entry", "changes", "route"),
    [
        (LEAD, {}, Route.REAL_TIME),
        (PAID, {}, Route.EITHER),
        (OVERDUE, {"slow": 4000.0}, Route.EITHER),
        (PAID, {"slow": 1801.0}, Route.BATCH),
        (PAID, {"peak_minute": 31}, Route.BATCH),
        (PAID, {"events": 48_000, "hours": 48.0}, Route.REAL_TIME),
        (LEAD, {"slow": 61.0}, Route.NEITHER),
        (LEAD, {"peak_minute": 31}, Route.NEITHER),
        (LEAD, {"done": 29}, Route.UNKNOWN),
        (LEAD, {"done": 0, "median": None, "slow": None}, Route.UNKNOWN),
    ],
)
def test_each_figure_can_turn_the_advice(entry: Any, changes: dict[str, Any], route: Route) -> None:
    assert advise(entry, measured(**changes), RULES).route is route


def test_the_figures_and_the_reasons_are_said() -> None:
    said = advise(PAID, measured(), RULES)
    assert said.figures == {
        "events": 480,
        "an hour": 10.0,
        "busiest hour": 30,
        "busiest minute": 3,
        "lag p50": 0.4,
        "lag p95": 2.0,
        "calls an event, chat": 1.0,
        "calls an event, crm": 2.0,
        "share of quota in the busiest minute": 0.05,
        "cost of waiting in batches, a day": "EUR 30.00",
        "calls saved by batches, a day": 288,
    }
    assert said.reasons == (
        "95 % are done within 2 s, needed 30 min 0 s (“minutes”)",
        "the busiest minute takes 5.0% of the limit of chat, allowed 50%",
        "in a batch an event waits up to 15 min 0 s, needed 30 min 0 s",
        "that would cost EUR 30.00 a day, allowed EUR 50.00",
    )


def test_too_few_are_said_with_how_many_are_needed() -> None:
    said = advise(LEAD, measured(done=29), RULES)
    assert (said.route.value, said.reasons) == ("too few events to say", ("29 were done, 30 are needed",))


@pytest.mark.parametrize(("system", "a_minute"), [("crm", 1140), ("docs", 600), ("chat", 60), ("mail", 60), ("billing", 6000)])
def test_a_minute_holds_as_many_calls_as_the_vendor_publishes(system: str, a_minute: float) -> None:
    assert RULES.writes[System(system)].a_minute == a_minute


def test_only_a_call_for_several_records_saves_calls() -> None:
    assert saved_a_day(9600, {System.CHAT: 1.0}, RULES) == 0
    assert saved_a_day(9600, {System.CRM: 2.0}, RULES) == 2 * (9600 - 96)


@given(st.floats(0, 1e6), st.floats(0, 20))
def test_batches_never_cost_more_calls(a_day: float, each: float) -> None:
    assert 0 <= saved_a_day(a_day, {System.CRM: each}, RULES) <= round(a_day * each) + 1


@pytest.mark.parametrize(
    ("pattern", "instead", "field", "why"),
    [
        (r"a day: 86400", "a week: 604800", "freshness", "lacks a day, which the catalog has"),
        (r"currency: EUR", "currency: USD", "waiting_a_day", "is not the currency of what waits"),
        (r"  billing: .*\n", "", "writes", "lack billing, which the catalog has"),
        (r"vendor: stripe", "vendor: paypal", "writes.billing.operation", "is under no limit"),
        (r"POST chat.postMessage", "GET nothing", "writes.chat.operation", "is under no limit"),
        (r"at_least: 30", "at_least: 0", "at_least", "greater than or equal to 1"),
        (r"  crm: \{", "  fax: {", "writes.fax", "Input should be"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_place(tmp_path: Path, pattern: str, instead: str, field: str, why: str) -> None:
    text, times = re.subn(pattern, instead, (OWN / "advice.yaml").read_text(), count=1)
    assert times == 1
    path = tmp_path / "advice.yaml"
    path.write_text(text)
    with pytest.raises(FileError, match=r"advice\.yaml:\d+: ") as caught:
        load_advice_rules(path, catalog())
    assert f": {field}" in caught.value.text
    assert why in caught.value.text
