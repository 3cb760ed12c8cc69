"""What may be done without a person fits together, or is refused by file, line and field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contracts.autonomy import Level, Risk, autonomy, load_autonomy
from contracts.catalog import catalog
from contracts.files import OWN, FileError
from lifecycle.proposals import PROPOSERS


def test_the_houses_own_actions_fit_together() -> None:
    actions = autonomy().actions
    assert {name for name, action in actions.items() if action.stops} == set(PROPOSERS)


@pytest.mark.parametrize("name", ["approve_pricing", "commit_contract", "critical_sla_exception"])
def test_what_binds_the_company_stays_with_a_person(name: str) -> None:
    action = autonomy().actions[name]
    assert (action.risk, action.ceiling) == (Risk.HIGH, Level.SUGGESTED)


@pytest.mark.parametrize(
    ("cause", "action"),
    [
        ("contract/lead.qualified/service/enum", "correct_vocabulary"),
        ("contract/lead.qualified/amount.currency/string_pattern_mismatch", "correct_vocabulary"),
        ("contract/lead.qualified/person.email/email", "correct_email"),
        ("gate/lead/contact_email_is_spelt_right", "correct_email"),
        ("contract/lead.qualified/company.domain/missing", "match_company"),
        ("contract/lead.qualified/person.phone/phone", None),
        ("lead/open_deal/crm.http_400", None),
    ],
)
def test_a_cause_leads_to_the_action_that_can_mend_it(cause: str, action: str | None) -> None:
    found = autonomy().mendable(cause)
    assert (found.action if found else None) == action


@pytest.mark.parametrize(
    ("pattern", "instead", "field", "why"),
    [
        (r"match: 0.5,", "match: 0.6,", "weights", "do not add up to 1"),
        (r"match: 0.5,", "match: 0,", "weights.match", "greater than 0"),
        (r"owner: sales-operations", "owner: nobody", "actions.correct_vocabulary.owner", "is nobody in owners.yaml"),
        (r"risk: low", "risk: none", "actions.correct_vocabulary.risk", "Input should be"),
        (r"risk: low", "risk: medium", "actions.correct_vocabulary.ceiling", "what is of medium risk is never done alone"),
        (
            r"begins: suggested\n    ceiling: alone",
            "begins: alone\n    ceiling: hand",
            "actions.correct_vocabulary.begins",
            "above",
        ),
        (r"low: 0.6", "low: 0.95", "actions.correct_vocabulary.low", "is not below high"),
        (r"weeks: 4,", "weeks: 0,", "actions.correct_vocabulary.evidence.weeks", "greater than or equal to 1"),
        (r"vocabulary: service", "vocabulary: fruit", "actions.correct_vocabulary.stops.0.vocabulary", "is not a vocabulary"),
        (r'"contract/\*/person', '"lead/*/person', "actions.correct_email.stops.0.cause", "should match pattern"),
        (
            r"gate/lead/domain_is_the_companys_own\*",
            "contract/*/person.email/email",
            "actions.match_company.stops.1.cause",
            "already",
        ),
        (r"high: 0.92", "high: 1.2", "actions.correct_vocabulary.high", "less than or equal to 1"),
        (r"high: 0.92", "highest: 1", "actions.correct_vocabulary.high", "required"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_place(tmp_path: Path, pattern: str, instead: str, field: str, why: str) -> None:
    text, times = re.subn(pattern, instead, (OWN / "autonomy.yaml").read_text(), count=1)
    assert times == 1
    path = tmp_path / "autonomy.yaml"
    path.write_text(text)
    with pytest.raises(FileError, match=r"autonomy\.yaml:\d+: ") as caught:
        load_autonomy(path, catalog().owners)
    assert f": {field}: " in caught.value.text
    assert why in caught.value.text
