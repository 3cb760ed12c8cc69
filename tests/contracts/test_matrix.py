"""The mapping matrix and its vocabularies are data: what is wrong in them is said with file, line and reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contracts.errors import RefusedError
from contracts.files import OWN, FileError
from contracts.lead import Service
from contracts.matrix import load_matrix, matrix
from contracts.opportunity import SalesStage
from contracts.vocabulary import load_vocabularies, vocabularies


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ("      name: {theirs: name,", "      nom: {theirs: name,", 13, "entities.company.fields.nom: is not a field of company"),
        ("theirs: domain,", "theirs: name,", 14, "has the vendor's field of name again"),
        ("as: digits,", "as: figures,", 17, "there is no conversion 'figures'; known are as-it-is, number"),
        ("vocabulary: sector,", "vocabulary: sektor,", 15, "there is no vocabulary 'sektor'; known are country, currency"),
        (
            "types: [integer, string], as: digits",
            "types: [money, string], as: digits",
            17,
            "digits makes string of integer, not string of",
        ),
        ("theirs: [firstname, lastname]", "theirs: firstname", 22, "first-and-last-name needs 2 of the vendor's fields"),
        (
            "theirs: domain, types: [text, string]",
            "theirs: domain, types: [integer, string]",
            14,
            "is text or word with us|is key or text",
        ),
        ("as: vocabulary, vocabulary: country, ", "as: vocabulary, ", 16, "needs `as: vocabulary` and the name of one"),
        ("  contact:\n", "  person:\n", 18, "entities.person: is not a kind of record; known are company"),
        (
            "nulls: left out, direction: both}\n      sector",
            "nulls: never, direction: both}\n      sector",
            14,
            "Input should be",
        ),
        ("system: crm", "system: erp", 4, "system: Input should be"),
        ("vendor: hubspot", "vendor: hubspots", 3, "is not the name of the file, hubspot"),
        ("    object: companies\n", "    object: companies\n    object: firms\n", 10, "found duplicate key"),
        ("    object: companies\n", "\tobject: companies\n", 9, "found character"),
        ("      employees: ", "      name: ", 17, "found duplicate key"),
    ],
    ids=lambda part: part.strip()[:24] if isinstance(part, str) else str(part),
)
def test_a_mapping_that_is_wrong_names_file_line_and_reason(tmp_path: Path, old: str, new: str, line: int, why: str) -> None:
    text = (OWN / "mappings" / "hubspot.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "hubspot.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(FileError) as raised:
        load_matrix(tmp_path, vocabularies())
    place, _, said = raised.value.text.partition(": ")
    assert place == f"{path}:{line}"
    assert re.search(why.replace("(", r"\(").replace("[", r"\["), said), said


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ("closedlost", "closedwon", 13, "words.lost: 'closedwon' is a word for won already"),
        ("synonyms: [closed lost]", "synonyms: [Closed-Won]", 13, "'closed won' is a word for won already"),
        ("others: kept", "others: ignored", 5, "others: Input should be"),
        ("  lost:", "  won:", 13, "found duplicate key"),
        ("words:", "\twords:", 6, "found character"),
    ],
)
def test_a_vocabulary_that_is_wrong_names_file_line_and_reason(tmp_path: Path, old: str, new: str, line: int, why: str) -> None:
    text = (OWN / "vocabularies" / "stage.yaml").read_text(encoding="utf-8")
    path = tmp_path / "stage.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(FileError) as raised:
        load_vocabularies(tmp_path)
    assert raised.value.text.startswith(f"{path}:{line}: ")
    assert why in raised.value.text


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("sector", "Technolgy", "technology"),
        ("sector", "health-care", "medical"),
        ("sector", "falconry", None),
        ("country", "Philipines", "Philippines"),
        ("country", "USA", "United States"),
        ("country", "DE", "DE"),
        ("country", "kenya", "kenya"),
        ("country", "Atlantis", None),
        ("currency", "€", "EUR"),
        ("currency", "chf", "CHF"),
        ("currency", "XXQ", None),
        ("stage", "closed_won", "won"),
        ("service", "Managed Services", "managed"),
    ],
)
def test_people_s_words_collapse_to_one(name: str, text: str, word: str | None) -> None:
    assert vocabularies()[name].find(text) == word


def test_a_ticket_that_waits_is_open_and_an_open_one_is_written_in_one_way() -> None:
    request = matrix()["hubspot"]["request"]
    assert {stage: request.back({"hs_pipeline_stage": stage}, "stage")["stage"] for stage in "1234"} == {
        "1": "open",
        "2": "open",
        "3": "open",
        "4": "closed",
    }
    assert request.out(stage="open") == {"hs_pipeline_stage": "1"}


def test_a_required_field_that_is_not_there_is_said_by_name() -> None:
    with pytest.raises(RefusedError, match=r"^deals.name: is required: .* \(contracts/mappings/hubspot.yaml, decision 0036\)$"):
        matrix()["hubspot"]["deal"].out(name=None)


def test_vocabularies_agree_with_the_contracts() -> None:
    assert set(vocabularies()["service"].words) == set(Service)
    assert set(vocabularies()["sales_stage"].words) == set(SalesStage)
