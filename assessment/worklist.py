"""The work list: a line for each finding, by the source's line and the record's id. It holds no other cell of the source."""

from __future__ import annotations

from pathlib import Path

from duckdb import DuckDBPyConnection

from assessment.names import quoted

COLUMNS = ("line", "id", "cause", "field", "reason", "keep_line", "keep_id", "conflicts", "action")
_SAFE_ID = "CASE WHEN regexp_matches({id}, '^[=+@\\t\\r-]') THEN '''' || {id} ELSE {id} END"
"""A spreadsheet would run an id that begins like a formula."""


def write_worklist(db: DuckDBPyConnection, to: Path) -> None:
    """Write all findings as CSV, in the order of the source's lines."""
    own, kept = _SAFE_ID.format(id="own.id"), _SAFE_ID.format(id="kept.id")
    db.execute(
        f"""
        COPY (
            SELECT findings.line, {own} AS id, cause, field, reason, keep AS keep_line, {kept} AS keep_id, conflicts, "action"
            FROM findings LEFT JOIN records AS own ON own.line = findings.line LEFT JOIN records AS kept ON kept.line = keep
            ORDER BY findings.line, cause, field
        ) TO {quoted(str(to))} (HEADER, DELIMITER ',')
        """
    )
