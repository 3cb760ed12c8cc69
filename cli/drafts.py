"""Drafts a mapping file for a new source: tables in, a proposal and its YAML out. It must not know the screen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from cli.imports import open_sheet
from contracts.columns import Column
from contracts.errors import ContractError, MisconfiguredError, RefusedError
from contracts.event import newest
from contracts.suggest import ID, Candidate, alike, candidates, choose

COVERED = 0.5
"""The share of a column's different values that another table must have for it to be joined."""
EVENTS = ("lead.qualified", "opportunity.created")
SPOKEN_FOR = {"yes", "no", "true", "false", "null", "on", "off", "y", "n"}
TYPES = {"integer": "integer", "slug": "slug"}


@dataclass(frozen=True, slots=True)
class Table:
    """One file's columns."""

    file: str
    columns: Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Draft:
    """What is proposed: the event, joined tables by the column they are joined on, sure fields, and all candidates."""

    event: str
    source: str
    joins: Mapping[str, str]
    mends: Mapping[str, Mapping[str, str]]
    chosen: Mapping[str, Candidate]
    found: Mapping[str, Sequence[Candidate]]

    @property
    def open(self) -> dict[str, Sequence[Candidate]]:
        """Fields that nothing is proposed for, with the columns that may make them."""
        taken = {one.column.name for path, one in self.chosen.items() if path not in self.unfinished}
        left = {path: [one for one in some if one.column.name not in taken] for path, some in self.found.items()}
        return {path: some for path, some in left.items() if some and (path not in self.chosen or path in self.unfinished)}

    @property
    def unfinished(self) -> set[str]:
        """Fields whose column is sure and which still miss what no table says: the currency of an amount."""
        return {path for path, one in self.chosen.items() if one.target.kind == "money"}


def draft(path: Path, event: str | None) -> Draft:
    """Propose a mapping for a CSV file and the tables beside it that can be joined to it.

    Raises:
        MisconfiguredError, ContractError: the file cannot be read, or is no CSV table.
        RefusedError: no column can be the id of a row.
    """
    main = _table(path, is_main=True)
    joined = {column: table for table in _beside(path) for column in [_key_of(table, main)] if column}
    columns = [*main.columns.values()]
    for on, table in joined.items():
        columns += [column for name, column in table.columns.items() if name != on and name not in main.columns]
    drafts = [_draft(one, path, columns, main, joined) for one in ([event] if event else EVENTS)]
    best = max(drafts, key=lambda one: sum(candidate.score for candidate in one.chosen.values()))
    if ID not in best.chosen:
        raise RefusedError(f"{path.name}: no column can be the id of a row: none has a value in every row, each once")
    return best


def _draft(event: str, path: Path, columns: Sequence[Column], main: Table, joined: Mapping[str, Table]) -> Draft:
    found = candidates(columns, event)
    chosen = choose(found)
    if ID not in chosen and found[ID]:  # whatever it is called, a row needs one
        chosen = {ID: found[ID][0], **chosen}
    mended = {column: words for column, words in _mends(chosen, main, joined) if words}
    joins = {on: table.file for on, table in joined.items()}
    return Draft(event, f"import/{path.stem}", joins, mended, chosen, found)


def _mends(chosen: Mapping[str, Candidate], main: Table, joined: Mapping[str, Table]) -> Iterator[tuple[str, dict[str, str]]]:
    """Misspellings: of words that a vocabulary knows better, and of keys that another table has."""
    for on, table in joined.items():
        known = list(table.columns[on].counts)
        strangers = [value for value in main.columns[on].counts if value not in table.columns[on].counts]
        yield on, {value: right for value in strangers if (right := alike(value, known))}
    for one in chosen.values():
        words = one.target.words
        if words and not one.target.allowed and one.column.name not in joined:
            better = {value: words.find(value) or value for value in one.column.counts}
            yield one.column.name, {value: word for value, word in better.items() if value.casefold() != word.casefold()}


def _table(path: Path, *, is_main: bool) -> Table:
    with ExitStack() as files:
        sheet = open_sheet(path, files)
        rows = [row for _, row in sheet.rows]
    return Table(path.name, {n: Column.of(n, path.name, [row[n] for row in rows], is_main=is_main) for n in sheet.columns if n})


def _beside(path: Path) -> Iterator[Table]:
    """The other tables of the folder; what is no table is none of ours."""
    for other in sorted(path.parent.glob("*.csv")):
        if other != path and not other.samefile(path):
            try:
                yield _table(other, is_main=False)
            except (ContractError, MisconfiguredError):
                continue


def _key_of(table: Table, main: Table) -> str | None:
    """The column by which a table can be joined: the main one has it too, and it is a key here that covers what is there."""
    shared = [name for name in table.columns if name in main.columns]
    if len(shared) != 1:  # the import refuses a column that stands in two tables
        return None
    (name,) = shared
    theirs, ours = table.columns[name], main.columns[name]
    covered = sum(1 for value in ours.counts if value in theirs.counts)
    return name if theirs.is_key and ours.counts and covered / len(ours.counts) >= COVERED else None


def yaml_of(plan: Draft) -> str:
    """Return the draft as a mapping file; what is doubtful stands in it as a comment."""
    id_column = plan.chosen[ID].column.name
    used = {column for column, _ in _only(plan)}
    lines = [
        "# A draft: read it, settle what is open, then `towline import`.",
        f"contract: {plan.event}/{newest(plan.event)}",
        f"source: {_said(plan.source)}",
        f"id: {_said(id_column)}",
        f"subject: {_said(id_column)}",
        "# time: {column: ..., format: ...} # when it happened; without it the time of the import",
    ]
    lines += ["only:", *(f"  {_said(column)}: [{', '.join(map(_said, words))}]" for column, words in _only(plan))] if used else []
    joins = plan.joins.items()
    lines += ["join:", *(f"  - {{file: {_said(file)}, on: {_said(on)}}}" for on, file in joins)] if joins else []
    if plan.mends:
        lines.append("vocabulary:")
        for column, words in plan.mends.items():
            mended = ", ".join(f"{_said(wrong)}: {_said(right)}" for wrong, right in words.items())
            lines.append(f"  {_said(column)}: {{{mended}}}")
    lines.append("fields:")
    for path, one in plan.chosen.items():
        if path != ID and path not in plan.unfinished:
            others = one.column.date_formats[1:] if one.target.kind == "date" else ()
            lines.append(f"  {path}: {{{_field(one)}}} # {one.score:.2f}" + "".join(f', or format "{form}"' for form in others))
    for path, some in plan.open.items():
        lines.append(f"  # open: {path}")
        lines += [f"  #   {path}: {{{_field(one)}}} # {one.score:.2f}, {one.evidence}" for one in some[:3]]
    return "\n".join(lines) + "\n"


def _only(plan: Draft) -> Iterator[tuple[str, list[str]]]:
    """Rows whose word the contract does not have stay out: of a pipeline's export, the deals that are over."""
    for one in plan.chosen.values():
        known = [value for value in one.column.counts if one.target.knows(value)]
        if one.target.allowed and one.column.is_main and known and len(known) < len(one.column.counts):
            yield one.column.name, sorted(known)


def _field(one: Candidate) -> str:
    column = f"column: {_said(one.column.name)}"
    target = one.target
    if target.kind == "money":
        return f"{column}, type: money, currency: ???"
    if target.kind == "date":
        formats = one.column.date_formats
        return f"{column}, type: date, format: {json.dumps(formats[0])}"
    if target.allowed:
        return f"{column}, {_word(one)}"
    return f"{column}, type: {TYPES[target.kind]}" if target.kind in TYPES else column


def _word(one: Candidate) -> str:
    """A word of an enumeration: as it is written, where that will do, or by the vocabulary."""
    from contracts.vocabulary import vocabularies

    known = [value for value in one.column.counts if one.target.knows(value)]
    by_slug = all(one.target.allowed & {value.lower().replace(" ", "-")} for value in known)
    name = next((name for name, words in vocabularies().items() if words is one.target.words), None)
    return "type: slug" if by_slug or not name else f"type: vocabulary, vocabulary: {name}"


def _said(text: str) -> str:
    """A text as YAML: bare where that is safe."""
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_./ -]*", text) and text == text.strip()
    return (
        text if plain and text.lower() not in ("yes", "no", "true", "false", "null", "on", "off", "y", "n") else json.dumps(text)
    )
