"""The talk of a flow chart: a line of time with what is said over the conversation, and who hears it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ivr.call_steps import DOUBT, Steps, span
from ivr.drawing import Group, Path, Rect, Text
from ivr.profile import Hears

TICKS_MAX: Final = 12
"""Marks of minutes on the axis."""
MARKS_MAX: Final = 120
"""Overlays drawn: more than anybody tells apart."""
STEPS: Final = (15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
ROW: Final = 34.0
LINE: Final = 20.0


def draw_talk(steps: Steps, top: float, *, left: float, right: float, begin: float) -> tuple[Group, float]:
    """Draw the talk from `begin` on, on a band from `left` to `right`; the y below it."""
    group = Group("talk")
    profile = steps.read.profile
    limit, axis_left, axis_right = profile.talking.limit, begin + 130, right - 40
    y = top + 30
    doubt = DOUBT if "talking.limit" in steps.read.unverified else ""
    group.marks.append(
        Text("title", begin, y, f"Talk: {span(limit)}{doubt} at most, while there is money", is_doubted=True)
    )

    def x(seconds: float) -> float:
        return axis_left + (axis_right - axis_left) * seconds / limit

    y += 22
    for who, name in ((Hears.CALLER, "the caller hears"), (Hears.CALLEE, "the other hears")):
        middle = y + ROW / 2
        group.marks.append(Text("note", begin, middle + 4, name))
        group.marks.append(Rect("bar", axis_left, middle - 9, axis_right - axis_left, 18, 9))
        for overlay in profile.overlays:
            if overlay.heard_by in {who, Hears.BOTH}:
                count = min(MARKS_MAX, int((limit - overlay.starts) // overlay.every) + 1)
                times = (overlay.starts + overlay.every * n for n in range(count))
                group.marks += [Rect("over", x(each) - 3, middle - 6, 6, 12, 3) for each in times if each < limit]
        if profile.talking.warnings_heard_by in {who, Hears.BOTH}:
            group.marks += [
                Path("warn", f"M{x(limit - each):.1f} {middle - 8:.1f}l6 15h-12z") for each in profile.talking.warnings
            ]
        y += ROW
    y = _axis(group, y, limit, axis_left, axis_right)
    y = _legend(group, steps, y + 10, begin)
    band = Rect("band", left, top, right - left, y + 14 - top, 12)
    upright = Text("band-name", left + 24, (top + y + 14) / 2, "TALK", "middle", is_upright=True)
    group.marks = [band, upright, *group.marks]
    return group, y + 14


def _axis(group: Group, y: float, limit: float, left: float, right: float) -> float:
    step = next((each for each in STEPS if limit / each <= TICKS_MAX), STEPS[-1])
    group.marks.append(Path("axis", f"M{left:.1f} {y:.1f}H{right:.1f}"))
    for number in range(int(limit // step) + 1):
        x = left + (right - left) * number * step / limit
        group.marks.append(Path("axis", f"M{x:.1f} {y:.1f}v5"))
        group.marks.append(Text("number", x, y + 18, span(number * step) if number else "accepted", "middle"))
    return y + 24


def _legend(group: Group, steps: Steps, y: float, begin: float) -> float:
    """The words of each mark, and how the talk ends."""
    profile, unverified = steps.read.profile, steps.read.unverified
    who = {Hears.BOTH: "both", Hears.CALLER: "the caller alone", Hears.CALLEE: "the called party alone"}
    for number, overlay in enumerate(profile.overlays):
        y += LINE
        mark = DOUBT if f"overlays[{number}].every" in unverified else ""
        first = "" if overlay.first is None else f", first after {span(overlay.first)}"
        said = steps.catalog.text(steps.say.overlay(overlay))
        group.marks.append(Rect("over", begin + 3, y - 10, 6, 12, 3))
        text = f"every {span(overlay.every)}{mark}{first}, heard by {who[overlay.heard_by]}: “{said}”"
        group.marks.append(Text("said", begin + 20, y, text, is_doubted=True))
    for warning in profile.talking.warnings:
        y += LINE
        mark = DOUBT if "talking.warnings" in unverified else ""
        said = steps.catalog.text(steps.say.time_left(timedelta(seconds=warning)))
        group.marks.append(Path("warn", f"M{begin + 6:.1f} {y - 11:.1f}l6 12h-12z"))
        heard = who[profile.talking.warnings_heard_by]
        text = f"{span(warning)}{mark} before the end, of the time or of the money, heard by {heard}: “{said}”"
        group.marks.append(Text("said", begin + 20, y, text, is_doubted=True))
    y += LINE + 4
    text = "It ends when somebody hangs up, when the money ends, or with the time; what was talked is charged."
    group.marks.append(Text("note", begin, y, text))
    y += LINE
    group.marks.append(Text("note", begin, y, steps.third_party(), is_doubted=True))
    return y
