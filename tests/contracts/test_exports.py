"""What is exported is what the standards say, by their own schemas, and says the same as the contracts do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from contracts.catalog import catalog
from contracts.event import CONTRACTS
from contracts.exports import Standard, asyncapi, export
from contracts.released import names
from tests.world import SAMPLES

STANDARDS = Path(__file__).parent / "standards"
VERSIONS = [f"{event}-{version}" for event, versions in CONTRACTS.items() for version in versions]


def faults(standard: str, document: Any) -> list[str]:
    schema = json.loads((STANDARDS / f"{standard}.json").read_text())
    return [error.message for error in jsonschema.validators.validator_for(schema)(schema).iter_errors(document)]


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == "$ref")
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def at(document: Any, reference: str) -> Any:
    for part in reference.removeprefix("#/").split("/"):
        document = document[part]
    return document


def test_each_version_is_a_json_schema_that_takes_its_samples() -> None:
    documents = export(Standard.JSON_SCHEMA, catalog())
    assert sorted(documents) == sorted(f"{version}.schema.json" for version in VERSIONS)
    tried = 0
    for name, document in documents.items():
        jsonschema.Draft202012Validator.check_schema(document)
        event, _, version = name.removesuffix(".schema.json").rpartition("-")
        for sample in (SAMPLES / event / version).glob("*.json"):
            jsonschema.validate(json.loads(sample.read_text()), document)
            tried += 1
    assert tried >= len(VERSIONS)


def test_the_catalog_is_an_asyncapi_document_whose_references_lead_somewhere() -> None:
    document = asyncapi(catalog())
    assert faults("asyncapi-3.0.0", document) == []
    assert set(document["channels"]) == set(catalog().entries)
    assert {message["name"] for message in document["components"]["messages"].values()} == set(names())
    for reference in set(references(document)):
        assert at(document, reference), reference
    assert document["operations"]["receive.lead.qualified"]["x-owners"]["process"] == "sales-operations"


def test_the_check_by_the_standards_schema_can_fail() -> None:
    document = asyncapi(catalog())
    document["operations"]["receive.lead.qualified"]["action"] = "obey"
    assert faults("asyncapi-3.0.0", document)
    (first, *_) = export(Standard.ODCS, catalog()).values()
    assert faults("odcs-3.1.0", first | {"schema": [{"logicalType": "castle"}]})


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_is_an_open_data_contract_with_every_field(version: str) -> None:
    document = export(Standard.ODCS, catalog())[f"{version}.odcs.json"]
    assert faults("odcs-3.1.0", document) == []
    event, _, number = version.rpartition("-")
    kind = CONTRACTS[event][int(number)]
    (told,) = document["schema"]
    assert [one["name"] for one in told["properties"]] == list(kind.model_fields)
    assert {one["name"] for one in told["properties"] if one["required"]} == {
        name for name, field in kind.model_fields.items() if field.is_required()
    }


def test_rules_and_words_of_a_field_are_told() -> None:
    (told,) = export(Standard.ODCS, catalog())["lead.qualified-1.odcs.json"]["schema"]
    fields = {one["name"]: one for one in told["properties"]}
    assert fields["confidence"]["logicalTypeOptions"] == {"minimum": 0, "maximum": 1}
    amount = {one["name"]: one for one in fields["amount"]["properties"]}
    assert (amount["minor"]["logicalType"], amount["minor"]["required"]) == ("integer", True)


def test_an_older_version_is_told_as_deprecated_and_the_same_comes_out_twice() -> None:
    first, second = export(Standard.ODCS, catalog()), export(Standard.ODCS, catalog())
    assert json.dumps(first) == json.dumps(second)
    assert [first[f"lead.qualified-{version}.odcs.json"]["status"] for version in (1, 2)] == ["deprecated", "active"]
