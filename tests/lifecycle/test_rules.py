"""A rule fires when its figures say so, says which, and is silent while there is nothing to decide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.catalog import catalog
from contracts.files import OWN, FileError
from contracts.rules import load_rules, rules
from lifecycle.rules import Ended, Figures, Fired, in_words, judge, paused

NOW = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)
ENTRIES = catalog().entries


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def figures(
    event: str = "lead.qualified", *, ended: Ended | None = None, done: float | None = 1, first: float | None = None
) -> Figures:
    """The figures of a path on which one was done, and the first one waits, so many minutes ago."""
    return Figures(
        event,
        [ended] if ended else [],
        NOW - minutes(done) if done is not None else None,
        12,
        NOW - minutes(first) if first is not None else None,
    )


def fired(*of: Figures) -> list[Fired]:
    return judge(rules(), ENTRIES, of, NOW)


LIMIT = "The limit: {} (contracts/rules.yaml, decision 0029)"


def ended(events: int, stopped: int, seconds: float = 900) -> Ended:
    return Ended(seconds, events, stopped, NOW - minutes(18) if stopped else None)


def test_an_error_rate_that_is_too_high_says_its_figures_and_what_a_rollback_would_touch() -> None:
    (one,) = fired(figures(ended=ended(312, 23)))
    assert (one.cause, one.owner) == ("rules/error_rate/lead", "sales-operations")
    assert one.reason(23, is_paused=False) == (
        "error rate of lead: 7.4 % of 312 events in 15 min, allowed 5 %; a rollback since 10:42 UTC would touch 23 deals: "
        "`towline rollback --since 2026-11-25T10:42:00Z`. "
        + LIMIT.format(
            "of what people send by hand one in fifty is wrong, so that one in twenty is a fault of ours or of a vendor"
        )
    )
    assert one.reason(0, is_paused=False).startswith(f"{one.why}. The limit: ")
    assert "; the path is paused until a person lets it go on: `towline resume --path lead`. " in one.reason(0, is_paused=True)


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_an_error_rate_fires_above_its_share_and_never_for_a_handful(events: int, stopped: int) -> None:
    rule, stopped = rules().error_rate, min(events, stopped)
    holds = bool(fired(figures(ended=ended(events, stopped))))
    assert holds == (events >= rule.at_least and stopped > rule.over * events)


def test_a_critical_path_is_down_when_events_wait_and_none_was_done_for_long() -> None:
    (one,) = fired(figures(done=95, first=31))
    assert one.cause == "rules/path_down/lead"
    assert one.why == (
        "lead is down: 12 of high criticality wait, the first for 31 min, and none was done for 1 h 35 min; allowed 30 min"
    )
    (never,) = fired(figures(done=None, first=40))
    assert "and none was ever done" in never.why


@pytest.mark.parametrize(
    "path",
    [
        figures(done=95, first=29),
        figures(done=29, first=31),
        figures(done=95, first=None),
        figures("opportunity.created", done=95, first=60),
    ],
    ids=["waits for a moment", "goes on", "nothing waits", "is not critical"],
)
def test_a_path_is_not_down_when_it(path: Figures) -> None:
    assert fired(path) == []


def test_a_path_that_somebody_has_paused_is_not_down() -> None:
    for switch in (("all", ""), ("path", "lead.qualified"), ("system", "crm")):
        stopped = paused(ENTRIES, [switch])
        assert judge(rules(), ENTRIES, [figures(done=95, first=31)], NOW, paused=stopped) == []
    assert paused(ENTRIES, [("path", "lead.qualified")]) == {"lead.qualified"}
    assert "lead.qualified" not in paused(ENTRIES, [("system", "billing")])


def test_what_waiting_costs_on_all_paths_together_is_said_with_what_costs_most() -> None:
    waits = [waiting("lead.qualified", 1900), waiting("opportunity.created", 260), waiting("deal.cancelled", 0)]
    (one,) = fired(*waits)
    assert (one.cause, one.owner, one.event) == ("rules/cost_rate/all", "integration", "lead.qualified")
    assert one.reason(0, is_paused=False) == (
        "what waits costs EUR 10,020.00 an hour, allowed EUR 10,000.00: 1900 of lead, 260 of discovery. "
        + LIMIT.format("above that a night's waiting costs more than somebody who is woken")
    )
    assert fired(*waits[:1]) == []


def waiting(event: str, number: int) -> Figures:
    return Figures(event, [], NOW, number, None)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            "cost_rate: {over_an_hour: {minor: 5, currency: USD}, owner: integration, why: a good reason, decision: 29}",
            "cost_rate.over_an_hour: is not the currency",
        ),
        (
            "cost_rate: {over_an_hour: {minor: 5, currency: EUR}, owner: nobody, why: a good reason, decision: 29}",
            "cost_rate.owner: is nobody",
        ),
        (
            "cost_rate: {over_an_hour: {minor: 5, currency: EUR}, why: a good reason, decision: 29}",
            "cost_rate.owner: Field required",
        ),
    ],
)
def test_a_rule_that_does_not_fit_the_catalog_is_refused_with_its_line(tmp_path: Path, rule: str, said: str) -> None:
    before = (OWN / "rules.yaml").read_text(encoding="utf-8").partition("cost_rate:")[0]
    file = tmp_path / "rules.yaml"
    file.write_text(f"{before}{rule}", encoding="utf-8")
    with pytest.raises(FileError, match=rf"rules\.yaml:{before.count(chr(10)) + 1}: {said}"):
        load_rules(file, catalog())


@pytest.mark.parametrize(("seconds", "words"), [(45, "45 s"), (900, "15 min"), (11_400, "3 h 10 min")])
def test_a_time_in_words(seconds: float, words: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == words


def test_a_spike_is_seen_within_a_minute() -> None:
    from deployments.watch import PAUSE

    assert min(rules().error_rate.within_minutes) * 60 + PAUSE <= 60
