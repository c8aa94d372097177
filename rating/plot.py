"""Prices drawn as SVG that needs nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import pygal
from pygal.style import Style

from ledger.money import MICROS_PER_UNIT, Money
from rating.compare import Line

COLORS: Final = ("#2f6fb0", "#d9822b", "#3c8d5a", "#c23b3b", "#7b5aa6", "#8a8f98", "#b08a2f", "#2fa0a0")
WIDTH, HEIGHT = 900, 420

_SCRIPT: Final = re.compile(r"<script\b.*?</script>|<!--.*?-->", re.DOTALL)
"""What the library leaves in even without its scripts: settings for them, and greetings."""


def plot_talk(title: str, lines: Sequence[Line]) -> str:
    """Dollars over minutes of talk, as one SVG document."""
    chart = pygal.XY(_config(title, "minutes of talk"), show_dots=False)
    for line in lines:
        points = [(length / 60, _dollars(money)) for length, money in line.points if isinstance(length, int)]
        chart.add(line.name, points)
    return _svg(chart)


def plot_days(title: str, lines: Sequence[Line]) -> str:
    """Dollars over days, as one SVG document; a gap where there is no price."""
    chart = pygal.DateLine(_config(title, "day"), dots_size=1.5, x_label_rotation=20, allow_interruptions=True)
    for line in lines:
        chart.add(line.name, [(day, _dollars(money)) for day, money in line.points if isinstance(day, date)])
    return _svg(chart)


def _dollars(money: Money | None) -> float | None:
    """Where a point stands in the drawing: the one place where a float is good enough for an amount."""
    return None if money is None else money.micros / MICROS_PER_UNIT


def _config(title: str, x_title: str) -> Any:
    style = Style(
        background="transparent",
        plot_background="transparent",
        font_family="system-ui, sans-serif",
        title_font_size=16,
        label_font_size=12,
        legend_font_size=12,
        colors=COLORS,
        stroke_width="2",
    )
    # No script: a drawing of its own asks nobody for anything.
    return pygal.Config(
        style=style,
        js=[],
        width=WIDTH,
        height=HEIGHT,
        title=title,
        x_title=x_title,
        y_title="dollars, without taxes",
        legend_at_bottom=True,
        legend_at_bottom_columns=3,
        value_formatter=lambda value: f"{value:g}",
        no_data_text="no price",
        pretty_print=False,
    )


def _svg(chart: Any) -> str:
    rendered: str = chart.render(is_unicode=True, disable_xml_declaration=True)
    return _SCRIPT.sub("", rendered)
