"""Finds what is wrong with single rows: `findings` of `records`. It must not compare rows."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping

from duckdb import DuckDBPyConnection

from assessment.names import quoted
from assessment.phones import PLUS
from assessment.rules import BROKEN, Rules, Vocabulary

CLOSE = 0.75
MOST_GUESSED = 2_000
"""Different wrong words of a field for which a right one is suggested, the commonest first."""


def make_findings(db: DuckDBPyConnection) -> None:
    """Make the empty tables: a finding is a line, a cause and a field; a miss is a word that is not in a field's vocabulary."""
    db.execute(
        """
        CREATE TABLE findings (
            line BIGINT, cause VARCHAR, field VARCHAR, reason VARCHAR, keep BIGINT, conflicts VARCHAR, "action" VARCHAR
        )
        """
    )
    db.execute("CREATE TABLE misses (field VARCHAR, word VARCHAR, rows BIGINT, suggestion VARCHAR)")


def find_defects(db: DuckDBPyConnection, rules: Rules, there: Collection[str]) -> None:
    """Find broken rows, invalid addresses and numbers, empty required fields, words of no vocabulary; `there` are fields."""
    _find(db, rules, BROKEN, "", "reason", "TRUE", table="broken")
    _find(db, rules, "invalid_email", "email", "'is no e-mail address'", "email IS NOT NULL AND email_key IS NULL")
    why = f"CASE WHEN regexp_matches(phone, {quoted(PLUS)}) THEN 'is no possible number' ELSE 'has no country code' END"
    _find(db, rules, "invalid_phone", "phone", why, "phone IS NOT NULL AND phone_key IS NULL")
    for field in rules.required:
        if field in there:
            _find(db, rules, "missing_required", field, "'is empty'", f'"{field}" IS NULL')
    for field, vocabulary in rules.vocabularies.items():
        if field in there:
            _find_misses(db, rules, field, vocabulary)


def _find(
    db: DuckDBPyConnection, rules: Rules, cause: str, field: str, why: str, condition: str, *, table: str = "records"
) -> None:
    action = quoted(rules.causes[cause].action)
    db.execute(
        f"""
        INSERT INTO findings SELECT line, {quoted(cause)}, nullif({quoted(field)}, ''), {why}, NULL, NULL, {action}
        FROM {table} WHERE {condition}
        """
    )


def _find_misses(db: DuckDBPyConnection, rules: Rules, field: str, vocabulary: Vocabulary) -> None:
    word = f'"{field}"' if vocabulary.exact else f'lower("{field}")'
    known = vocabulary.words if vocabulary.exact else {one.lower() for one in vocabulary.words}
    words = ", ".join(f"({quoted(one)})" for one in sorted(known))
    db.execute(
        f"""
        INSERT INTO misses SELECT {quoted(field)}, {word} AS word, count(*), NULL FROM records
        WHERE "{field}" IS NOT NULL AND {word} NOT IN (SELECT one FROM (VALUES {words}) AS words(one)) GROUP BY word
        """
    )
    commonest = "SELECT word FROM misses WHERE field = ? ORDER BY rows DESC, word LIMIT ?"
    wrong = [one for (one,) in db.execute(commonest, [field, MOST_GUESSED]).fetchall()]
    for one, right in suggestions(wrong, vocabulary.words).items():
        db.execute("UPDATE misses SET suggestion = ? WHERE field = ? AND word = ?", [right, field, one])
    action = quoted(rules.causes["vocabulary"].action)
    db.execute(
        f"""
        INSERT INTO findings
        SELECT line, 'vocabulary', {quoted(field)}, 'is not in the vocabulary', NULL, NULL,
            CASE WHEN suggestion IS NULL THEN {action} ELSE 'write "' || suggestion || '", if that is meant' END
        FROM records JOIN misses ON misses.field = {quoted(field)} AND misses.word = {word}
        """
    )


def suggestions(wrong: Collection[str], right: Collection[str]) -> Mapping[str, str]:
    """Return the word that each wrong one is likely to mean: it differs in capitals, or in a few letters."""
    by_lower = {word.lower(): word for word in sorted(right)}
    found = {}
    for word in wrong:
        close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=CLOSE)
        if close:
            found[word] = by_lower[close[0]]
    return found
