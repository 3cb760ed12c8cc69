"""Bar charts as SVG that takes its colours from the page, so that it is readable in light and dark. Knows no finding."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence

import pygal
from markupsafe import Markup
from pygal.style import Style

# pygal leaves a finder for its plugins among Python's, of a kind that Python no longer knows: every later import that the others
# do not find at once would warn of it.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

COLOURS = ("var(--bar-1)", "var(--bar-2)", "var(--bar-3)")
WIDTH, ROW = 560, 28
_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground="var(--ink)",
    foreground_strong="var(--ink)",
    foreground_subtle="var(--faint)",
    guide_stroke_color="var(--line)",
    major_guide_stroke_color="var(--line)",
    guide_stroke_dasharray="none",
    major_guide_stroke_dasharray="none",
    opacity="1",
    opacity_hover=".8",
    colors=COLOURS,
    value_colors=("var(--ink)",) * len(COLOURS),
    font_family="inherit",
    label_font_size=13,
    major_label_font_size=13,
    value_font_size=13,
    legend_font_size=13,
)


def bars(title: str, labels: Sequence[str], series: Mapping[str, Sequence[float]], *, number: str = "{:,.0f}") -> Markup:
    """Return horizontal bars, the first label on top; several series are stacked."""
    chart = pygal.HorizontalStackedBar(
        style=_STYLE,
        js=[],
        disable_xml_declaration=True,
        explicit_size=False,
        width=WIDTH,
        height=ROW * len(labels) + (70 if len(series) > 1 else 44),
        show_legend=len(series) > 1,
        legend_at_bottom=True,
        legend_at_bottom_columns=3,
        legend_box_size=11,
        print_values=len(series) == 1,
        print_values_position="top",
        margin=2,
        margin_right=60 if len(series) == 1 else 10,
        spacing=6,
        rounded_bars=2,
        show_x_guides=False,
        show_y_guides=True,
        x_labels=list(reversed(labels)),
        truncate_label=-1,
        truncate_legend=-1,
        min_scale=2,
        max_scale=4,
        value_formatter=number.format,
    )
    for name, values in series.items():
        chart.add(name, [value or None for value in reversed(values)])
    drawn = chart.render(is_unicode=True)
    plain = re.sub(r"<!--.*?-->|<(title|script)\b.*?</\1>", "", drawn, flags=re.DOTALL)
    spoken = Markup('<svg role="img" aria-label="{}"').format(title)
    return Markup(plain.replace("<svg", spoken, 1))  # noqa: S704 - pygal escapes labels; the rest is ours
