"""How a length of time is said."""

from __future__ import annotations


def span(seconds: float) -> str:
    """Return a length of time in its two largest units: `12 s`, `3 h 10 min`, `2 d 4 h`."""
    whole = max(0, int(seconds))
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"
