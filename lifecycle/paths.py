"""All paths by the event that starts them; the third event's path is one more line."""

from __future__ import annotations

from lifecycle.discovery import DISCOVERY
from lifecycle.lead import LEAD

PATHS = {path.event: path for path in (LEAD, DISCOVERY)}
