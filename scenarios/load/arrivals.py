"""When calls begin: an open-loop arrival process over stages of rates.

The instants are fixed before the first call is made and depend on nothing the target does. A stage
holds a rate or moves from one to another in a straight line; the expected number of calls until an
instant is the area under the rates, and both processes are inversions of it:

* `fixed` begins a call each time the area has grown by one: evenly spaced, in ramps too;
* `poisson` begins one each time it has grown by an exponential of mean one (the time change of an
  inhomogeneous Poisson process), as the calls of people who know nothing of each other do.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Final

CALLS_MAX: Final = 10_000_000
"""Of one run: 1,000 a second for nearly three hours."""


class Process(Enum):
    """How arrivals are spaced."""

    POISSON = "poisson"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Stage:
    """A time in which the rate goes from one value to another in a straight line; both in calls a second."""

    rate_from: float
    rate_to: float
    duration: float

    @property
    def area(self) -> float:
        """The number of calls to be expected in it."""
        return (self.rate_from + self.rate_to) / 2 * self.duration

    def rate_at(self, elapsed: float) -> float:
        """The rate so many seconds after its begin."""
        return self.rate_from + (self.rate_to - self.rate_from) * elapsed / self.duration

    def instant_of(self, area: float) -> float:
        """The seconds after its begin at which the expected number reaches `area`, which it does reach.

        With a slope k it solves k/2·t² + r·t = area, in the form that does not cancel for small k.
        """
        slope = (self.rate_to - self.rate_from) / self.duration
        root = math.sqrt(max(0.0, self.rate_from**2 + 2 * slope * area))
        divisor = self.rate_from + root
        return 0.0 if divisor == 0 else min(self.duration, 2 * area / divisor)


def duration_of(stages: Sequence[Stage]) -> float:
    """How long all stages take."""
    return sum(stage.duration for stage in stages)


def rate_at(stages: Sequence[Stage], elapsed: float) -> float:
    """The rate so many seconds after the begin; 0 after the end."""
    for stage in stages:
        if elapsed < stage.duration:
            return stage.rate_at(elapsed)
        elapsed -= stage.duration
    return 0.0


def arrivals(stages: Sequence[Stage], process: Process, random: Random) -> Iterator[float]:
    """Seconds after the begin at which calls begin, in order."""
    steps = _steps(process, random)
    began = behind = 0.0
    due = next(steps)
    for stage in stages:
        while due - behind < stage.area:
            yield began + stage.instant_of(due - behind)
            due += next(steps)
        began += stage.duration
        behind += stage.area


def _steps(process: Process, random: Random) -> Iterator[float]:
    """By how much the expected number grows until the next call, `CALLS_MAX` times; then nothing more is due."""
    if process is Process.FIXED:
        yield 0.0  # the first call begins at once
    for _ in range(CALLS_MAX):
        yield 1.0 if process is Process.FIXED else random.expovariate(1.0)
    while True:
        yield math.inf
