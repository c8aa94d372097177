"""The ladder of a call, drawn from its timeline: who sent what to whom, when, and what money did meanwhile.

Pure. `draw` gives lines with the kind of each, `as_text` and `as_rich` put them on paper or on a terminal:

     time   caller   switch   callee    book
     0.00      │────────▶│        │        │   INVITE (SDP)
     2.42      │••••••••▶│        │        │   keys ••••
     3.02      │         │════════╪═══════▶│   hold 0.025 of advancepay:+14155550123: talk paid to 0:00:06

A line of its own for each item; keys pressed in a row stand in one. What is said is never cut, but wrapped.
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
    heading = "".join(lane.center(LANE_WIDTH) for lane in LANES)[LANE_WIDTH // 2 - FIRST_LANE :]
    lines = [Line("time".rjust(TIME_WIDTH), heading[:DIAGRAM_WIDTH].ljust(DIAGRAM_WIDTH), "", None)]
    for item, text in _rows(items):
        first, *rest = textwrap.wrap(text, text_width) or [""]
        lines.append(Line(f"{item.at - since:{TIME_WIDTH}.2f}", _diagram(item), first, item.kind))
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


def _rows(items: Sequence[Item]) -> list[tuple[Item, str]]:
    """Items with what is said of each; keys in a row are one."""
    rows: list[tuple[Item, str]] = []
    keys: tuple[Item, list[str]] | None = None
    for item in items:
        if item.kind is not Kind.KEY:
            keys = None
            rows.append((item, _said(item)))
            continue
        shown = HIDDEN_KEY if item.text == UNKNOWN_KEY else item.text.removeprefix("key ")
        if keys is not None and keys[0].source == item.source:
            keys[1].append(shown)
            rows[-1] = (keys[0], f"keys {''.join(keys[1])}")
        else:
            keys = (item, [shown])
            rows.append((item, f"key {shown}"))
    return rows


def _said(item: Item) -> str:
    return f"“{item.text}”" if item.kind is Kind.WORDS else item.text


def _lifelines() -> str:
    marks = [" "] * DIAGRAM_WIDTH
    for place in range(len(LANES)):
        marks[_column(place)] = LIFELINE
    return "".join(marks)


def _diagram(item: Item) -> str:
    """Lifelines with this item's arrow, or its mark where it concerns one party alone."""
    marks = list(_lifelines())
    source, target = LANES.index(item.source), LANES.index(item.target)
    if source == target:
        marks[_column(source)] = EVENT
        return "".join(marks)
    shaft = SHAFTS[item.kind]
    low, high = sorted((_column(source), _column(target)))
    for column in range(low + 1, high):
        marks[column] = CROSSINGS[shaft] if marks[column] == LIFELINE else shaft
    if source < target:
        marks[high - 1] = "▶"
    else:
        marks[low + 1] = "◀"
    return "".join(marks)


def _column(place: int) -> int:
    return FIRST_LANE + LANE_WIDTH * place
