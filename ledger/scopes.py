"""What a rollback is about: an event, a run, a time or a contract version, and all that stands on it in the same deals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WHICH = {
    "event": "i.id = :event",
    "run": "i.flow_run_id = :run",
    "contract": "i.contract = :contract",
    "time": "EXISTS (SELECT 1 FROM effects w WHERE w.event_id = i.id AND w.finished_at >= :since AND w.finished_at < :until)",
}
EFFECTS = """
WITH chosen AS (SELECT i.id, i.type FROM inbox i WHERE {which}),
begun AS (SELECT e.case_id, min(e.started_at) AS at FROM effects e JOIN chosen c ON c.id = e.event_id
          WHERE c.type <> ALL(:alone) GROUP BY e.case_id)
SELECT e.key, e.case_id, e.event_id, e.system FROM effects e LEFT JOIN begun b ON b.case_id = e.case_id
WHERE e.state IN ('done', 'uncertain') AND e.step <> 'put_back'
  AND (e.event_id IN (SELECT id FROM chosen) OR e.started_at >= b.at)
ORDER BY e.started_at DESC, e.finished_at DESC
"""
"""What was put back only stands for the change before it, which is undone as if nobody had touched it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One of WHICH with its values, and how people call it."""

    kind: str
    name: str
    values: Mapping[str, Any]
