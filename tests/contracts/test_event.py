"""Events fit a released contract, or their error names field and rule and never a value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.catalog import catalog
from contracts.errors import ContractError
from contracts.event import CONTRACTS, Envelope, newest, parse
from contracts.lead import LeadQualifiedV1
from contracts.opportunity import OpportunityCreatedV1
from tests.world import SAMPLES, lead, sample

RELEASED = sorted(SAMPLES.glob("*/*/*.json"))
MARKER = "zxqmarker"


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_every_released_sample_loads(path: Path) -> None:
    name, version = path.parts[-3], int(path.parts[-2])
    data = json.loads(path.read_text())
    loaded = parse(f"{name}/{version}", data, event_type=name)
    assert type(loaded) is CONTRACTS[name][version]
    again = parse(f"{name}/{version}", json.loads(loaded.model_dump_json(exclude_none=True)), event_type=name)
    assert again == loaded


def test_every_released_version_has_a_sample() -> None:
    released = {(name, version) for name, versions in CONTRACTS.items() for version in versions}
    assert {(path.parts[-3], int(path.parts[-2])) for path in RELEASED} == released


def test_the_catalog_and_the_contracts_name_the_same_events() -> None:
    assert set(catalog().entries) == set(CONTRACTS)


def test_a_loaded_event_cannot_be_changed() -> None:
    loaded = parse("lead.qualified/1", sample("lead.qualified", "website"), event_type="lead.qualified")
    with pytest.raises(ValidationError):
        loaded.owner = "somebody-else"  # type: ignore[attr-defined]


def test_people_and_companies_are_recognised_however_they_are_written() -> None:
    loaded = parse("lead.qualified/1", sample("lead.qualified", "smallest"), event_type="lead.qualified")
    assert isinstance(loaded, LeadQualifiedV1)
    assert loaded.company
    assert loaded.company.identity == "kleinbetrieb.example"
    imported = parse("opportunity.created/1", sample("opportunity.created", "import"), event_type="opportunity.created")
    assert isinstance(imported, OpportunityCreatedV1)
    assert imported.account
    assert imported.account.identity == "acme corporation"


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"person": None}, "person", "missing"),
        ({"company": None}, "company", "missing"),
        ({"company": {"name": "Northwind GmbH"}}, "company.domain", "missing"),
        ({"owner": None}, "owner", "missing"),
        ({"owner": "two words"}, "owner", "string_pattern_mismatch"),
        ({"person": {"name": "Ada", "email": "nobody"}}, "person.email", "email"),
        ({"person": {"name": "Ada", "email": None}}, "person.email", "string_type"),
        ({"person": {"name": "", "email": "a@b.example"}}, "person.name", "string_too_short"),
        ({"person": {"name": "Ada", "email": "a@b.example", "phone": "030"}}, "person.phone", "phone"),
        ({"amount": {"minor": -1, "currency": "EUR"}}, "amount.minor", "greater_than_equal"),
        ({"amount": {"minor": 1.5, "currency": "EUR"}}, "amount.minor", "int_type"),
        ({"amount": {"minor": 1, "currency": "ZZZ"}}, "amount.currency", "currency"),
        ({"service": "miracles"}, "service", "enum"),
        ({"confidence": 1.5}, "confidence", "less_than_equal"),
        ({"confidence": None}, "confidence", "float_type"),
        ({"fax": "1"}, "fax", "extra_forbidden"),
        ({"Ada Byron <ada@northwind.example>": "1"}, "?", "extra_forbidden"),
    ],
)
def test_what_does_not_fit_is_named_by_field_and_rule(change: dict[str, Any], field: str, rule: str) -> None:
    with pytest.raises(ContractError) as caught:
        parse("lead.qualified/1", sample("lead.qualified", "website") | change, event_type="lead.qualified")
    assert (caught.value.field, caught.value.rule) == (field, rule)
    assert caught.value.text.startswith(f"{field}: ")


@pytest.mark.parametrize("data", [None, [], "text", 7])
def test_data_that_is_no_object_is_named_as_such(data: Any) -> None:
    with pytest.raises(ContractError) as caught:
        parse("lead.qualified/1", data, event_type="lead.qualified")
    assert caught.value.field == "data"


@pytest.mark.parametrize(
    "contract", ["lead.qualified/9", "lead.qualified/", "lead.qualified", "opportunity.created/1", "/1", "x/²"]
)
def test_an_unknown_contract_version_is_named_as_such(contract: str) -> None:
    with pytest.raises(ContractError) as caught:
        parse(contract, sample("lead.qualified", "website"), event_type="lead.qualified")
    assert (caught.value.field, caught.value.rule) == ("dataschema", "unknown")


def test_an_unknown_event_is_named_as_such() -> None:
    with pytest.raises(ContractError) as caught:
        parse("lead.lost/1", {}, event_type="lead.lost")
    assert caught.value.field == "type"


FIELDS = st.sampled_from(["company", "person", "owner", "amount", "service", "confidence", "contact_id"])
WRONG: st.SearchStrategy[Any] = st.recursive(
    st.text(max_size=20).map(lambda text: f"{MARKER} {text} {MARKER}"),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["name", "email", "phone", "domain", "minor", "currency", f"{MARKER} key"]), inner),
    ),
    max_leaves=6,
)


@given(st.dictionaries(FIELDS, WRONG, min_size=1))
def test_no_error_ever_repeats_what_was_sent(wrong: dict[str, Any]) -> None:
    with pytest.raises(ContractError) as caught:
        parse("lead.qualified/1", sample("lead.qualified", "website") | {"service": MARKER} | wrong, event_type="lead.qualified")
    assert MARKER not in f"{caught.value} {caught.value.field} {caught.value.rule} {caught.value.cause}"


def test_an_event_without_a_schema_claims_the_newest_version() -> None:
    envelope = Envelope.model_validate({**lead(), "dataschema": None})
    assert envelope.contract == f"lead.qualified/{newest('lead.qualified')}"


@pytest.mark.parametrize(
    "change",
    [{"specversion": "0.3"}, {"id": ""}, {"source": None}, {"type": 7}, {"time": "2026-11-21T09:30:00"}, {"time": "soon"}],
)
def test_an_envelope_must_be_a_cloud_event(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Envelope.model_validate(lead() | change)
