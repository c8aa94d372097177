"""A call at a glance, to scale from left to right: its phases, how loud it was, its holds and its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scenarios.play.result import CallSeen
from scenarios.report import levels
from scenarios.report.facts import instant, talk_until
from scenarios.report.pen import Pen, sheet, written
from scenarios.report.seen import grants, phone_of
from switch.call.timeline import CALLEE, CALLER

TICKS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
TICKS_MAX: Final = 16
SECONDS_MIN: Final = 0.5
"""A call is drawn at least so long: one that is refused at once has a width too."""
SIDE: Final = 8.0
FOOT: Final = 16.0


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of a call."""

    name: str
    since: float
    until: float


def phases(call: CallSeen) -> list[Phase]:
    """What a call was in, one after the other: entering, ringing, greeting, talk."""
    callee = phone_of(call, CALLEE)
    rang = instant(call, "rang_at") or (callee.rang_at if callee else None)
    answered = instant(call, "answered_at") or (callee.answered_at if callee else None)
    end = end_of(call)
    starts = [("entering", call.since), ("ringing", rang), ("greeting", answered), ("talk", call.accepted_at)]
    known = [(name, at) for name, at in starts if at is not None]
    ends = [*(at for _, at in known[1:]), talk_until(call) or end]
    return [Phase(name, since, max(since, min(until, end))) for (name, since), until in zip(known, ends, strict=True)]


def end_of(call: CallSeen) -> float:
    """When a call was over, or was last seen."""
    if call.until is not None:
        return max(call.until, call.since)
    return max([call.since, *(item.at for item in call.timeline)])


def strip(call: CallSeen, *, width: float = 1280.0, height: float = 84.0, is_small: bool = False) -> str:
    """Draw a call at a glance; a small one has no scale and no sound."""
    side = 0.0 if is_small else SIDE
    foot = 0.0 if is_small else FOOT
    end = max(end_of(call), call.since + SECONDS_MIN)
    scale = (width - 2 * side) / (end - call.since)
    pen = sheet(width, height, "ladder strip", f"call {call.call_id} at a glance")
    room = height - foot

    def x(at: float) -> float:
        return side + (min(max(at, call.since), end) - call.since) * scale

    def at(place: float) -> float:
        return call.since + (place - side) / scale

    for phase in phases(call):
        group = pen.group(f"phase {phase.name}", title=f"{phase.name}: {phase.until - phase.since:.2f} s")
        group.rect(x(phase.since), 0, max(1.0, x(phase.until) - x(phase.since)), room, radius=0 if is_small else 3)
        if not is_small and x(phase.until) - x(phase.since) > 56:
            group.text(x(phase.since) + 6, 13, phase.name)
    if not is_small:
        _sound(pen, call, room, (side, width - side), at)
    until = talk_until(call)
    for grant in grants(call):
        if until is not None and grant.since < until:
            group = pen.group("grant", title=grant.text)
            group.rect(x(grant.since), room - 5, max(1.0, x(min(grant.until, until)) - x(grant.since) - 1), 5)
    why = str((call.record or {}).get("why") or "")
    if why:
        group = pen.group("cut" if why in {"funds-exhausted", "time-limit"} else "stop", title=f"ended: {why}")
        group.line(x(end) - 1, 0, x(end) - 1, room, "end-line")
    if not is_small:
        _scale(pen, call.since, end, room, x)
    return written(pen)


def _sound(pen: Pen, call: CallSeen, room: float, sides: tuple[float, float], at: levels.Place) -> None:
    """What the caller heard above the middle, what the called party heard below it."""
    middle, reach = room / 2 + 4, room / 2 - 14
    for party, way in ((CALLER, -1.0), (CALLEE, 1.0)):
        phone = phone_of(call, party)
        if phone is None:
            continue

        def point(place: float, loud: float, way: float = way) -> tuple[float, float]:
            return (place, middle + way * loud * reach)

        shape = levels.shape(phone, sides[0], sides[1], at, point)
        if shape:
            pen.group(f"sound {party}", title=f"what the {party} hears").path(shape)


def _scale(pen: Pen, since: float, end: float, room: float, x: levels.Place) -> None:
    """Seconds from the beginning of the call."""
    step = next((step for step in TICKS if (end - since) / step <= TICKS_MAX), TICKS[-1])
    group = pen.group("scale")
    for number in range(int((end - since) / step) + 1):
        place = x(since + number * step)
        group.line(place, room, place, room + 4, "axis")
        group.text(place, room + 14, clock(number * step), "time", anchor="start" if number == 0 else "middle")


def clock(seconds: int) -> str:
    """Seconds as people write them: `45 s`, `12:30`."""
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60}:{seconds % 60:02d}"
