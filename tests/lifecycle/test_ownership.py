"""Everything in the catalog has three owners; an owner without a person, one whose people left, and a claim are conflicts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.catalog import catalog
from contracts.errors import RefusedError
from lifecycle.ownership import Layer, Trouble, conflicts, places, require_claim

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def user(login: str, *owners: str, left: datetime | None = None) -> Any:
    return SimpleNamespace(login=login, owners=list(owners), disabled_at=left)


def claim(subject: str, layer: str, owner: str) -> Any:
    return SimpleNamespace(id=7, subject=subject, layer=layer, owner=owner, reason="we run it", opened_at=NOW)


EVERYBODY = [user("ada", *catalog().owners.owners)]


def test_every_event_operation_and_system_has_an_owner_in_each_layer() -> None:
    agreed = catalog()
    found = places(agreed)
    assert len(found) == len(agreed.entries) + len(agreed.operations) + len(agreed.systems.systems)
    known = set(agreed.owners.owners)
    assert [one.name for one in found if set(one.owners) != set(Layer) or not set(one.owners.values()) <= known] == []


def test_where_each_owner_has_a_person_and_nobody_claims_nothing_is_to_be_cleared_up() -> None:
    assert conflicts(catalog(), EVERYBODY, []) == []


def test_an_owner_whom_nobody_speaks_for_is_one_whose_people_left_is_another() -> None:
    """Given an owner whose two people left, one for whom one of two still speaks, and others, then they are told apart."""
    early = NOW - timedelta(days=3)
    people = [user("ada", "integration", left=early), user("bob", "integration", left=NOW)]
    people += [user("eve", "workplace", left=NOW), user("kim", "workplace")]
    found = {one.owner: (one.trouble, one.since) for one in conflicts(catalog(), people, [])}
    assert found.pop("integration") == (Trouble.LEFT, NOW)
    assert "workplace" not in found
    assert set(found.values()) == {(Trouble.NO_PERSON, None)}
    assert set(found) == set(catalog().owners.owners) - {"integration", "workplace"}


def test_who_speaks_for_nobody_of_the_file_is_one() -> None:
    (one,) = conflicts(catalog(), [*EVERYBODY, user("bob", "gone"), user("kim", "gone", left=NOW)], [])
    assert (one.trouble, one.says) == (Trouble.UNKNOWN, "bob speaks for gone, who is nobody in owners.yaml")


def test_a_claim_is_one_until_the_catalog_follows_it() -> None:
    agreed = catalog()
    (one,) = conflicts(agreed, EVERYBODY, [claim("lead.qualified", "process", "head-of-sales")])
    assert (one.trouble, one.number, one.since) == (Trouble.CLAIMED, 7, NOW)
    assert one.says == "head-of-sales claims to be the process owner of lead.qualified, which is sales-operations: we run it"
    entry = agreed["lead.qualified"].model_copy(update={"process_owner": "head-of-sales"})
    followed = replace(agreed, entries={**agreed.entries, "lead.qualified": entry})
    assert conflicts(followed, EVERYBODY, [claim("lead.qualified", "process", "head-of-sales")]) == []


def test_what_nobody_knows_since_when_comes_first_then_the_oldest() -> None:
    others = set(catalog().owners.owners) - {"integration", "workplace"}
    people = [user("ada", "integration", left=NOW - timedelta(days=3)), user("bob", *others)]
    found = conflicts(catalog(), people, [claim("crm", "process", "workplace")])
    assert [one.trouble for one in found] == [Trouble.NO_PERSON, Trouble.LEFT, Trouble.CLAIMED]


@pytest.mark.parametrize(
    ("subject", "by", "reason", "why"),
    [
        ("lead.qualified", "nobody", "r", "nobody is nobody in contracts/owners.yaml"),
        ("lead.qualifed", "head-of-sales", "r", "lead.qualifed is nothing in the catalog; known are"),
        ("lead.qualified", "sales-operations", "r", "is the process owner of lead.qualified already"),
        ("lead.qualified", "head-of-sales", " ", "a claim needs its reason"),
    ],
)
def test_a_claim_that_makes_no_sense_is_refused(subject: str, by: str, reason: str, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        require_claim(catalog(), subject, Layer.PROCESS, by, reason)
