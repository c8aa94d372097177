"""The plots of a report, as SVG that needs nothing from elsewhere."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import pygal
from pygal.style import Style

from scenarios.load import quantities
from scenarios.load.measures import Measure
from scenarios.load.outcome import Outcome
from scenarios.load.tally import Second, Tally

POINTS_MAX: Final = 240
"""Points of a line: more than a plot 900 pixels wide can show apart."""
LABELS: Final = 8
BLUE, ORANGE, RED, GREEN, VIOLET, GREY = "#2f6fb0", "#d9822b", "#c23b3b", "#3c8d5a", "#7b5aa6", "#8a8f98"
SPECTRUM: Final = (
    (Measure.SETUP, BLUE),
    (Measure.ANSWER, GREEN),
    (Measure.REACH, VIOLET),
    (Measure.BYE, ORANGE),
    (Measure.RTP_DELAY, GREY),
    (Measure.CUTOFF, RED),
)
NINES_MAX: Final = 5

Point = float | None

_SCRIPT: Final = re.compile(r"<script\b.*?</script>|<!--.*?-->", re.DOTALL)
"""What the library leaves in even without its scripts: settings for them, and greetings."""


def plots_of(outcome: Outcome) -> list[tuple[str, str, str]]:
    """Title, a sentence on how to read it, and SVG of each plot that has something to show."""
    tally = outcome.tally
    rows = list(tally.seconds)
    if not rows or not tally.calls():
        return []
    found = [
        ("Calls", "Calls begun, and calls that failed, by the second in which they were to begin.", _calls(rows)),
        ("Calls at a time", "A rate that the target keeps makes a level line.", _in_progress(rows)),
        ("Setup over time", "From the intended start to the first ringing, within each second.", _setup(rows)),
        ("Percentiles", "How many calls waited no longer. The scale to the right grows by nines.", _spectrum(tally)),
    ]
    if tally.failures:
        found.append(("Failures", "By class and kind of call.", _failures(tally)))
    found.append(("The generator itself", "Near 100 % of a core its own waiting is measured too.", _generator(rows)))
    return found


def _calls(rows: Sequence[Second]) -> str:
    chart = _line("calls/s", [BLUE, RED], lambda value: f"{value:g}")
    return _over_time(
        chart,
        rows,
        [
            ("begun", lambda row: float(row.intended), _mean),
            ("failed", lambda row: float(row.failed), _mean),
        ],
    )


def _in_progress(rows: Sequence[Second]) -> str:
    chart = _line("calls", [GREEN], lambda value: f"{value:.0f}")
    chart.fill = True
    return _over_time(chart, rows, [("in progress", lambda row: float(row.in_progress), _highest)])


def _setup(rows: Sequence[Second]) -> str:
    chart = _line("", [BLUE, ORANGE, RED], quantities.time_text)
    return _over_time(
        chart,
        rows,
        [
            ("p50", lambda row: row.setup_p50, _highest),
            ("p99", lambda row: row.setup_p99, _highest),
            ("max", lambda row: row.setup_max, _highest),
        ],
    )


def _generator(rows: Sequence[Second]) -> str:
    chart = _line("% of a core", [GREY, ORANGE], lambda value: f"{value:.0f}")
    return _over_time(
        chart,
        rows,
        [
            ("processor, % of a core", lambda row: 100 * row.cpu, _highest),
            ("loop late, ms", lambda row: 1000 * row.lag, _highest),
        ],
    )


def _spectrum(tally: Tally) -> str:
    """The distribution as Gil Tene draws it: each step to the right is another nine."""
    measured = [(measure, color) for measure, color in SPECTRUM if len(tally.all_times(measure))]
    chart = pygal.XY(_config([color for _, color in measured], quantities.time_text), dots_size=1.5)
    most = 1.0
    for measure, _ in measured:
        times = tally.all_times(measure)
        points: list[tuple[float, float]] = []
        for percent, seconds in times.spectrum():
            # With n times there is nothing to be told beyond 1 - 1/n; the longest stands there.
            limit = min(NINES_MAX, math.log10(max(10, len(times))))
            nines = limit if percent >= 100 else min(limit, -math.log10(1 - percent / 100))
            points.append((nines, seconds))
        most = max([most, *(nines for nines, _ in points)])
        chart.add(measure.value, points)
    shown = [(nines, text) for nines, text in _NINES if nines <= most]
    chart.x_labels = [{"label": text, "value": nines} for nines, text in shown]
    chart.xrange = (0, most)
    return _svg(chart)


_NINES: Final = (
    (0.0, "0 %"),
    (-math.log10(0.5), "50 %"),
    (1.0, "90 %"),
    (2.0, "99 %"),
    (3.0, "99.9 %"),
    (4.0, "99.99 %"),
)


def _failures(tally: Tally) -> str:
    classes = tally.failure_classes()
    kinds = [kind for kind in tally.kinds if any(kind in by_kind for _, _, by_kind in classes)]
    colors = [RED, ORANGE, VIOLET, BLUE, GREEN, GREY]
    chart = pygal.HorizontalStackedBar(_config(colors, lambda value: f"{value:.0f}"))
    chart.height = 120 + 34 * len(classes)
    chart.x_labels = [name for name, _, _ in classes]
    for kind in kinds:
        chart.add(kind, [by_kind.get(kind) for _, _, by_kind in classes])
    return _svg(chart)


def _line(title: str, colors: list[str], formatter: Callable[[float], str]) -> Any:
    chart = pygal.Line(_config(colors, formatter), show_dots=False, y_title=title or None)
    chart.range = None
    chart.include_x_axis = True
    return chart


def _over_time(
    chart: Any,
    rows: Sequence[Second],
    lines: Sequence[tuple[str, Callable[[Second], Point], Callable[[list[float]], float]]],
) -> str:
    """Draw one value a second, or of several seconds together where there are many."""
    width = math.ceil(len(rows) / POINTS_MAX)
    groups = [rows[begin : begin + width] for begin in range(0, len(rows), width)]
    chart.x_labels = [f"{index * width} s" for index in range(len(groups))]
    chart.x_labels_major_every = max(1, len(groups) // LABELS)
    chart.show_minor_x_labels = False
    for name, read, together in lines:
        points: list[Point] = []
        for group in groups:
            known = [value for value in map(read, group) if value is not None]
            points.append(together(known) if known else None)
        chart.add(name, points)
    return _svg(chart)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _highest(values: list[float]) -> float:
    return max(values)


def _config(colors: list[str], formatter: Callable[[float], str]) -> Any:
    style = Style(
        background="transparent",
        plot_background="transparent",
        foreground="#333",
        foreground_strong="#111",
        foreground_subtle="#ddd",
        guide_stroke_color="#e4e6ea",
        major_guide_stroke_color="#c9ccd2",
        font_family="system-ui, sans-serif",
        label_font_size=12,
        major_label_font_size=12,
        legend_font_size=13,
        title_font_size=14,
        stroke_width="2",
        opacity=".35",
        opacity_hover=".6",
        colors=tuple(colors),
    )
    # No script: a page of its own asks nobody for anything.
    return pygal.Config(
        style=style,
        js=[],
        width=900,
        height=300,
        legend_at_bottom=True,
        legend_at_bottom_columns=4,
        legend_box_size=10,
        value_formatter=formatter,
        show_y_guides=True,
        y_labels_major_count=3,
        no_data_text="nothing measured",
        pretty_print=False,
    )


def _svg(chart: Any) -> str:
    rendered: str = chart.render(is_unicode=True, disable_xml_declaration=True)
    return _SCRIPT.sub("", rendered)
