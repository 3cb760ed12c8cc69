"""Makes `records` of `source`: clean cells, and the keys by which contacts are compared. It must not say what is wrong."""

from __future__ import annotations

from collections.abc import Callable

from duckdb import DuckDBPyConnection

from assessment import emails, phones
from assessment.names import company_sql, legal_forms_sql, name_sql, quoted
from assessment.rules import FieldRule, Rules

MANY = 10_000


def make_records(db: DuckDBPyConnection, rules: Rules, fields: dict[str, FieldRule]) -> None:
    """Make the table `records`: line, a column a field, keys (none where a value is invalid), how many cells say something."""
    there = {name for name, *_ in db.execute("DESCRIBE source").fetchall()}
    nothing = ", ".join(quoted(word.lower()) for word in ("", *rules.nothing))
    longest = max(map(len, rules.nothing), default=0)
    says = """CASE WHEN length("{0}") > {1} THEN "{0}" WHEN lower("{0}") IN ({2}) THEN NULL ELSE "{0}" END AS "{0}\""""
    cells = ", ".join(
        says.format(field, longest, nothing) if field in there else f'NULL::VARCHAR AS "{field}"' for field in fields
    )
    whole = "coalesce(person, nullif(trim(concat_ws(' ', first_name, last_name)), ''))"
    digits = "regexp_replace(phone, '[^0-9]', '', 'g')"
    db.execute(
        f"""
        CREATE TABLE cells AS
        SELECT cells.* REPLACE ({whole} AS person), size IS NULL OR NOT {phones.doubtful_sql("digits")} AS phone_sure,
            CASE WHEN (lengths >> (length(digits) - size)) & 1 = 1 THEN '+' || digits END AS phone_key
        FROM (
            SELECT *, CASE WHEN regexp_matches(phone, {quoted(phones.PLAIN)}) THEN {digits} END AS digits
            FROM (SELECT line, {cells} FROM source)
        ) AS cells LEFT JOIN {phones.prefixes_sql()} ON left(digits, 3) = start
        """
    )
    _ask(db, "email", emails.parsed, emails.sql("email")[1])
    _ask(db, "phone", phones.parsed, f"(digits IS NULL OR NOT phone_sure) AND regexp_matches(phone, {quoted(phones.PLUS)})")
    forms = [form for (form,) in db.execute(legal_forms_sql()).fetchall()]
    filled = " + ".join(f'("{field}" IS NOT NULL)::BIGINT' for field, rule in fields.items() if rule.compared)
    db.execute(
        f"""
        CREATE TABLE records AS
        SELECT cells.* EXCLUDE (digits, phone_sure)
                REPLACE (CASE WHEN digits IS NULL OR NOT phone_sure THEN asked_phone.key ELSE phone_key END AS phone_key),
            CASE WHEN {emails.sql("cells.email")[0]} THEN lower(cells.email) ELSE asked_email.key END AS email_key,
            {company_sql("company", forms)} AS company_key, {name_sql("person")} AS person_key, {filled} AS filled
        FROM cells LEFT JOIN asked_email ON cells.email = asked_email.text LEFT JOIN asked_phone ON cells.phone = asked_phone.text
        """
    )
    for table in ("cells", "asked_email", "asked_phone"):
        db.execute(f"DROP TABLE {table}")


def _ask(db: DuckDBPyConnection, field: str, parsed: Callable[[str], str | None], condition: str) -> None:
    """Make a table of what a library says of each value that meets the condition; it is asked once."""
    db.execute(f"CREATE TABLE asked_{field} (text VARCHAR, key VARCHAR)")
    with db.cursor() as values:
        values.execute(f"SELECT DISTINCT {field} FROM cells WHERE {condition}")
        while some := [value for (value,) in values.fetchmany(MANY)]:
            db.execute(f"INSERT INTO asked_{field} SELECT unnest(?), unnest(?)", [some, [parsed(value) for value in some]])
