"""Associations between records: one entry for two records, with the association types that hold between them."""

from collections.abc import Iterable
from typing import NamedTuple

from sandbox.hubspot.answers import Refusal
from sandbox.hubspot.vocabulary import KINDS, LINK_BY_TYPE, LINKS, Kind, Link
from sandbox.store import Record, Store


class End(NamedTuple):
    """One side of an association: a record by object type and id."""

    kind: str
    id: str


class Links:
    """What is kept under kind `associations`; `object["types"]` are the type numbers seen from `object["from"]`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._index = store.index("associations", _terms)

    def put(self, source: End, target: End, types: Iterable[int] = ()) -> list[Link]:
        """Associate two records by these types and the plain one; the first company of a record becomes its primary one.

        Raises HubSpot's 404 when one of them does not exist and 400 for a type that does not join them. Safe to repeat.
        """
        self._exists(source, "FROM")
        self._exists(target, "TO")
        wanted = [self._link(source, target, number) for number in types]
        plain = plain_link(source.kind, target.kind)
        primary = next((link for link in between(source.kind, target.kind) if link.primary), None)
        if primary and not any(link.primary for link in wanted) and not self._primary(source, target, primary):
            wanted.append(primary)
        if any(link.primary for link in wanted):
            self._demote(source, target)
        return self._join(source, target, [plain, *wanted])

    def drop(self, source: End, target: End) -> None:
        """Take every association between two records away; safe to repeat."""
        self.store.delete("associations", _id(source, target))

    def of(self, source: End, target_kind: str) -> list[tuple[str, list[Link]]]:
        """Return the ids of the records of a type that are associated with one, and how."""
        found = []
        for record_id in self._index.find((source, target_kind)):
            record = self.store.kinds["associations"][record_id]
            forward = record.object["from"] == list(source)
            other = record.object["to"] if forward else record.object["from"]
            links = [LINK_BY_TYPE[record.object["from"][0], number] for number in record.object["types"]]
            found.append((other[1], links if forward else [_turned(link) for link in links]))
        return found

    def forget(self, gone: End) -> None:
        """Take all associations of a record away."""
        for kind in KINDS:
            for other, _ in self.of(gone, kind):
                self.drop(gone, End(kind, other))

    def _link(self, source: End, target: End, number: int) -> Link:
        link = LINK_BY_TYPE.get((source.kind, number))
        if not link or link.target != target.kind:
            names = f"{singular(source.kind)} and {singular(target.kind)}"
            message = f"0-{number} is not a valid association type between {names}"
            sub_category, context = "crm.associations.INVALID_ASSOCIATION_TYPE", {"type": [f"0-{number}"]}
            raise Refusal(400, message, subCategory=sub_category, context=context)
        return link

    def _exists(self, end: End, side: str) -> None:
        if not self.store.get(end.kind, end.id):
            context = {"objectType": [KINDS[end.kind].singular], "id": [end.id]}
            message = f"No {KINDS[end.kind].singular} with ID {end.id} exists"
            raise Refusal(404, message, subCategory=f"crm.associations.{side}_OBJECT_NOT_FOUND", context=context)

    def _primary(self, source: End, target: End, primary: Link) -> str | None:
        """Return the id of the primary company of whichever of the two is not the company."""
        child, company = (source, target) if target.kind == "companies" else (target, source)
        return next((i for i, links in self.of(child, company.kind) if any(link.primary for link in links)), None)

    def _demote(self, source: End, target: End) -> None:
        child, company = (source, target) if target.kind == "companies" else (target, source)
        for other, links in self.of(child, company.kind):
            if other != company.id and any(link.primary for link in links):
                self._keep(child, End(company.kind, other), [link for link in links if not link.primary])

    def _join(self, source: End, target: End, links: list[Link]) -> list[Link]:
        held = next((have for other, have in self.of(source, target.kind) if other == target.id), [])
        joined = list(dict.fromkeys([*held, *links]))
        if joined != held:
            self._keep(source, target, joined)
        return joined

    def _keep(self, source: End, target: End, links: list[Link]) -> None:
        types = [link.type_id for link in links]
        self.store.put("associations", _id(source, target), {"from": list(source), "to": list(target), "types": types})


def between(source: str, target: str) -> list[Link]:
    """Return the association types from one object type to another, the primary one first; raises 400 if there are none."""
    found = sorted((link for link in LINKS if link[:2] == (source, target)), key=lambda link: not link.primary)
    if not found:
        raise Refusal(400, f"There are no association types between {singular(source)} and {singular(target)}")
    return found


def plain_link(source: str, target: str) -> Link:
    """Return the association type that says no more than that two records belong together."""
    return between(source, target)[-1]


def singular(kind: str) -> str:
    """Return an object type's name as HubSpot spells it in messages."""
    return KINDS[kind].singular.upper()


def end_of(kind: Kind, record_id: object) -> End:
    """Return one side of an association."""
    return End(kind.name, str(record_id))


def old_name(link: Link) -> str:
    """Return an association type's name in the v3 API, such as deal_to_company or deal_to_company_unlabeled."""
    name = f"{KINDS[link.source].singular}_to_{KINDS[link.target].singular}"
    return name if link.primary or len(between(link.source, link.target)) == 1 else f"{name}_unlabeled"


def _turned(link: Link) -> Link:
    return LINK_BY_TYPE[link.target, link.reverse_id]


def _id(source: End, target: End) -> str:
    return "|".join(f"{end.kind}/{end.id}" for end in sorted((source, target)))


def _terms(record: Record) -> list[tuple[End, str]]:
    source, target = End(*record.object["from"]), End(*record.object["to"])
    return [(source, target.kind), (target, source.kind)]
