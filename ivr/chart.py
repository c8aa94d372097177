"""A profile's call as a flow chart (SVG): steps downwards, ways out to the right, the talk as a line of time."""

from __future__ import annotations

import textwrap
from itertools import pairwise
from typing import Final

from ivr.call_steps import DOUBT, Cap, Exit, Side, Step, Steps
from ivr.chart_talk import draw_talk
from ivr.drawing import Group, Path, Rect, Text, written
from ivr.profile_file import ProfileFile

WIDTH: Final = 1180.0
BAND_LEFT: Final = 24.0
BAND_TEXT: Final = 48.0
LEFT: Final = 96.0
RIGHT: Final = 650.0
"""The boxes of steps; those of ways out are right of them."""
EXIT_LEFT: Final = 800.0
EXIT_RIGHT: Final = 1152.0
TOP: Final = 108.0
PAD: Final = 14.0
LINE: Final = 18.0
NOTE: Final = 16.0
GAP: Final = 30.0
"""Between two steps: an arrow with its head."""
TRUNK: Final = 10.0
"""From a box to where its ways out go down."""
EXIT_GAP: Final = 10.0
BAND_PAD: Final = 14.0
CAP: Final = 24.0
"""A key is as high as wide, and wider for two."""
LETTERS: Final = 80
"""Of a line in the box of a step, of one beside a key, and of one in the box of a way out."""
LETTERS_BESIDE_CAP: Final = 66
EXIT_LETTERS: Final = 52


def svg(read: ProfileFile) -> str:
    """Draw the call of a profile: states, keys, words, time-outs, repeats."""
    steps = Steps.of(read)
    groups = [_head(read)]
    y = TOP
    for side in (Side.INSIDE, Side.OUTSIDE):
        band, y = _band(side, [step for step in steps.all() if step.side is side], y)
        between, y = _between(y, steps.cap("keys.accept", "accept") if side is Side.OUTSIDE else None)
        groups += [*band, between]
    talk, y = draw_talk(steps, y, left=BAND_LEFT, right=EXIT_RIGHT + BAND_PAD, begin=LEFT)
    account, y = _band(Side.ACCOUNT, steps.account_line(), y + GAP)
    groups += [talk, *account, _foot(read, y + 30)]
    label = f"The call of the profile {read.profile.name}"
    return written("chart.svg", groups, label=label, width=WIDTH, height=y + 52)


def draw_cap(group: Group, x: float, y: float, cap: Cap) -> float:
    """Draw a key with its middle at `y`; the x at its right end."""
    width = CAP + 12 * (len(cap.key) - 1) + (14 if len(cap.key) > 1 else 0)
    doubted = " doubted" if cap.is_unverified else ""
    group.marks.append(Rect(f"cap{doubted}", x, y - CAP / 2, width, CAP, 5))
    shown = " then ".join(cap.key) if len(cap.key) > 1 else cap.key
    group.marks.append(Text("key", x + width / 2, y + 5, shown.replace(" then ", " "), "middle"))
    if cap.is_unverified:
        group.marks.append(Text("doubt", x + width + 3, y - 4, DOUBT))
    return x + width + (12 if cap.is_unverified else 0)


def _head(read: ProfileFile) -> Group:
    group = Group("header")
    group.marks.append(Text("head", BAND_LEFT, 46, read.profile.title or read.profile.name))
    text = f"How a call goes by the profile {read.profile.name}: what is heard, which keys do what, and where it ends"
    group.marks.append(Text("sub", BAND_LEFT, 70, text))
    return group


def _foot(read: ProfileFile, y: float) -> Group:
    group = Group("foot")
    text = "Words in brackets depend on the call. A call that nobody accepted costs nothing."
    group.marks.append(Text("note", BAND_LEFT, y, text))
    if read.unverified:
        text = f"unverified: {len(read.unverified)} values of this profile are examples that nobody could check"
        group.marks.append(Text("note", EXIT_RIGHT + BAND_PAD, y, f"{DOUBT} {text}", "end", is_doubted=True))
    return group


def _band(side: Side, steps: list[Step], top: float) -> tuple[list[Group], float]:
    """One side's steps, downwards, on their band; the y below it."""
    drawn, ends = Group(side.value), Group("end")
    y = top + BAND_PAD + 4
    boxes: list[tuple[float, float]] = []
    for step in steps:
        box = _step(drawn, step, y)
        boxes.append((y, box))
        y = max(box, _exits(ends, step.exits, y, box)) + GAP
    for (_, above), (below, _) in pairwise(boxes):
        _down(drawn, above, below)
    end = y - GAP + BAND_PAD + 4
    behind = Group(side.value)
    behind.marks.append(Rect("band", BAND_LEFT, top, EXIT_RIGHT + BAND_PAD - BAND_LEFT, end - top, 12))
    behind.marks.append(Text("band-name", BAND_TEXT, (top + end) / 2, side.value.upper(), "middle", is_upright=True))
    return [behind, drawn, ends], end


def _step(group: Group, step: Step, top: float) -> float:
    """A step's box; the y below it."""
    inner = Group(group.kind)
    y = top + PAD + 10
    inner.marks.append(Text("title", LEFT + PAD, y, step.title))
    y += 6
    for line in step.lines:
        wrapped = textwrap.wrap(line.text, LETTERS_BESIDE_CAP if line.cap else LETTERS)
        height = max(len(wrapped) * LINE, CAP + 4 if line.cap else 0)
        first = y + (height - len(wrapped) * LINE) / 2 + 14
        inner.marks += [Text("said", LEFT + PAD, first + LINE * n, each) for n, each in enumerate(wrapped)]
        if line.cap is not None:
            draw_cap(inner, RIGHT - PAD - 58, y + height / 2, line.cap)
        y += height + 2
    for note in step.notes:
        for each in textwrap.wrap(note, LETTERS + 8):
            y += NOTE
            inner.marks.append(Text("note", LEFT + PAD, y, each, is_doubted=True))
    group.marks.append(Rect("box", LEFT, top, RIGHT - LEFT, y + PAD - top))
    group.marks += inner.marks
    if step.repeats:
        _again(group, top, y + PAD)
    return y + PAD


def _exits(group: Group, exits: tuple[Exit, ...], top: float, bottom: float) -> float:
    """Ways out of a box from `top` to `bottom`, below each other; the y below them."""
    y = top
    for each in exits:
        titles = textwrap.wrap(each.title, EXIT_LETTERS - 8)
        lines = [line for told in each.told for line in textwrap.wrap(told, EXIT_LETTERS)]
        height = 2 * PAD - 4 + LINE * len(titles) + NOTE * len(lines)
        middle = y + 20
        leaves = f"M{RIGHT:.1f} {min(middle, bottom - PAD):.1f}"
        if middle > bottom - PAD:  # Beside nothing: down along the box first.
            leaves += f"h{TRUNK:.1f}V{middle:.1f}"
        group.marks.append(Path("flow", f"{leaves}H{EXIT_LEFT - 7:.1f}"))
        group.marks.append(_tip(EXIT_LEFT, middle, "right"))
        x = RIGHT + TRUNK + 8
        if each.cap is not None:
            x = draw_cap(group, x, middle, each.cap) + 5
        group.marks.append(Text("label", x, middle - 6, each.why, is_doubted=True))
        group.marks.append(Rect("box", EXIT_LEFT, y, EXIT_RIGHT - EXIT_LEFT, height))
        base = y + PAD + 8
        for text in titles:
            group.marks.append(Text("title", EXIT_LEFT + PAD, base, text, is_doubted=True))
            base += LINE
        for text in lines:
            group.marks.append(Text("said", EXIT_LEFT + PAD, base, text))
            base += NOTE
        y += height + EXIT_GAP
    return y - EXIT_GAP


def _again(group: Group, top: float, bottom: float) -> None:
    """An arrow from the end of a box back to its beginning."""
    x, low, high = LEFT - 20, bottom - 20, top + 20
    group.marks.append(
        Path(
            "again",
            f"M{LEFT:.1f} {low:.1f}H{x + 8:.1f}Q{x:.1f} {low:.1f} {x:.1f} {low - 8:.1f}"
            f"V{high + 8:.1f}Q{x:.1f} {high:.1f} {x + 8:.1f} {high:.1f}H{LEFT - 7:.1f}",
        )
    )
    group.marks.append(_tip(LEFT, high, "right"))


def _between(top: float, cap: Cap | None) -> tuple[Group, float]:
    """An arrow from one band to the next, with the key that goes on; the y of the next band."""
    group = Group("step")
    bottom = top + 30 if cap is None else top + 46
    _down(group, top, bottom)
    if cap is not None:
        x = draw_cap(group, (LEFT + RIGHT) / 2 + 14, (top + bottom) / 2 - 2, cap)
        text = "accepted: the talk begins, and is charged from here"
        group.marks.append(Text("label", x + 8, (top + bottom) / 2 + 3, text))
    return group, bottom


def _down(group: Group, top: float, bottom: float) -> None:
    x = (LEFT + RIGHT) / 2
    group.marks.append(Path("flow", f"M{x:.1f} {top:.1f}V{bottom - 7:.1f}"))
    group.marks.append(_tip(x, bottom, "down"))


def _tip(x: float, y: float, way: str) -> Path:
    if way == "down":
        return Path("tip", f"M{x:.1f} {y:.1f}l-4.5 -8h9z")
    return Path("tip", f"M{x:.1f} {y:.1f}l-8 -4.5v9z")
