"""The ladder of a call, drawn from its timeline: who sent what to whom, when, and what money did meanwhile.

Pure. `draw` gives lines with the kind of each, `as_text` and `as_rich` put them on paper or on a terminal:

      time caller   switch   callee    book
      0.00    │───────▶│        │        │   INVITE (SDP)
      2.42    │•••••••▶│        │        │   keys ••••
      3.02    │        │════════╪═══════▶│   hold 0.025 of advancepay:+14155550123: talk paid to 0:00:06

A line of its own for each item, but for keys pressed in a row, and for the same thing done with both
parties at once. What is said is never cut, but wrapped.
"""

from __future__ import annotations

import textwrap
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rich.text import Text

from switch.call.timeline import BOOK, CALLEE, CALLER, SWITCH, Item, Kind

LANES: Final = (CALLER, SWITCH, CALLEE, BOOK)
TIME_WIDTH: Final = 6
LANE_WIDTH: Final = 9
FIRST_LANE: Final = 4
"""Half of the widest heading before the first lifeline."""
DIAGRAM_WIDTH: Final = FIRST_LANE + LANE_WIDTH * (len(LANES) - 1) + 2
TEXT_WIDTH_MIN: Final = 24
"""Below this words would be cut to pieces: a narrower terminal wraps as it likes."""
WIDTH_MIN: Final = TIME_WIDTH + DIAGRAM_WIDTH + 2 + TEXT_WIDTH_MIN

TWIN_SECONDS: Final = 0.1
"""The same thing to or from both parties within so much stands in one line."""

UNKNOWN_KEY: Final = "key"
"""What a timeline says of a key: that there was one, never which."""
HIDDEN_KEY: Final = "•"

SHAFTS: Final[Mapping[Kind, str]] = {
    Kind.SIP: "─",
    Kind.KEY: "•",
    Kind.WORDS: "┄",
    Kind.MEDIA: "┄",
    Kind.MONEY: "═",
    Kind.STATE: "─",
}
CROSSINGS: Final[Mapping[str, str]] = {"─": "┼", "═": "╪", "┄": "┼", "•": "┼"}
LIFELINE: Final = "│"
EVENT: Final = "◆"

STYLES: Final[Mapping[Kind, str]] = {
    Kind.SIP: "cyan",
    Kind.KEY: "bold yellow",
    Kind.WORDS: "green",
    Kind.MEDIA: "green",
    Kind.MONEY: "bold magenta",
    Kind.STATE: "bold",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a ladder. Its four parts are columns of fixed width, but for the last."""

    time: str
    diagram: str
    text: str
    kind: Kind | None
    """None for the heading."""


def with_keys(items: Iterable[Item], pressed: Mapping[str, Sequence[str]]) -> list[Item]:
    """Say which keys a party pressed, in order, where the timeline only knows that it pressed one.

    A party with another number of keys than the timeline has keeps its dots: nothing is guessed.
    """
    items = list(items)
    known = {
        party: deque(keys)
        for party, keys in pressed.items()
        if len(keys) == sum(item.kind is Kind.KEY and item.source == party for item in items)
    }
    return [
        replace(item, text=known[item.source].popleft()) if item.kind is Kind.KEY and item.source in known else item
        for item in items
    ]


def draw(items: Sequence[Item], *, since: float, width: int) -> list[Line]:
    """Draw a ladder; times count from `since`, `width` is that of the whole."""
    text_width = max(TEXT_WIDTH_MIN, width - TIME_WIDTH - DIAGRAM_WIDTH - 2)
    lines = [Line("time".rjust(TIME_WIDTH), _heading(), "", None)]
    for row in _rows(items):
        item = row.items[0]
        first, *rest = textwrap.wrap(row.text, text_width) or [""]
        lines.append(Line(f"{item.at - since:{TIME_WIDTH}.2f}", _diagram(row.items), first, item.kind))
        lines += [Line(" " * TIME_WIDTH, _lifelines(), more, item.kind) for more in rest]
    return lines


def as_text(lines: Iterable[Line]) -> str:
    """The ladder as plain text."""
    return "\n".join(f"{line.time}{line.diagram}  {line.text}".rstrip() for line in lines)


def as_rich(lines: Iterable[Line]) -> Text:
    """The ladder in colours: one for each kind."""
    text = Text(no_wrap=True)
    for line in lines:
        text.append(line.time, style="dim")
        if line.kind is None:
            text.append(line.diagram, style="bold")
        else:
            for mark in line.diagram:
                text.append(mark, style="dim" if mark == LIFELINE else STYLES[line.kind])
            text.append(f"  {line.text}", style=STYLES[line.kind])
        text.append("\n")
    text.right_crop(1)
    return text


@dataclass(slots=True)
class _Row:
    """Items that stand in one line, and what is said of them."""

    items: list[Item]
    text: str


def _rows(items: Sequence[Item]) -> list[_Row]:
    """Keys in a row are one line, and so is the same thing to, or from, both parties at once."""
    rows: list[_Row] = []
    for item in items:
        before = rows[-1] if rows else None
        if item.kind is Kind.KEY:
            shown = HIDDEN_KEY if item.text == UNKNOWN_KEY else item.text.removeprefix("key ")
            if before is not None and before.items[0].kind is Kind.KEY and before.items[0].source == item.source:
                before.text = f"{before.text.replace('key ', 'keys ')}{shown}"
            else:
                rows.append(_Row([item], f"key {shown}"))
        elif before is not None and _is_twin(before.items, item):
            before.items.append(item)
        else:
            rows.append(_Row([item], f"“{item.text}”" if item.kind is Kind.WORDS else item.text))
    return rows


def _is_twin(before: Sequence[Item], item: Item) -> bool:
    """Whether this is the same thing at the same instant, with the other party of the switch."""
    first = before[0]
    between, with_other = {first.source, first.target}, {item.source, item.target}
    return (
        len(before) == 1
        and (first.kind, first.text) == (item.kind, item.text)
        and item.at - first.at <= TWIN_SECONDS
        and between | with_other == {CALLER, SWITCH, CALLEE}
        and between & with_other == {SWITCH}
    )


def _heading() -> str:
    marks = [" "] * DIAGRAM_WIDTH
    for place, lane in enumerate(LANES):
        start = _column(place) - len(lane) // 2
        marks[start : start + len(lane)] = lane
    return "".join(marks)


def _lifelines() -> str:
    marks = [" "] * DIAGRAM_WIDTH
    for place in range(len(LANES)):
        marks[_column(place)] = LIFELINE
    return "".join(marks)


def _diagram(items: Iterable[Item]) -> str:
    """Lifelines with an arrow for each item, or a mark where it concerns one party alone."""
    marks = list(_lifelines())
    for item in items:
        source, target = _column(LANES.index(item.source)), _column(LANES.index(item.target))
        if source == target:
            marks[source] = EVENT
            continue
        shaft = SHAFTS[item.kind]
        low, high = sorted((source, target))
        for column in range(low + 1, high):
            marks[column] = CROSSINGS[shaft] if marks[column] == LIFELINE else shaft
        head, mark = (high - 1, "▶") if source < target else (low + 1, "◀")
        marks[head] = mark
    return "".join(marks)


def _column(place: int) -> int:
    return FIRST_LANE + LANE_WIDTH * place
