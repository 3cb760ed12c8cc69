"""What HubSpot sets by itself when a deal or a ticket comes to a closed stage, or leaves it; knows no record but by its values.

https://knowledge.hubspot.com/object-settings/set-up-close-date-automation-for-objects: the date of the last closing is kept
when a record is opened again.
"""

from collections.abc import Mapping
from datetime import datetime

from sandbox.hubspot.pipelines import Pipelines
from sandbox.hubspot.vocabulary import Kind

LOST, WON = 0.0, 1.0


def closing(kind: Kind, before: Mapping[str, str], given: Mapping[str, str], pipelines: Pipelines, now: str) -> dict[str, str]:
    """Return the values that follow from a new stage; empty when the stage stays."""
    name = {"deals": "dealstage", "tickets": "hs_pipeline_stage"}.get(kind.name, "")
    stage = given.get(name)
    if stage is None or stage == before.get(name):
        return {}
    metadata, was = (pipelines.stage(kind.name, one).get("metadata", {}) for one in (stage, before.get(name)))
    return _deal(metadata, was, now) if kind.name == "deals" else _ticket(metadata, was, before, now)


def _deal(metadata: Mapping[str, str], was: Mapping[str, str], now: str) -> dict[str, str]:
    won, lost = (_probability(metadata) == one for one in (WON, LOST))
    flags = {"hs_is_closed": won or lost, "hs_is_closed_won": won, "hs_is_closed_lost": lost}
    newly = (won or lost) and _probability(metadata) != _probability(was)
    return {flag: str(is_so).lower() for flag, is_so in flags.items()} | ({"closedate": now} if newly else {})


def _ticket(metadata: Mapping[str, str], was: Mapping[str, str], before: Mapping[str, str], now: str) -> dict[str, str]:
    if metadata.get("ticketState") != "CLOSED" or was.get("ticketState") == "CLOSED":
        return {}
    return {"closed_date": now, "time_to_close": str(_milliseconds(before.get("createdate", now), now))}


def _milliseconds(start: str, end: str) -> int:
    return int((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() * 1000)


def _probability(metadata: Mapping[str, str]) -> float | None:
    try:
        return float(metadata["probability"])
    except (KeyError, TypeError, ValueError):
        return None
