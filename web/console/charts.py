"""Bars of the day as SVG, without a style of its own, which our pages forbid: `console.css` gives it the page's colours."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime

import pygal
from markupsafe import Markup

# pygal leaves a finder for its plugins among Python's, of a kind that Python no longer knows: every later import that the others
# do not find at once would warn of it.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

WIDTH, HEIGHT = 420, 180
NOT_OURS = re.compile(r"<!--.*?-->|<(title|script|style|desc)\b.*?</\1>|\sstyle=\"[^\"]*\"", re.DOTALL)


def hours(begin: Sequence[datetime], counts: Mapping[str, Sequence[int]]) -> Markup:
    """Return bars of what came in by the hour, stacked by how it stands, with the sums in words."""
    chart = pygal.StackedBar(
        js=[],
        css=[],
        disable_xml_declaration=True,
        explicit_size=False,
        width=WIDTH,
        height=HEIGHT,
        show_legend=False,
        margin=2,
        spacing=4,
        x_labels=[f"{hour:%H:%M}" for hour in begin],
        x_labels_major=[f"{hour:%H:%M}" for hour in begin if hour.hour % 6 == 0],
        show_minor_x_labels=False,
        truncate_label=-1,
        order_min=0,
        min_scale=2,
        max_scale=4,
        value_formatter=lambda value: f"{value:,.0f}",
    )
    for name, values in counts.items():
        chart.add(name, list(values))
    plain = NOT_OURS.sub("", chart.render(is_unicode=True))
    sums = ", ".join(f"{sum(values):,} {name}" for name, values in counts.items())
    spoken = Markup('<svg role="img" aria-label="Events of the last 24 hours: {}"').format(sums)
    return Markup(plain.replace("<svg", spoken, 1))  # noqa: S704 - pygal escapes labels; the rest is ours
