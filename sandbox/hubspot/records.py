"""Companies, contacts, deals, tickets and notes: how they are made, changed, found and shown; knows no HTTP."""

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from sandbox.hubspot.answers import Refusal, iso
from sandbox.hubspot.changes import Changes, Who
from sandbox.hubspot.closing import closing
from sandbox.hubspot.links import End, Links, old_name
from sandbox.hubspot.pipelines import DEFAULTS
from sandbox.hubspot.schema import Schema, invalid
from sandbox.hubspot.standard import STAGES_OF
from sandbox.hubspot.vocabulary import KINDS, LINK_BY_TYPE, Kind
from sandbox.store import Index, Record, Store

LONGEST_INDEXED = 300
HISTORY = 20  # changes of a property that HubSpot tells, of all but contacts


class Draft(NamedTuple):
    """A change that has been checked and only needs to be written; without a record it makes one."""

    kind: Kind
    record: Record | None
    values: dict[str, str]
    links: list[tuple[End, list[int]]]


class Records:
    """The CRM's records, checked by the schema, with an index over every short value."""

    def __init__(self, store: Store, schema: Schema, links: Links, changes: Changes) -> None:
        self.store, self.schema, self.links, self.changes = store, schema, links, changes
        self.index: dict[str, Index] = {kind: store.index(kind, _terms) for kind in KINDS}

    def find(self, kind: Kind, record_id: str, id_property: str | None = None) -> Record | None:
        """Return a record by id or by the value of a unique property; raises 400 if that property is not unique."""
        if not id_property:
            return self.store.get(kind.name, record_id)
        if not self.schema.is_unique(kind.name, str(id_property)):
            message = f"Unable to perform update/upsert by non-unique {kind.type_id} property {id_property}"
            raise Refusal(400, message, context={"propertyName": [id_property]})
        return self.holder(kind, id_property, record_id.lower() if id_property == "email" else record_id)

    def get(self, kind: Kind, record_id: str, id_property: str | None = None) -> Record:
        """Return a record; raises HubSpot's 404."""
        record = self.find(kind, record_id, id_property)
        if not record:
            raise Refusal(404, "resource not found", context={"id": [record_id]})
        return record

    def holder(self, kind: Kind, name: str, value: str) -> Record | None:
        """Return the record that has this value in a unique property."""
        records = self.store.kinds.get(kind.name, {})
        for record_id in self.index[kind.name].find((name, value.casefold())):
            if records[record_id].object["properties"][name] == value:
                return records[record_id]
        return None

    def draft(self, kind: Kind, given: Any, record: Record | None = None, links: Any = None) -> Draft:
        """Check a new record, or a change of one; raises HubSpot's error and writes nothing."""
        held = record.object["properties"] if record else {}
        values = self.schema.checked(kind, given, held)
        if not record:
            self._complete(kind, values)
        self._free(kind, values, record)
        return Draft(kind, record, values, self._targets(kind, links))

    def write(self, draft: Draft, who: Who) -> Record:
        """Write what was checked, with its associations, and tell the subscribers."""
        kind, before = draft.kind, draft.record.object["properties"] if draft.record else {}
        now = iso(time.time())
        record_id = draft.record.id if draft.record else str(self.store.new_id())
        stamps = {"hs_object_id": record_id, kind.modified: now} | ({} if draft.record else {"hs_object_source": who.source})
        if not before.get(kind.created):
            stamps[kind.created] = draft.values.get(kind.created) or now
        given = closing(kind, before, draft.values, self.schema.pipelines, now) | draft.values
        values = {name: value for name, value in (before | given | stamps).items() if value != ""}
        told = _told(draft.record, {name: value for name, value in given.items() if before.get(name, "") != value}, now, who)
        record = self.store.put(kind.name, record_id, {"properties": values, "history": told}, values.get("towline_key"))
        for target, types in draft.links:
            self.links.put(End(kind.name, record_id), target, types)
        if not draft.record:
            self.changes.created(kind, record_id, who)
        for name, value in given.items():
            if before.get(name, "") != value:
                self.changes.changed(kind, record_id, name, value, who)
        return record

    def archive(self, kind: Kind, record_id: str, who: Who) -> None:
        """Archive a record and take its associations away; one that is gone already stays gone."""
        record = self.store.get(kind.name, record_id)
        if record:
            self.store.delete(kind.name, record_id)
            was = record.object | {"created_at": record.created_at, "archived_at": time.time()}
            self.store.put(f"archived {kind.name}", record_id, was)
            self.links.forget(End(kind.name, record_id))
            self.changes.deleted(kind, record_id, who)

    def shown(
        self,
        kind: Kind,
        record: Record,
        properties: Iterable[str] | None = None,
        types: Iterable[str] = (),
        histories: Iterable[str] = (),
    ) -> dict[str, Any]:
        """Return a record as HubSpot shows it.

        With these properties (None: the usual ones), associations to these types, and what is told of these properties' changes.
        """
        held, archived_at = record.object["properties"], record.object.get("archived_at")
        names = sorted({*kind.always, *(kind.default if properties is None else properties)})
        created = record.object.get("created_at", record.created_at)
        shown = {
            "id": record.id,
            "properties": {n: held.get(n) for n in names if n in held or self.schema.get(kind.name, n)},
            "createdAt": iso(created),
            "updatedAt": iso(record.updated_at),
            "archived": archived_at is not None,
        }
        if archived_at:
            shown["archivedAt"] = iso(archived_at)
        if wanted := [name for name in histories if self.schema.get(kind.name, name)]:
            shown["propertiesWithHistory"] = {name: record.object.get("history", {}).get(name, []) for name in wanted}
        links = {name: self._linked(kind, record, name) for name in types}
        found = {name: {"results": results} for name, results in links.items() if results}
        return shown | {"associations": found} if found else shown

    def _linked(self, kind: Kind, record: Record, target: str) -> list[dict[str, str]]:
        if target == kind.name:
            return []
        pairs = self.links.of(End(kind.name, record.id), target)
        return [{"id": other, "type": old_name(link)} for other, links in pairs for link in links]

    def _complete(self, kind: Kind, values: dict[str, str]) -> None:
        stage = next((name for name in STAGES_OF if name in values), None)
        if stage and values[stage]:
            values.setdefault(STAGES_OF[stage], DEFAULTS[kind.name])
        missing = [name for name in kind.required if not values.get(name)]
        if missing:
            message = f"Error creating {kind.singular.upper()}. Some required properties were not set."
            error = {"message": message, "code": "REQUIRED_PROPERTIES_MISSING", "context": {"properties": missing}}
            raise Refusal(400, message, errors=[error], context={"properties": missing})

    def _free(self, kind: Kind, values: dict[str, str], record: Record | None) -> None:
        """Refuse a value of a unique property that another record holds."""
        for name, value in values.items():
            holder = self.holder(kind, name, value) if value and self.schema.is_unique(kind.name, name) else None
            if holder and (not record or holder.id != record.id):
                if (kind.name, name) == ("contacts", "email"):
                    raise Refusal(409, f"Contact already exists. Existing ID: {holder.id}")
                where = f"objectTypeId={kind.type_id}, propertyName={name}, value={value}"
                raise invalid([(name, "CONFLICTING_UNIQUE_VALUE", f"Cannot set {where}. {holder.id} already has that value.")])

    def _targets(self, kind: Kind, given: Any) -> list[tuple[End, list[int]]]:
        """Read `associations` of a new record and check that they can be made."""
        if not given:
            return []
        try:
            wanted = [(str(one["to"]["id"]), [int(t["associationTypeId"]) for t in one["types"]]) for one in given]
        except (KeyError, TypeError, ValueError):
            raise Refusal(400, "Invalid input JSON: an association needs to.id and types[].associationTypeId") from None
        return [(self._target(kind, record_id, types), types) for record_id, types in wanted]

    def _target(self, kind: Kind, record_id: str, types: list[int]) -> End:
        link = LINK_BY_TYPE.get((kind.name, types[0])) if types else None
        if not link or any(LINK_BY_TYPE.get((kind.name, one), link).target != link.target for one in types):
            raise Refusal(400, f"{types} are not valid association types of {kind.singular.upper()}")
        if not self.store.get(link.target, record_id):
            name = KINDS[link.target].singular
            context = {"objectType": [name], "id": [record_id]}
            message = f"No {name} with ID {record_id} exists"
            raise Refusal(404, message, subCategory="crm.associations.TO_OBJECT_NOT_FOUND", context=context)
        return End(link.target, record_id)


def _told(record: Record | None, changed: dict[str, str], at: str, who: Who) -> dict[str, list[dict[str, Any]]]:
    """Return what is told of a record's changes after these: of each property the newest first."""
    before: dict[str, list[dict[str, Any]]] = record.object.get("history", {}) if record else {}
    new = {name: [who.entry(value, at), *before.get(name, [])][:HISTORY] for name, value in changed.items()}
    return before | new


def _terms(record: Record) -> list[tuple[str, str]]:
    return [(name, value.casefold()) for name, value in record.object["properties"].items() if len(value) <= LONGEST_INDEXED]
