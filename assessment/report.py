"""The report: one HTML file that asks for nothing from outside; of cells it shows only words that several rows share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from assessment.charts import bars
from assessment.rules import FieldRule, Rules
from assessment.summary import SHARED_BY, Assessment

KINDS = {"empty": ("missing_required",), "invalid": ("invalid_email", "invalid_phone"), "not in the vocabulary": ("vocabulary",)}


def write_report(found: Assessment, rules: Rules, fields: Mapping[str, FieldRule], now: datetime, to: Path) -> None:
    """Write the report of an assessment."""
    templates = Environment(
        loader=PackageLoader("assessment"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters |= {
        "whole": "{:,.0f}".format,
        "count": lambda count: f"{count:,}" if count else "-",
        "share": lambda part: f"{100 * part / found.rows:.1f} %",
        "hours": _hours,
    }
    page = templates.get_template("assessment.html.j2").render(
        found=found, rules=rules, fields=fields, now=now, charts=_charts(found), shared_by=SHARED_BY
    )
    to.write_text(page, encoding="utf-8")


def _charts(found: Assessment) -> Mapping[str, str]:
    """Charts with something in them, by name."""
    causes = sorted((one for one in found.causes if one.rows), key=lambda one: -one.rows)
    costly = sorted((one for one in found.causes if one.hours), key=lambda one: -one.hours)
    weak = [one for one in found.fields if one.rows]
    kinds = {kind: [sum(one.rows.get(cause, 0) for cause in causes) for one in weak] for kind, causes in KINDS.items()}
    torn = sorted((one for one in found.fields if one.conflicts), key=lambda one: -one.conflicts)
    charts = {
        "causes": causes and bars("Rows by cause", [one.title for one in causes], {"rows": [one.rows for one in causes]}),
        "hours": costly
        and bars("Hours by cause", [one.title for one in costly], {"hours": [one.hours for one in costly]}, number="{:,.1f}"),
        "fields": weak
        and bars("Rows by field", [one.title for one in weak], {kind: rows for kind, rows in kinds.items() if any(rows)}),
        "conflicts": torn
        and bars("Groups in conflict by field", [one.title for one in torn], {"groups": [one.conflicts for one in torn]}),
    }
    return {name: chart for name, chart in charts.items() if chart}


def _hours(hours: float) -> str:
    return f"{hours:,.0f} h" if hours >= 10 else f"{hours:.1f} h"
