"""The system contract as one page of Markdown, from the file that the write guard obeys."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.catalog import Catalog
from contracts.systems import Entity, System


def page(catalog: Catalog) -> str:
    """Return the page: each system with who answers for it, each entity with who decides about its fields, and why."""
    owners = catalog.owners.owners
    lines = ["# The system contract", "", "## Systems", "", "| system | process owner | integration owner | application owner |"]
    lines.append("|---|---|---|---|")
    for system in catalog.systems.systems.values():
        people = (system.process_owner, system.integration_owner, system.application_owner)
        lines.append(f"| {system.title} | {' | '.join(owners[one].name for one in people)} |")
    lines += [
        "",
        "## Entities",
        "",
        "| entity | system of record | mirrors | fields | why | decision |",
        "|---|---|---|---|---|---|",
    ]
    titles = {system: entry.title for system, entry in catalog.systems.systems.items()}
    for name, entity in catalog.systems.entities.items():
        mirrors = ", ".join(titles[mirror] for mirror in entity.mirrors)
        cells = (name, titles[entity.record], mirrors, _fields(entity, titles), entity.why, f"{entity.decision:04}")
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "The system of record decides about a field that names no other system. A mirror shows an entity, and decides nothing.",
    ]
    return "\n".join(lines)


def _fields(entity: Entity, titles: Mapping[System, str]) -> str:
    elsewhere = {field: f"{field} ({titles[system]})" for field, system in entity.authority.items()}
    return ", ".join(elsewhere.get(field, field) for field in entity.fields)
