"""When a system counts as down: silence counts at once, a fault only when more than one event meets it; a rate limit never."""

from __future__ import annotations

import pytest

from contracts.errors import MisconfiguredError, RefusedError, RetryableError, TowlineError, UncertainError
from lifecycle.circuits import (
    LONGEST_PAUSE,
    OPENS_AT,
    Circuit,
    Failure,
    after,
    failure_of,
    is_locked,
    needs,
    pause_after,
    reading,
    stopped_by,
)


def failing(*failures: Failure, others: bool = False) -> Circuit:
    circuit = Circuit()
    for failure in failures:
        circuit = after(circuit, failure, others=others)
    return circuit


def test_silence_opens_a_circuit_when_it_has_lasted_for_three_failures() -> None:
    silent = [Failure.SILENT] * OPENS_AT
    assert not failing(*silent[1:]).opens
    assert failing(*silent).opens


def test_a_fault_that_one_event_meets_again_and_again_says_nothing_of_the_system() -> None:
    assert not failing(*[Failure.FAULTY] * 9).opens
    assert failing(*[Failure.FAULTY] * OPENS_AT, others=True).opens
    assert failing(Failure.FAULTY, Failure.FAULTY, Failure.SILENT).opens


def test_credentials_that_are_not_taken_open_it_at_once() -> None:
    assert failing(Failure.LOCKED).opens


def test_a_path_that_could_not_read_after_all_its_attempts_opens_it_at_once() -> None:
    assert after(Circuit(), Failure.SILENT, times=5, others=False).opens


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (RetryableError("", cause="crm.unreachable"), Failure.SILENT),
        (RetryableError("", cause="crm.http_503.INTERNAL_ERROR"), Failure.SILENT),
        (RetryableError("", cause="crm.token.unreachable"), Failure.SILENT),
        (UncertainError("", cause="crm.no_answer"), Failure.SILENT),
        (UncertainError("", cause="crm.http_502"), Failure.SILENT),
        (UncertainError("", cause="crm.http_500"), Failure.FAULTY),
        (RetryableError("", cause="crm.http_429"), None),
        (RetryableError("", cause="crm.http_403.rateLimitExceeded"), None),
        (RetryableError("", cause="crm.http_423"), None),
        (RetryableError("", cause="docs.http_503"), None),
        (RetryableError("", cause="busy"), None),
        (UncertainError("", cause="crm.unseen_end"), None),
        (RefusedError("", cause="crm.http_404"), None),
        (MisconfiguredError("", cause="crm.http_401.EXPIRED_AUTHENTICATION"), Failure.LOCKED),
        (MisconfiguredError("", cause="crm.http_403.MISSING_SCOPES"), Failure.LOCKED),
        (MisconfiguredError("", cause="crm.token.invalid_grant"), Failure.LOCKED),
        (MisconfiguredError("", cause="crm.token_revoked"), Failure.LOCKED),
        (MisconfiguredError("", cause="crm.http_403"), None),
        (MisconfiguredError("", cause="crm.channel_not_found"), None),
    ],
)
def test_what_an_error_says_against_a_system(error: TowlineError, failure: Failure | None) -> None:
    assert failure_of(error, "crm") is failure


@pytest.mark.parametrize(
    ("cause", "expected"),
    [("crm.http_401", True), ("crm.token.invalid_grant", True), ("crm.token.http_500", False), ("crm.token.unreachable", False)],
)
def test_an_outage_that_is_ours_to_mend_is_told_apart(cause: str, expected: bool) -> None:
    assert is_locked(cause) is expected


def test_the_next_event_is_let_through_after_a_pause_that_grows_to_half_a_minute() -> None:
    assert [pause_after(probes) for probes in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert pause_after(10_000) == LONGEST_PAUSE


def test_a_step_that_fails_stops_the_paths_that_have_it_and_no_other() -> None:
    assert stopped_by("crm", "upsert_contact") == ["lead.qualified"]
    assert "lead.qualified" not in stopped_by("billing", "draft_invoice")
    assert stopped_by("crm", reading("payment.confirmed")) == ["payment.confirmed"]
    assert needs("payment.confirmed")[0] == ["chat", "crm"]
