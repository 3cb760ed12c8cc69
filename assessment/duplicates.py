"""Finds rows that are one person, or one company written differently, and the fields in which they do not agree."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from assessment.names import quoted
from assessment.rules import COMPANIES, FieldRule, Rules

_DIGITS = "regexp_replace(phone, '[^0-9]', '', 'g')"
KEYS = {
    "email": "email_key",
    # Two numbers that both lack their country's code may be the same, too.
    "phone": f"coalesce(phone_key, CASE WHEN length({_DIGITS}) >= 6 THEN {_DIGITS} END)",
    "company": "company_key",
    "person": "person_key",
}
BETTER = "line - filled * 1000000000000"
"""By which the row to keep is chosen: the one that says most, of these the first."""
COMMONER = "first - rows * 1000000000000"
"""By which a company's spelling is chosen: the one in most rows, of these the first."""
IDENTITY = "lower(regexp_replace(company, '\\s+', ' ', 'g'))"
"""A company's name as contracts tell companies apart (`contracts.parties.Company.identity`)."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done about the duplicates of a cause: groups of rows, and things to mend, without and in conflict."""

    groups: int
    groups_in_conflict: int
    easy: int
    hard: int


def find_duplicates(
    db: DuckDBPyConnection, rules: Rules, fields: Mapping[str, FieldRule], there: Collection[str]
) -> Mapping[str, Work]:
    """Add to `findings` every row but the kept one of each group, and return the work by cause; a row costs once.

    `groups` keeps, for each group, how many rows it has, which one is kept, and the fields in conflict.
    """
    db.execute("CREATE TABLE groups (cause VARCHAR, keep BIGINT, size BIGINT, conflicts VARCHAR)")
    compared = {field: _compared(field) for field, rule in fields.items() if rule.compared and field in there}
    work: dict[str, Work] = {}
    for cause, same in rules.duplicates.items():
        if set(same) <= set(there):
            _group(db, cause, [_key(field) for field in same], {f: one for f, one in compared.items() if f not in same})
            _find(db, rules, cause, same)
            work[cause] = _work(db, cause, list(work))
    if "company" in there:
        company = {field: one for field, one in compared.items() if fields[field].of == "company" and field != "company"}
        find = _find_spellings if {"email", "person"} & set(there) else _find_companies
        work[COMPANIES] = find(db, rules, company)
    return work


def _key(field: str) -> str:
    return KEYS.get(field, f'lower("{field}")')


def _compared(field: str) -> str:
    return f'coalesce({KEYS[field]}, lower("{field}"))' if field in KEYS else f'lower("{field}")'


def _group(db: DuckDBPyConnection, cause: str, keys: Sequence[str], compared: Mapping[str, str]) -> None:
    """Make the table of a cause: for each row of a group its row to keep and the group's conflicts."""
    given = " AND ".join(f"{key} IS NOT NULL" for key in keys)
    named = ", ".join(f"{key} AS key{n}" for n, key in enumerate(keys))
    numbers = ", ".join(f"key{n}" for n in range(len(keys)))
    db.execute(
        f"""
        CREATE OR REPLACE TABLE members AS SELECT * FROM (SELECT *, {named} FROM records WHERE {given})
        SEMI JOIN (SELECT {named} FROM records WHERE {given} GROUP BY {numbers} HAVING count(*) > 1) AS several USING ({numbers})
        """
    )
    db.execute(
        f"""
        CREATE OR REPLACE TABLE found AS SELECT {numbers}, {_conflicts(compared)} AS conflicts, count(*) AS size,
            arg_min(line, {BETTER}) AS keep
        FROM members GROUP BY {numbers}
        """
    )
    db.execute(f"INSERT INTO groups SELECT {quoted(cause)}, keep, size, conflicts FROM found")
    db.execute(
        f"""
        CREATE OR REPLACE TABLE doubled AS
        SELECT line, keep, conflicts FROM members JOIN found USING ({numbers}) WHERE line <> keep
        """
    )


def _conflicts(compared: Mapping[str, str]) -> str:
    """Return an expression for the fields, with spaces between, of which a group has more than one value."""
    cases = [f"CASE WHEN min({one}) <> max({one}) THEN {quoted(field)} END" for field, one in compared.items()]
    return f"concat_ws(' ', {', '.join(cases)})" if cases else "''"


def _find(db: DuckDBPyConnection, rules: Rules, cause: str, same: Sequence[str]) -> None:
    rule = rules.causes[cause]
    hard = rule.in_conflict.action if rule.in_conflict else rule.action
    db.execute(
        f"""
        INSERT INTO findings SELECT line, {quoted(cause)}, {quoted(same[0])}, {quoted(rule.title)}, keep, conflicts,
            CASE WHEN conflicts = '' THEN {quoted(rule.action)} ELSE {quoted(hard)} END
        FROM doubled
        """
    )


def _work(db: DuckDBPyConnection, cause: str, before: Sequence[str]) -> Work:
    """Count the work that no cause before has counted."""
    earlier = ", ".join(quoted(one) for one in before) or "''"
    done = f"SELECT line FROM findings WHERE cause IN ({earlier})"
    return _counted(db, cause, f"SELECT conflicts FROM doubled WHERE line NOT IN ({done})")


def _counted(db: DuckDBPyConnection, cause: str, things: str) -> Work:
    parts = "count(*) FILTER (conflicts = ''), count(*) FILTER (conflicts <> '')"
    easy, hard = db.execute(f"SELECT {parts} FROM ({things})").fetchone() or (0, 0)
    alike, differ = db.execute(f"SELECT {parts} FROM groups WHERE cause = ?", [cause]).fetchone() or (0, 0)
    return Work(alike + differ, differ, easy, hard)


def _find_companies(db: DuckDBPyConnection, rules: Rules, compared: Mapping[str, str]) -> Work:
    """In a table of companies, every row but one of each company is a duplicate."""
    _group(db, COMPANIES, ["company_key"], compared)
    _find(db, rules, COMPANIES, ["company"])
    return _work(db, COMPANIES, [])


def _find_spellings(db: DuckDBPyConnection, rules: Rules, compared: Mapping[str, str]) -> Work:
    """In a table of people, the rows that write their company otherwise than most rows of that company do."""
    db.execute(
        f"""
        CREATE OR REPLACE TABLE spellings AS SELECT company_key, {IDENTITY} AS spelling, count(*) AS rows, min(line) AS first
        FROM records WHERE company_key IS NOT NULL GROUP BY company_key, spelling
        QUALIFY count(*) OVER (PARTITION BY company_key) > 1
        """
    )
    db.execute(
        f"""
        CREATE OR REPLACE TABLE found AS
        SELECT company_key, {_conflicts(compared)} AS conflicts, count(*) AS size,
            any_value(best) AS best, any_value(keep) AS keep
        FROM records JOIN (
            SELECT company_key, arg_min(spelling, {COMMONER}) AS best, arg_min(first, {COMMONER}) AS keep
            FROM spellings GROUP BY company_key
        ) USING (company_key) GROUP BY company_key
        """
    )
    db.execute(f"INSERT INTO groups SELECT {quoted(COMPANIES)}, keep, size, conflicts FROM found")
    db.execute(
        f"""
        CREATE OR REPLACE TABLE doubled AS
        SELECT line, keep, conflicts FROM records JOIN found USING (company_key) WHERE {IDENTITY} <> best
        """
    )
    _find(db, rules, COMPANIES, ["company"])
    things = "SELECT conflicts FROM spellings JOIN found USING (company_key) WHERE spelling <> best"
    return _counted(db, COMPANIES, things)
