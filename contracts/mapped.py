"""The mapping matrix row by row, for people: which field of ours is which of a vendor's, and how one becomes the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from contracts.errors import RefusedError
from contracts.matrix import matrix

COLUMNS = ("vendor", "record", "ours", "type", "theirs", "their type", "conversion", "nulls", "direction")


def rows(vendor: str | None = None) -> Iterator[Mapping[str, str]]:
    """Return the rows of all vendors, or of one. Raises RefusedError where nobody knows the vendor."""
    known = matrix()
    if vendor is not None and vendor not in known:
        raise RefusedError(f"there is no such vendor; known are {', '.join(known)}")
    for name, table in known.items():
        for entity, fields in table.entities.items() if vendor in (None, name) else ():
            for ours, row in fields.fields.items():
                how = f"{row.convert} {row.vocabulary}" if row.vocabulary else row.convert
                place = (name, entity, ours, row.types[0], ", ".join(row.theirs), row.types[1])
                yield dict(zip(COLUMNS, (*place, how, row.nulls.value, row.direction.value), strict=True))
