"""What SQL says of addresses, numbers and names is what the contracts' own types say: the quick way changes no verdict."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from cleanco import basename
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessment import emails, phones
from assessment.defects import suggestions
from assessment.names import company_sql, legal_forms_sql
from assessment.records import make_records
from assessment.rules import fields, load_rules, rules
from contracts.files import FileError

CODES = sorted({one.digits[: one.size] for one in phones.prefixes()})
PHONES = st.builds(
    lambda code, digits, sign: "+" + code + "".join(f"{sign if n in (2, 5) else ''}{digit}" for n, digit in enumerate(digits)),
    st.sampled_from([*CODES, "999", "210", "0"]),
    st.text("0123456789", min_size=1, max_size=18),
    st.sampled_from(["", " ", "-", ".", " (", ") "]),
)
ATOMS = st.text("abcXYZ09.-_+'@ ä\"", min_size=0, max_size=12)
EMAILS = st.builds(
    lambda local, host, top: f"{local}@{host}.{top}",
    ATOMS,
    ATOMS,
    st.sampled_from(["example", "de", "test", "local", "c0m", "x", "ARPA"]),
)


def keys(field: str, values: list[str]) -> dict[str, str | None]:
    """The key that each value is given."""
    with duckdb.connect() as db:
        db.execute(f"CREATE TABLE source (line BIGINT, {field} VARCHAR)")
        db.execute("INSERT INTO source SELECT unnest(range(?)), unnest(?)", [len(values), values])
        make_records(db, rules(), dict(fields()))
        return dict(db.execute(f"SELECT {field}, {field}_key FROM records").fetchall())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(PHONES, min_size=200, max_size=200))
def test_a_phone_number_is_judged_as_contracts_judge_it(values: list[str]) -> None:
    assert keys("phone", values) == {value: phones.parsed(value) for value in values}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(EMAILS, min_size=100, max_size=100))
def test_an_address_is_judged_as_contracts_judge_it(values: list[str]) -> None:
    assert keys("email", values) == {value: emails.parsed(value) for value in values}


def test_every_country_has_numbers_that_are_judged_without_being_asked_about() -> None:
    """Every length of every country, behind each digit: where the trunk prefixes are looked for."""
    values = [
        f"+{code}{first}{'23456789012345678'[: size - 1]}" for code in CODES for first in "0123456789" for size in range(1, 18)
    ]
    assert keys("phone", values) == {value: phones.parsed(value) for value in values}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Northwind GmbH", "NORTHWIND G.m.b.H."),
        ("Müller & Söhne GmbH & Co. KG", "Muller and Sohne"),
        ("Acme, Inc.", "Acme Limited"),
        ("L'Oréal S.A.", "l oreal"),
        ("Große Straße AG", "Grosse Strasse"),
    ],
)
def test_a_company_is_known_without_its_legal_form(one: str, other: str) -> None:
    known = keys("company", [one, other])
    assert known[one] == known[other] is not None


def test_a_name_of_nothing_but_a_legal_form_keeps_it_and_two_names_stay_two() -> None:
    known = keys("company", ["GmbH", "Northwind", "Northwest GmbH", "---x---"])
    assert known == {"GmbH": "gmbh", "Northwind": "northwind", "Northwest GmbH": "northwest", "---x---": "x"}


def test_the_legal_forms_are_those_of_cleanco() -> None:
    with duckdb.connect() as db:
        forms = [form for (form,) in db.execute(legal_forms_sql()).fetchall()]
        names = [f"Northwind {form}" for form in ("GmbH", "Ltd", "S.A.", "AB", "Oy", "s.r.o.", "B.V.", "Pty Ltd", "Inc", "LLC")]
        ours = db.execute(f"SELECT name, {company_sql('name', forms)} FROM (SELECT unnest(?) AS name)", [names]).fetchall()
    assert dict(ours) == {name: basename(name).lower() for name in names}


def test_a_wrong_word_is_given_the_right_one_that_is_like_it() -> None:
    assert suggestions(["Implementation", "suport", "xyz"], ["implementation", "support"]) == {
        "Implementation": "implementation",
        "suport": "support",
    }


def test_every_cause_has_a_price_with_its_source_and_every_field_is_known() -> None:
    assert all(cause.source for cause in rules().causes.values())
    assert {"email", "phone", "company", "person"} <= set(fields())


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("required: [person, email, company]", "required: [person, mail]", "required.1: mail is no field in fields.yaml"),
        ("duplicate_phone: [phone]", "duplicate_fax: [phone]", "`duplicate_fax` is missing in causes"),
        ("from: service", "from: weather", "vocabularies.service.from: Input should be"),
        ("share: 0.4", "share: -1", "reserve.share: Input should be greater"),
    ],
)
def test_rules_that_do_not_fit_are_refused_with_file_and_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = (Path("assessment") / "rules.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "rules.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(FileError, match=r"rules\.yaml:\d+: ") as raised:
        load_rules(tmp_path / "rules.yaml")
    assert says in raised.value.text
