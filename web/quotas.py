"""When a vendor's limit is used up, by what was left of it lately. Knows no ledger and no page."""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import datetime, timedelta

LATELY = timedelta(seconds=15)


class Quotas:
    """What was left of each limit. Make one per process."""

    def __init__(self) -> None:
        self._seen: defaultdict[str, deque[tuple[datetime, float]]] = defaultdict(deque)

    def runs_out(self, name: str, left: float, at: datetime) -> float | None:
        """Note what is left of a limit; return in how many seconds nothing is at this pace, None where it does not fall."""
        seen = self._seen[name]
        seen.append((at, left))
        while seen[0][0] < at - LATELY:
            seen.popleft()
        since, before = seen[0]
        used = before - left
        return left * (at - since).total_seconds() / used if used > 0 and at > since else None
