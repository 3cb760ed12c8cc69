"""What all pages share: their templates and filters, and what stands around each page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contracts.values import Money
from web.console.people import Person
from web.house import House

HERE = Path(__file__).parent


def templates() -> Environment:
    """Return the templates; what they are given is escaped."""
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"moment": moment, "age": age, "took": took, "money": money, "whole": whole}
    return found


def shown(house: House, person: Person | None, title: str, *, renews: bool = False) -> dict[str, Any]:
    """Return what stands around every page: its title, the systems' links, who is signed in, and the time."""
    settings = house.settings
    sandbox = {"Sandbox": settings.sandbox_url} if settings.needs_sandbox else {}
    links = {"Data Docs": "/data-docs/", "Prefect": settings.prefect_ui} | sandbox
    return {"links": links, "now": house.now(), "person": person, "title": title, "renews": renews}


def moment(value: datetime) -> str:
    """Return a time to the second, by UTC."""
    return value.strftime("%Y-%m-%d %H:%M:%S UTC")


def age(seconds: float) -> str:
    """Return a time span in its largest unit."""
    minutes, hours = seconds / 60, seconds / 3600
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes:.0f} min" if hours < 1 else f"{int(hours)} h {int(minutes) % 60} min"


def took(seconds: float | None) -> str:
    """Return how long something took; nothing where that is not known."""
    if seconds is None:
        return ""
    return f"{seconds:.1f} s" if seconds < 10 else age(seconds)


def whole(amounts: Iterable[Money]) -> str:
    """Return sums in whole major units."""
    return " + ".join(f"{one.currency} {one.as_moneyed().amount:,.0f}" for one in amounts)


def money(amount: tuple[int | None, str | None]) -> str:
    """Return an amount in major units; nothing where there is none. One below nothing has its sign before it."""
    minor, currency = amount
    if minor is None or currency is None:
        return ""
    return f"{'-' if minor < 0 else ''}{Money(minor=abs(minor), currency=currency)}"
