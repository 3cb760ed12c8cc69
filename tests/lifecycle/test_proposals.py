"""A proposal is what we know that is nearest to what was written, and never something that the contract would refuse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.autonomy import Stop, autonomy
from contracts.domains import misspelt
from contracts.event import misfits
from lifecycle.confidence import confidence
from lifecycle.proposals import PROPOSERS, Account, Known, Proposal, Stopped, propose, put
from tests.world import lead

ACCOUNTS = [Account("Northwind Traders Ltd", "northwind.example", 2), Account("Contoso AG", "contoso.example", 100)]
CASES = [(name, stop) for name, action in autonomy().actions.items() for stop in action.stops]


def stop_of(action: str, number: int = 0) -> Stop:
    return autonomy().actions[action].stops[number]


def stopped(**changes: Any) -> Stopped:
    data: dict[str, Any] = lead(**changes)["data"]
    return Stopped("lead.qualified", "lead.qualified/1", data, 0)


def sure(proposal: Proposal) -> float:
    assert proposal.grounds
    return confidence(proposal.grounds.parts(autonomy().half_life_days), autonomy().weights)


@pytest.mark.parametrize(
    ("written", "word", "at_least", "below"),
    [
        ("consulting", "advisory", 1.0, 1.01),
        ("Managed_Services", "managed", 1.0, 1.01),
        ("Implementaton", "implementation", 0.6, 0.92),
        ("trainig", "training", 0.6, 0.92),
        ("zebra", "managed", 0.0, 0.6),
    ],
)
def test_a_word_is_the_nearest_one_of_the_vocabulary(written: str, word: str, at_least: float, below: float) -> None:
    found = propose("correct_vocabulary", stop_of("correct_vocabulary"), stopped(service=written), Known())
    assert found.was == written
    assert at_least <= sure(found) < below
    if at_least:
        assert found.value == word


def test_what_a_person_has_accepted_before_is_surer() -> None:
    stop, event = stop_of("correct_vocabulary"), stopped(service="Implementaton")
    before = propose("correct_vocabulary", stop, event, Known())
    after = propose("correct_vocabulary", stop, event, Known(accepted={("implementaton", "implementation")}))
    assert sure(before) < 0.92 <= sure(after)


@pytest.mark.parametrize(("written", "code"), [("Euro", "EUR"), ("€", "EUR"), ("eur", "EUR"), ("dollars", "USD")])
def test_a_currency_is_known_by_what_people_call_it(written: str, code: str) -> None:
    event = stopped(amount={"minor": 1, "currency": written})
    assert propose("correct_vocabulary", stop_of("correct_vocabulary", 2), event, Known()).value == code


def test_a_currency_that_the_contract_would_refuse_is_not_proposed() -> None:
    event = stopped(amount={"minor": 1, "currency": "sek"})
    assert propose("correct_vocabulary", stop_of("correct_vocabulary", 2), event, Known()).value is None


@pytest.mark.parametrize(
    ("address", "mended"),
    [
        ("ada@northwnid.example", "ada@northwind.example"),
        ("ada@northwind", "ada@northwind.example"),
        ("ada@northwind,example", "ada@northwind.example"),
        ("ada@gmial.com", "ada@gmail.com"),
    ],
)
def test_an_address_is_mended_to_the_nearest_domain(address: str, mended: str) -> None:
    event = stopped(person={"name": "Ada Byron", "email": address})
    assert propose("correct_email", stop_of("correct_email"), event, Known()).value == mended


@pytest.mark.parametrize(
    ("domain", "slip_of"),
    [
        ("gmial.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("northwnid.example", "northwind.example"),
        ("northwind.example", None),
        ("gmail.com", None),
        ("mail.com", None),
        ("five.com", None),
        ("northwind.de", None),
        ("mail.northwind.example", None),
        ("contoso.example", None),
    ],
)
def test_a_slip_is_a_name_that_differs_in_a_letter_or_two(domain: str, slip_of: str | None) -> None:
    assert misspelt(domain, "northwind.example") == slip_of


@pytest.mark.parametrize(
    ("name", "email", "domain"),
    [
        ("Northwind Traders GmbH", "ada@gmail.com", "northwind.example"),
        ("Northwnd Traders", "ada@northwind.example", "northwind.example"),
        ("Tailspin Toys", "ada@tailspintoys.example", "tailspintoys.example"),
    ],
)
def test_a_company_is_found_among_accounts_or_by_the_persons_address(name: str, email: str, domain: str) -> None:
    event = stopped(company={"name": name}, person={"name": "Ada Byron", "email": email})
    found = propose("match_company", stop_of("match_company"), event, Known(ACCOUNTS))
    assert found.value == domain
    assert sure(found) >= 0.6


def test_a_company_that_nobody_knows_is_not_found() -> None:
    event = stopped(company={"name": "Fabrikam"}, person={"name": "Ada Byron", "email": "ada@gmail.com"})
    assert propose("match_company", stop_of("match_company"), event, Known()).value is None
    assert sure(propose("match_company", stop_of("match_company"), event, Known(ACCOUNTS))) < 0.6


def test_what_else_does_not_fit_makes_less_sure() -> None:
    stop = stop_of("correct_vocabulary")
    whole, other = stopped(service="consulting"), stopped(service="consulting", owner=None)
    assert sure(propose("correct_vocabulary", stop, other, Known())) < sure(propose("correct_vocabulary", stop, whole, Known()))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
texts = st.text(max_size=30) | values


@pytest.mark.parametrize(("action", "stop"), CASES)
@given(service=texts, currency=texts, name=texts, domain=texts, email=texts, whole=st.booleans(), other=values)
def test_whatever_an_event_holds_what_is_proposed_fits_its_contract(
    action: str, stop: Stop, service: Any, currency: Any, name: Any, domain: Any, email: Any, whole: bool, other: Any
) -> None:
    nested = {
        "amount": {"minor": 1, "currency": currency},
        "company": {"name": name, "domain": domain},
        "person": {"email": email},
    }
    event = Stopped(
        "lead.qualified",
        "lead.qualified/1",
        {"service": service, "stage": service, **(nested if whole else {"company": other})},
        1,
    )
    found = propose(action, stop, event, Known(ACCOUNTS))
    if found.value is not None:
        data = put(event.data, stop.field, found.value)
        assert stop.field not in dict(misfits(event.contract, data, event_type=event.event_type))
        assert 0 <= sure(found) <= 1


def test_every_action_that_can_mend_has_a_way_to_propose() -> None:
    assert {name for name, _ in CASES} == set(PROPOSERS)
