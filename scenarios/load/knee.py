"""The search for the knee: the highest rate that keeps the thresholds.

It grows until a rate fails, then halves the interval between the highest rate that passed and the lowest that failed,
until the two are close or the steps are used up. Each step is a run of its own; nothing here knows what a run is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

GROWTH: Final = 2.0
CLOSE: Final = 1.10
"""A tenth: two runs of the same rate differ by as much on a machine that has other things to do."""
STEPS_MAX: Final = 16
"""Eleven doublings go from 1/s to 2,000/s; four halvings make an interval of 2 one of 1.04."""
RATE_MAX: Final = 5_000.0
RATE_MIN: Final = 0.1


@dataclass(frozen=True, slots=True)
class Step:
    """A run at a rate, and how it went."""

    rate: float
    has_passed: bool
    why: str = ""
    """The thresholds it broke, and warnings."""
    is_in_doubt: bool = False
    """Whether it failed with a generator that could not keep the rate."""


class KneeSearch:
    """Says which rate to try next.

    Args:
        first: Where to begin; if it fails, the search goes down.
    """

    def __init__(self, first: float) -> None:
        assert first > 0, "a rate of nothing cannot be searched from"
        self.steps: list[Step] = []
        self._next: float | None = min(max(first, RATE_MIN), RATE_MAX)

    @property
    def next_rate(self) -> float | None:
        """What to try now; None: the search is over."""
        return self._next

    @property
    def best(self) -> float | None:
        """The highest rate that passed below every one that failed; None if none did."""
        passed = [step.rate for step in self.steps if step.has_passed and step.rate < self._lowest_failed]
        return max(passed, default=None)

    @property
    def is_bounded(self) -> bool:
        """Whether a rate failed: without one the knee lies above `best`."""
        return self._lowest_failed < math.inf

    def tell(self, step: Step) -> None:
        """Say how the run at `next_rate` went."""
        assert self._next is not None and step.rate == self._next, "not the rate that was asked for"
        self.steps.append(step)
        self._next = None if len(self.steps) >= STEPS_MAX else self._choose()

    @property
    def _lowest_failed(self) -> float:
        return min((step.rate for step in self.steps if not step.has_passed), default=math.inf)

    def _choose(self) -> float | None:
        best, failed = self.best, self._lowest_failed
        if best is None:
            lower = failed / GROWTH
            return lower if lower >= RATE_MIN else None
        if not self.is_bounded:
            return min(best * GROWTH, RATE_MAX) if best < RATE_MAX else None
        if failed / best <= CLOSE:
            return None
        return (best + failed) / 2
