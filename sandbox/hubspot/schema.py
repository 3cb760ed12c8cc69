"""Which properties there are and what values they take; knows no records but through the values given to it."""

import re
from datetime import UTC, datetime
from typing import Any

from sandbox.hubspot.answers import Refusal, iso
from sandbox.hubspot.pipelines import Pipelines
from sandbox.hubspot.standard import STAGES_OF, STANDARD, Property
from sandbox.hubspot.vocabulary import OWNERS, PORTAL, Kind
from sandbox.store import Record, Store

EMAIL = re.compile(r"[^@\s,;<>()\"]+@[^@\s,;<>()\".]+(\.[^@\s,;<>()\".]+)+")
OWNER_IDS = {owner[0] for owner in OWNERS}
Fault = tuple[str, str]  # HubSpot's code, and its words


class Schema:
    """The standard properties and those that were made."""

    def __init__(self, store: Store, pipelines: Pipelines) -> None:
        self.store, self.pipelines = store, pipelines
        self._made: dict[str, tuple[Record, Property]] = {}  # what was read from a record, as long as it is that record

    def get(self, kind: str, name: str) -> Property | None:
        """Return a property, or None."""
        if standard := STANDARD[kind].get(name):
            return standard
        made = self.store.get("properties", f"{kind}/{name}")
        if not made:
            return None
        known = self._made.get(made.id)
        if not known or known[0] is not made:
            known = self._made[made.id] = (made, _made(made.object))
        return known[1]

    def is_unique(self, kind: str, name: str) -> bool:
        """Say whether a property's value may be held by one record only."""
        found = self.get(kind, name)
        return bool(found and found.unique)

    def checked(self, kind: Kind, given: Any, held: dict[str, str]) -> dict[str, str]:
        """Return the values as HubSpot keeps them ("" takes one away); raises the vendor's 400 that names every bad one."""
        if not isinstance(given, dict):
            raise Refusal(400, "Invalid input JSON: properties must be an object")
        kept, faults = {}, []
        beside = held | {name: value for name, value in given.items() if isinstance(value, str)}
        for name, raw in given.items():
            if raw is not None and not isinstance(raw, str | int | float | bool):
                raise Refusal(400, f"Invalid input JSON: the value of {name} must be a string")
            value = "" if raw is None else str(raw).lower() if isinstance(raw, bool) else str(raw)
            found = self._kept(kind.name, name, value, beside)
            if isinstance(found, str):
                kept[name] = found
            else:
                faults.append((name, *found))
        if faults:
            raise invalid(faults)
        return kept

    def _kept(self, kind: str, name: str, value: str, beside: dict[str, str]) -> str | Fault:
        prop = self.get(kind, name)
        if prop is None:
            return "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'
        if prop.read_only:
            return "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.'
        if value == "":
            return ""
        if prop.type != "string" and value != value.strip():
            return "LEADING_TRAILING_WHITESPACE", f'"{value}" includes leading or trailing whitespace.'
        match prop.type:
            case "number":
                return value if _is_number(value) else ("INVALID_NUMBER", f"{value} was not a valid number.")
            case "bool":
                return value if value in ("true", "false") else ("INVALID_BOOLEAN", f"{value} was not a valid boolean.")
            case "date" | "datetime":
                return _time(value, prop.type) or ("INVALID_DATE", f"{value} was not a valid date.")
            case "enumeration":
                return self._chosen(kind, prop, value, beside)
        if len(value) > 65_536:
            return "VALUE_TOO_LONG", f'The value of "{name}" is longer than 65536 characters.'
        if (kind, name) == ("contacts", "email"):
            return value.lower() if EMAIL.fullmatch(value) else ("INVALID_EMAIL", f"Email address {value} is invalid")
        return value

    def _chosen(self, kind: str, prop: Property, value: str, beside: dict[str, str]) -> str | Fault:
        if prop.name == "hubspot_owner_id":
            return value if value in OWNER_IDS else ("INVALID_OWNER_ID", f"Owner {value} does not exist.")
        if prop.name in STAGES_OF:
            allowed = self.pipelines.stages(kind, beside.get(STAGES_OF[prop.name]))
        elif prop.name in STAGES_OF.values():
            allowed = self.pipelines.ids(kind)
        else:
            allowed = list(prop.options)
        chosen = value.strip(";").split(";") if prop.field_type == "checkbox" else [value]
        if all(one in allowed for one in chosen):
            return value
        return "INVALID_OPTION", f"{value} was not one of the allowed options: [{', '.join(allowed)}]"


def invalid(faults: list[tuple[str, str, str]]) -> Refusal:
    """Return HubSpot's 400 for (property, code, words): once as JSON inside the message, once as `errors`."""
    told = [
        f'{{"isValid":false,"message":{quoted(words)},"error":"{code}","name":"{name}","localizedErrorMessage":{quoted(words)},"portalId":{PORTAL}}}'
        for name, code, words in faults
    ]
    errors = [{"message": words, "code": code, "context": {"propertyName": [name]}} for name, code, words in faults]
    return Refusal(400, f"Property values were not valid: [{','.join(told)}]", errors=errors)


def quoted(words: str) -> str:
    """Return a text as a JSON string."""
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _made(definition: dict[str, Any]) -> Property:
    return Property(
        definition["name"],
        definition["label"],
        definition["type"],
        definition["fieldType"],
        tuple(option["value"] for option in definition["options"]),
        definition["hasUniqueValue"],
    )


def _is_number(value: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", value) is not None


def moment_of(value: str) -> datetime | None:
    """Return the time that milliseconds, an ISO time or an ISO date (its midnight) name, or None."""
    try:
        if re.fullmatch(r"-?\d{1,15}", value):
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _time(value: str, kind: str) -> str | None:
    moment = moment_of(value)
    if not moment:
        return None
    return moment.astimezone(UTC).date().isoformat() if kind == "date" else iso(moment.timestamp())
