"""Audio levels as filled curves, along any axis of time."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor
from typing import Final

from scenarios.play.result import LEVEL_SECONDS, PhoneSide
from scenarios.report.pen import points

Place = Callable[[float], float]
"""From an instant to a place of the axis, or back."""

Point = Callable[[float, float], tuple[float, float]]
"""From a place and a loudness to a point of the drawing."""

QUIET_DBOV: Final = -60.0
"""Drawn as nothing: the noise of G.711 and below."""
LOUD_DBOV: Final = -6.0
"""Drawn in full: speech peaks here, keys and tones are near it."""

STEP: Final = 2.0
"""Pixels between two points of a curve."""


def loudness(dbov: float) -> float:
    """A level as a share of the width there is."""
    return min(1.0, max(0.0, (dbov - QUIET_DBOV) / (LOUD_DBOV - QUIET_DBOV)))


def between(phone: PhoneSide, since: float, until: float) -> float:
    """The greatest loudness between two instants."""
    if phone.levels_since is None:
        return 0.0
    first = floor((since - phone.levels_since) / LEVEL_SECONDS + 1e-6)
    last = max(first + 1, ceil((until - phone.levels_since) / LEVEL_SECONDS - 1e-6))
    return max((loudness(level) for level in phone.levels[max(0, first) : max(0, last)]), default=0.0)


def curves(phone: PhoneSide, start: float, end: float, at: Place) -> list[list[tuple[float, float]]]:
    """Stretches of sound between two places of an axis: places with their loudness, silence at both ends."""
    found: list[list[tuple[float, float]]] = []
    is_open = False
    for number in range(ceil((end - start) / STEP)):
        place = start + number * STEP
        following = min(place + STEP, end)
        loud = between(phone, at(place), at(following))
        if loud > 0:
            if not is_open:
                found.append([(place, 0.0)])
            found[-1].append(((place + following) / 2, loud))
        elif is_open:
            found[-1].append((place, 0.0))
        is_open = loud > 0
    if is_open:
        found[-1].append((end, 0.0))
    return found


def shape(phone: PhoneSide, start: float, end: float, at: Place, point: Point) -> str:
    """The commands of all curves."""
    return "".join(points([point(place, loud) for place, loud in curve]) for curve in curves(phone, start, end, at))
