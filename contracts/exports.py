"""What is agreed, in the words of the standards that other tools read: JSON Schema 2020-12, AsyncAPI 3 and ODCS 3. Pure.

https://www.asyncapi.com/docs/reference/specification/v3.0.0 and https://bitol-io.github.io/open-data-contract-standard/v3.1.0/
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from pydantic.json_schema import models_json_schema

from contracts.catalog import Catalog, Entry
from contracts.event import Envelope, newest
from contracts.released import names, schema_of
from contracts.values import Contract

OPTIONS = frozenset(
    {
        *("minLength", "maxLength", "pattern", "format", "minItems", "maxItems", "uniqueItems"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    }
)
"""Rules of JSON Schema that ODCS has under the same name."""
FORMATS: Mapping[str, str] = {"date": "date", "date-time": "timestamp", "time": "time"}
"""Texts that are a type of their own in ODCS."""
MODE: Literal["validation"] = "validation"
Document = dict[str, Any]


class Standard(StrEnum):
    """What a contract can be told in."""

    JSON_SCHEMA = "json-schema"
    ASYNCAPI = "asyncapi"
    ODCS = "odcs"


def export(standard: Standard, catalog: Catalog) -> dict[str, Document]:
    """Return documents by file name: one of AsyncAPI; one a released contract version of the others. Always the same ones."""
    if standard is Standard.ASYNCAPI:
        return {"asyncapi.json": asyncapi(catalog)}
    released = _released(catalog)
    if standard is Standard.JSON_SCHEMA:
        return {f"{name.replace('/', '-')}.schema.json": schema_of(name, kind) for name, kind in released.items()}
    return {f"{name.replace('/', '-')}.odcs.json": odcs(name, schema_of(name, kind), catalog) for name, kind in released.items()}


def _released(catalog: Catalog) -> dict[str, type[Contract]]:
    """The released contracts of the catalog's events, by name."""
    return {name: kind for name, kind in names().items() if name.partition("/")[0] in catalog.entries}


def asyncapi(catalog: Catalog) -> Document:
    """Return what the gateway takes: a channel and an operation an event, a message a version, each in a CloudEvents envelope."""
    released = _released(catalog)
    kinds = [(kind, MODE) for kind in released.values()]
    found, definitions = models_json_schema(kinds, ref_template="#/components/schemas/{model}")
    versions: dict[str, list[str]] = {}
    for name in released:
        versions.setdefault(name.partition("/")[0], []).append(name)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Towline",
            "version": "1",
            "description": "The business events of a deal, from the first qualified lead to the confirmed payment.",
        },
        "defaultContentType": "application/json",
        "servers": {"gateway": {"host": "localhost:8400", "protocol": "http", "description": "Signed by Standard Webhooks"}},
        "channels": {
            event: {
                "address": "/events",
                "title": catalog[event].title,
                "description": f"Sources: {', '.join(catalog[event].sources)}.",
                "messages": {_id(name): {"$ref": f"#/components/messages/{_id(name)}"} for name in all_of},
            }
            for event, all_of in versions.items()
        },
        "operations": {f"receive.{event}": _operation(event, all_of, catalog[event]) for event, all_of in versions.items()},
        "components": {
            "messages": {_id(name): _message(name, found[kind, MODE], catalog) for name, kind in released.items()},
            "schemas": definitions.get("$defs", {}),
        },
    }


def _operation(event: str, all_of: list[str], entry: Entry) -> Document:
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{event}"},
        "title": entry.title,
        "messages": [{"$ref": f"#/channels/{event}/messages/{_id(name)}"} for name in all_of],
        "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
        "x-flow": entry.flow,
        "x-then": entry.then,
        "x-destinations": [system.value for system in entry.destinations],
        "x-owners": {
            "process": entry.process_owner,
            "integration": entry.integration_owner,
            "application": entry.application_owner,
        },
        "x-criticality": entry.criticality.value,
        "x-freshness": entry.freshness,
        "x-retry": entry.retry.model_dump(),
    }


def _message(name: str, data: Mapping[str, Any], catalog: Catalog) -> Document:
    event = name.partition("/")[0]
    envelope = Envelope.model_json_schema()
    properties = {**envelope["properties"], "type": {"const": event}, "dataschema": {"const": name}, "data": dict(data)}
    return {
        "name": name,
        "title": f"{catalog[event].title}, version {name.partition('/')[2]}",
        "contentType": "application/json",
        "payload": {"type": "object", "required": [*envelope["required"], "dataschema", "data"], "properties": properties},
    }


def _id(name: str) -> str:
    """A contract's name where a slash may not stand."""
    return name.replace("/", "-")


def odcs(name: str, schema: Mapping[str, Any], catalog: Catalog) -> Document:
    """Return one contract version as an Open Data Contract: fields with their rules, who answers for it, how fresh it must be."""
    event, _, version = name.partition("/")
    entry = catalog[event]
    owner = catalog.owners.owners[entry.process_owner]
    return {
        "kind": "DataContract",
        "apiVersion": "v3.1.0",
        "id": name.replace("/", "-"),
        "name": entry.title,
        "version": f"{version}.0.0",
        "status": "active" if int(version) == newest(event) else "deprecated",
        "domain": entry.flow,
        "description": {"purpose": f"{entry.title}: {entry.persistence}.", "usage": f"Sources: {', '.join(entry.sources)}."},
        "team": {"name": owner.name},
        "support": [{"channel": owner.channel, "tool": "slack"}, {"channel": entry.escalate, "tool": "slack"}],
        "slaProperties": [
            {"property": "latency", "value": entry.freshness, "driver": "operational"},
            {"property": "criticality", "value": entry.criticality.value, "driver": "operational"},
        ],
        "schema": [
            {
                "name": event,
                "logicalType": "object",
                "physicalType": "CloudEvents JSON",
                "properties": _properties(schema, schema.get("$defs", {})),
            }
        ],
    }


def _properties(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> list[Document]:
    required = schema.get("required", ())
    return [
        {"name": field, "required": field in required, **_property(shape, definitions)}
        for field, shape in schema.get("properties", {}).items()
    ]


def _property(shape: Mapping[str, Any], definitions: Mapping[str, Any]) -> Document:
    """Return one field's type and rules; a reference is followed, and what may be null is told by its other form."""
    outer = shape
    while True:
        forms = [one for one in shape.get("anyOf", ()) if one.get("type") != "null"]
        if "$ref" in shape:
            shape = definitions[shape["$ref"].rpartition("/")[2]]
        elif forms:
            shape = forms[0]
        else:
            break
    kind = FORMATS.get(shape.get("format", ""), shape.get("type", "string"))
    found: Document = {"logicalType": kind}
    if text := outer.get("description") or shape.get("description"):
        found["description"] = text
    if rules := {rule: value for rule, value in shape.items() if rule in OPTIONS and value not in FORMATS}:
        found["logicalTypeOptions"] = rules
    if words := shape.get("enum") or ([shape["const"]] if "const" in shape else None):
        found["quality"] = [{"type": "library", "metric": "invalidValues", "arguments": {"validValues": words}, "mustBe": 0}]
    if kind == "object":
        found["properties"] = _properties(shape, definitions)
    if kind == "array":
        found["items"] = _property(shape.get("items", {}), definitions)
    return found
