"""Makes tables of contacts with known defects, and says which: tests ask for exactly these, the benchmark for a million rows.

Every table is drawn from its seed. Three contacts make a company. Some companies and contacts are left whole, for what is planted
is measured by them: a duplicate by the contact that it copies, a spelling by the rows that write the company otherwise.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

HEADER = ("Record ID", "First Name", "Last Name", "Email", "Phone Number", "Company", "Job Title", "City", "Country", "Owner",
          "Service", "Currency", "Notes")  # fmt: skip
FIRST = ("Ada", "Bruno", "Chloé", "Dörte", "Emil", "Fatma", "Giulia", "Håkan", "Inés", "Jürgen", "Kwame", "Lucía", "Mei", "Noël")
LAST = ("Byron", "Müller", "O'Brien", "García", "Smith-Jones", "Rossi", "Lindqvist", "Okafor", "Dubois", "Novak")
COMPANY = ("Northwind", "Contoso", "Fabrikam", "Globex", "Initech", "Umbrella", "Stark", "Wayne", "Acme", "Hooli")
TRADE = ("Labs", "Logistics", "Energy", "Foods", "& Söhne", "Systems", "Consulting")
FORMS = ("GmbH", "Ltd.", "Inc.", "S.A.", "AG", "SARL", "B.V.", "GmbH & Co. KG")
PLACES = (
    ("Berlin", "Germany", "+49 30 "),
    ("London", "United Kingdom", "+44 20 "),
    ("Paris", "FR", "+33 1 "),
    ("New York", "USA", "+1 2"),
)
WORDS = {
    "Country": ("Deutschland", "Grmany", "Ger many", "Frankreich"),
    "Service": ("implementatoin", "Integration", "training course"),
    "Currency": ("Euro", "eur", "$"),
}
FIELDS = {"Country": "country", "Service": "service", "Currency": "currency"}
NOTHING = ("", "", "", "-", "n/a", "N/A", "unknown", "  ")
BAD_EMAILS = (
    "{}.example",
    "x{}@@x.example",
    "a b{}@x.example",
    "x{}@nodot",
    ".x{}@x.example",
    "x{}@-bad.example",
    "x{}@bad..example",
    "@{}.example",
)
BAD_PHONES = ("0{:09d}", "00 49 30 {:08d}", "+999 {:08d}", "+1 212 555 {:09d}", "+49 30 {:08d} {:08d}", "ask for {:07d}")


class Finding(NamedTuple):
    """What an assessment must say of a row."""

    line: int
    cause: str
    field: str
    keep: int | None = None
    conflicts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shape:
    """How many rows have which defect. A twin agrees with what it copies; other copies agree in one key only."""

    whole: int
    twins: int = 0
    same_email: int = 0
    same_phone: int = 0
    same_person: int = 0
    spellings: int = 0
    invalid_email: int = 0
    invalid_phone: int = 0
    missing: int = 0
    vocabulary: int = 0
    broken: int = 0
    copies: int = 2

    @classmethod
    def of(cls, rows: int) -> Shape:
        """Return a shape of so many rows, with some of every defect."""
        part = {name: rows * thousandth // 1000 for name, thousandth in SHARES.items()}
        added = sum(part[name] for name in ("twins", "same_email", "same_phone", "same_person", "spellings", "broken"))
        return cls(rows - added, **part)


SHARES = {"twins": 40, "same_email": 40, "same_phone": 30, "same_person": 30, "spellings": 20, "invalid_email": 60,
          "invalid_phone": 60, "missing": 80, "vocabulary": 60, "broken": 10}  # fmt: skip
"""Of a thousand rows, those with each defect."""
SECURECORP = Shape(27_000, twins=8_000, same_email=15_000, invalid_email=8_000, missing=12_000)
"""50,000 contacts: 23,000 duplicates (15,000 in conflict), 8,000 invalid addresses, 12,000 that lack a required field."""


@dataclass(slots=True)
class Planted:
    """A row, and what is to be found about it; `keep` is the row whose line the findings name."""

    cells: dict[str, str]
    findings: list[tuple[str, str, frozenset[str]]] = field(default_factory=list)
    keep: list[Planted] = field(default_factory=list)
    text: str = ""


def write(path: Path, shape: Shape, seed: int, encoding: str = "utf-8") -> set[Finding]:
    """Write a table of this shape and return exactly what is wrong with it."""
    rows = planted(shape, random.Random(seed))  # noqa: S311 - repeatable, not secret
    lines: dict[int, int] = {}
    number = 1
    with path.open("w", encoding=encoding, errors="surrogateescape", newline="") as file:
        file.write(_line(HEADER))
        for n, row in enumerate(rows):
            number += 1
            lines[id(row)] = number
            text = row.text or _line(row.cells.values())
            text += "\r\n" if n % 97 == 0 else ""
            file.write(text)
            number += text.count("\n") - 1

    def keep(row: Planted, cause: str) -> int | None:
        return min(lines[id(one)] for one in row.keep) if cause.startswith("duplicate") else None

    found = ((row, *one) for row in rows for one in row.findings)
    return {Finding(lines[id(row)], cause, name, keep(row, cause), conflicts) for row, cause, name, conflicts in found}


def planted(shape: Shape, draw: random.Random) -> list[Planted]:
    """Return the rows in a drawn order."""
    whole = [Planted(_contact(n, draw)) for n in range(shape.whole)]
    fresh = iter(range(shape.whole, 10 * shape.whole + 1_000_000))
    added = list(_spellings(shape, whole, fresh, draw))
    copied = iter(whole[3 * shape.spellings :])
    used = 3 * shape.spellings
    for kind, count in (
        ("twin", shape.twins),
        ("email", shape.same_email),
        ("phone", shape.same_phone),
        ("person", shape.same_person),
    ):
        originals = [next(copied) for _ in range(-(-count // shape.copies))]
        used += len(originals)
        added += [_copy(kind, originals[n // shape.copies], next(fresh), draw) for n in range(count)]
    rest = whole[used:]
    for row in draw.sample(rest, shape.invalid_email):
        row.cells["Email"] = draw.choice(BAD_EMAILS).format(next(fresh))
        row.findings.append(("invalid_email", "email", frozenset()))
    for row in draw.sample(rest, shape.invalid_phone):
        row.cells["Phone Number"] = draw.choice(BAD_PHONES).format(next(fresh), 7)
        row.findings.append(("invalid_phone", "phone", frozenset()))
    for row in draw.sample(rest, shape.missing):
        _empty(row, draw)
    for row in draw.sample(rest, shape.vocabulary):
        name = draw.choice(list(WORDS))
        row.cells[name] = draw.choice(WORDS[name])
        row.findings.append(("vocabulary", FIELDS[name], frozenset()))
    added += [_broken(Planted(_contact(next(fresh), draw)), draw) for _ in range(shape.broken)]
    rows = whole + added
    draw.shuffle(rows)
    return rows


def _contact(n: int, draw: random.Random) -> dict[str, str]:
    company, mark = n // 3, _letters(n)
    first, last = FIRST[n % len(FIRST)], f"{LAST[n // 7 % len(LAST)]}{mark}"
    city, country, _ = PLACES[company % len(PLACES)]
    plain = f"{first}.{last}".encode("ascii", "ignore").decode().replace("'", "").lower()
    notes = draw.choice(("", "", "", "", "met at the fair", 'calls it "urgent"', "two,\nlines", "Ü-Wagen"))
    email = f"{plain}{draw.choice(('', '+crm', '_%'))}@{_letters(company)}.example"
    service = draw.choice(("implementation", "support"))
    known = (str(n), first, last, email, _phone(n, draw), _name(company), "Head of IT", city, country, "sales-1", service)
    cells = (*known, "EUR", notes)
    return dict(zip(HEADER, cells, strict=True))


def _letters(n: int) -> str:
    text = ""
    while True:
        n, one = divmod(n, 26)
        text = chr(97 + one) + text
        if not n:
            return f"q{text}"


def _name(company: int) -> str:
    words = f"{COMPANY[company % len(COMPANY)]}{_letters(company)} {TRADE[company // 10 % len(TRADE)]}"
    return f"{words} {FORMS[company // 3 % len(FORMS)]}"


def _phone(n: int, draw: random.Random) -> str:
    start = PLACES[n // 3 % len(PLACES)][2]
    digits = f"{n:08d}"
    if start.startswith("+1"):
        return f"{start}{digits[:2]} {digits[2:5]} {digits[5:]}9"
    return start + draw.choice((digits, f"{digits[:4]} {digits[4:]}", f"{digits[:4]}-{digits[4:]}"))


def _copy(kind: str, of: Planted, n: int, draw: random.Random) -> Planted:
    """A row that is a contact again; it says less, so the other one is to be kept."""
    other = _contact(n, draw)
    cells = of.cells | {"Record ID": other["Record ID"], "Job Title": "", "Notes": ""}
    differ = {"twin": (), "email": ("person", "phone"), "phone": ("person", "email"), "person": ("email", "phone")}[kind]
    if "person" in differ:
        cells |= {name: other[name] for name in ("First Name", "Last Name")}
    else:
        cells["Last Name"] = draw.choice((str.upper, str.lower, str))(cells["Last Name"])
    cells["Email"] = other["Email"] if "email" in differ else draw.choice((str.upper, str.title, "  {} ".format))(cells["Email"])
    cells["Phone Number"] = (
        other["Phone Number"] if "phone" in differ else cells["Phone Number"].replace(" ", draw.choice((".", "-", "")))
    )
    causes = {"email": "duplicate_email", "phone": "duplicate_phone", "person": "duplicate_person"}
    found = [(causes[one], one, frozenset(differ)) for one in causes if one == kind or kind == "twin"]
    return Planted(cells, found, [of])


def _spellings(shape: Shape, whole: list[Planted], fresh: Iterator[int], draw: random.Random) -> Iterator[Planted]:
    """A contact more for each of the first companies, who writes its name otherwise, and sometimes sits elsewhere."""
    for n in range(shape.spellings):
        rows = whole[3 * n : 3 * n + 3]
        name, form = rows[0].cells["Company"], FORMS[n // 3 % len(FORMS)]
        other = draw.choice((name.removesuffix(form).strip(), name.removesuffix(form) + "Limited", name.replace(" ", "-", 1)))
        cells = _contact(next(fresh), draw) | {
            "Company": other,
            "City": rows[0].cells["City"],
            "Country": rows[0].cells["Country"],
        }
        moved = draw.random() < 0.3
        cells["Country"] = "Norway" if moved else cells["Country"]
        yield Planted(cells, [("duplicate_company", "company", frozenset({"country"} if moved else ()))], rows)


def _empty(row: Planted, draw: random.Random) -> None:
    choices = ["person", "company"] + (["email"] if not any(cause == "invalid_email" for cause, *_ in row.findings) else [])
    for name in draw.sample(choices, draw.choice((1, 1, 1, 2))):
        for column in {"person": ("First Name", "Last Name"), "company": ("Company",), "email": ("Email",)}[name]:
            row.cells[column] = draw.choice(NOTHING)
        row.findings.append(("missing_required", name, frozenset()))


def _broken(row: Planted, draw: random.Random) -> Planted:
    cells = [cell.replace("\n", " ").replace('"', "") for cell in row.cells.values()]
    ways = ("few", "many", "open", "behind", "bytes")
    match draw.choice(ways):
        case "few":
            row.text = _line(cells[: draw.randrange(2, 12)])
        case "many":
            row.text = _line([*cells, "one more"])
        case "open":
            row.text = f'"{",".join(cells)}\r\n'
        case "behind":
            row.text = f'"{cells[0]}"x,{",".join(cells[1:])}\r\n'.replace('"""', '"')
        case _:
            row.text = _line([*cells[:-1], "nul\0"])
    row.findings.append(("broken_row", "", frozenset()))
    return row


def _line(cells: object) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)  # type: ignore[arg-type]
    return text.getvalue()
