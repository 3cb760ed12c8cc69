"""An offer gets what its service requires and what somebody asked for, and nothing that is not approved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from contracts.clauses import Approval, Clause, clauses, fingerprint
from contracts.lead import Service
from lifecycle.clauses import Selection, select


def clause(name: str, order: int, *services: Service, required: bool = True, approved: bool = True) -> Clause:
    text = f"The text of {name}."
    approval = Approval(by="head-of-sales", on=date(2026, 11, 2), sha256=fingerprint(text if approved else "Another text."))
    return Clause(id=name, version=1, title=name, order=order, services=services, required=required, approved=approval, body=text)


LIBRARY: Mapping[str, Clause] = {
    one.id: one
    for one in (
        clause("TERM", 9),
        clause("FEES", 5),
        clause("LESSONS", 1, Service.TRAINING),
        clause("UPTIME", 1, Service.MANAGED, Service.SUPPORT),
        clause("TRAVEL", 7, required=False),
        clause("VENUE", 8, Service.TRAINING, required=False),
        clause("DRAFTED", 6, required=False, approved=False),
    )
}


def ids(selection: Selection) -> list[str]:
    return [one.id for one in selection.clauses]


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        (None, ["FEES", "TERM"]),
        ("advisory", ["FEES", "TERM"]),
        ("training", ["LESSONS", "FEES", "TERM"]),
        ("support", ["UPTIME", "FEES", "TERM"]),
    ],
)
def test_an_offer_gets_the_required_clauses_that_fit_its_service_in_order(service: str | None, expected: list[str]) -> None:
    found = select(service, (), library=LIBRARY)
    assert (ids(found), found.unapproved) == (expected, ())


@pytest.mark.parametrize("wanted", [["TRAVEL"], ["travel"], ["TRAVEL", "FEES", "TRAVEL"]], ids=["extra", "small", "twice"])
def test_a_clause_that_is_asked_for_is_added_once_in_its_place(wanted: list[str]) -> None:
    assert ids(select("advisory", wanted, library=LIBRARY)) == ["FEES", "TRAVEL", "TERM"]


def test_a_clause_that_is_asked_for_is_added_whatever_its_service() -> None:
    assert ids(select("advisory", ["VENUE"], library=LIBRARY)) == ["FEES", "VENUE", "TERM"]


@pytest.mark.parametrize("name", ["DRAFTED", "drafted", "NOWHERE", ""])
def test_what_is_unknown_or_not_approved_comes_back_as_it_was_asked_for(name: str) -> None:
    found = select("advisory", ["TRAVEL", name], library=LIBRARY)
    assert (ids(found), found.unapproved) == (["FEES", "TRAVEL", "TERM"], (name,))


@pytest.mark.parametrize(("service", "missed"), [("training", ("LESSONS",)), ("advisory", ())])
def test_a_required_clause_without_approval_comes_back_where_it_is_required(service: str, missed: tuple[str, ...]) -> None:
    library = {**LIBRARY, "LESSONS": clause("LESSONS", 1, Service.TRAINING, approved=False)}
    found = select(service, (), library=library)
    assert (ids(found), found.unapproved) == (["FEES", "TERM"], missed)


@pytest.mark.parametrize("service", [None, *Service])
def test_every_offer_of_the_house_gets_terms_and_all_are_approved(service: Service | None) -> None:
    found = select(service, ())
    scopes = [name for name in ids(found) if name.startswith("SCOPE-")]
    assert scopes == ([f"SCOPE-{service.upper()}"] if service else [])
    assert {"FEES", "CHANGE-CONTROL", "LIABILITY", "DATA-PROTECTION"} <= set(ids(found))
    assert found.unapproved == ()
    assert "TRAVEL" not in ids(found)
    assert "TRAVEL" in ids(select(service, ["TRAVEL"]))


def test_the_clauses_of_the_house_are_selected_in_the_librarys_order() -> None:
    found = ids(select(None, list(clauses())[::-1]))
    assert found == list(clauses())
