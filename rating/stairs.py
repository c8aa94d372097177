"""The price as a function of talk is a staircase; here it is climbed up and down, in whole numbers.

    grains                                  ┌──────    flight 2: increments of another rate
                              ┌────────────┘
                    ┌─────────┘                        flight 1: increments
      ┌─────────────┘                                  flight 0: the first interval
    ──┘ free
      └─────────────┴─────────┴────────────┴── talk

Time is microseconds of talk, money is grains (`rating.rounding`). A step is a first interval or an increment: its
whole price is due as soon as it has begun. A flight is a run of equal steps; within one, both directions are a
division, so going up or down costs a look at each flight, of which a simple tariff has two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

SECOND: Final = 1_000_000
"""Microseconds."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What increments last and cost from a point of the talk on."""

    begins: int
    """Microseconds of talk; increments that begin here or later, until the next pace, are of this one."""
    length: int
    price: int


@dataclass(frozen=True, slots=True)
class Flight:
    """Equal steps, one after another."""

    begins: int
    length: int
    price: int
    """Of each step."""
    below: int
    """The price of all steps before."""
    count: int | None
    """None for the last flight: it has no end."""
    pace: int
    """Which pace its steps are of; -1 for the first interval."""

    def steps(self, talk: int) -> int:
        """How many steps have begun within this talk, which goes beyond the beginning of the flight."""
        return -(-(talk - self.begins) // self.length)


class Stairs:
    """All steps of a call: the free talk, the first interval, then increments.

    Args:
        free: Talk that costs nothing and comes first.
        first: How long the first interval is.
        first_price: What it costs, with what is due once per call.
        minimum: The least talk that is billed once the free talk is over, counted from there.
        paces: In their order; the first one begins no later than the first interval ends.
    """

    __slots__ = ("_down", "_least_price", "flights", "free", "is_free", "least")

    def __init__(self, *, free: int, first: int, first_price: int, minimum: int, paces: Iterable[Pace]) -> None:
        self.free: Final = free
        self.least: Final = free + minimum
        opening = Flight(free, first, first_price, 0, 1, -1)
        self.flights: Final = (opening, *_flights(opening, tuple(paces)))
        self.is_free: Final = not any(flight.price for flight in self.flights)
        self._down: Final = self.flights[::-1]
        self._least_price: Final = self.grains(self.least)

    def grains(self, talk: int) -> int:
        """The exact price of a talk."""
        if self.free and talk <= self.free:
            return 0
        # What every call of `price` comes through: written out, because calls cost more than the arithmetic.
        billed = talk if talk > self.least else self.least  # noqa: FURB136
        down, number = self._down, 0
        while down[number].begins >= billed:
            number += 1
        flight = down[number]
        return flight.below - (flight.begins - billed) // flight.length * flight.price

    def billed(self, talk: int) -> int:
        """The talk, or the minimum where that is longer."""
        return max(talk, self.least)

    def last_flight(self, talk: int) -> Flight:
        """The flight of the last step that this talk, beyond the free one, is billed."""
        billed = self.billed(talk)
        return next(flight for flight in self._down if flight.begins < billed)

    def afford(self, most: int) -> int | None:
        """The longest talk whose exact price is at most so many grains; None where nothing more is ever charged.

        Where not even the minimum is paid for, the free talk is left, which may be none.
        """
        if most < self._least_price:
            return self.free
        flights, number = self.flights, 0
        while (flight := flights[number]).count is not None and flight.below + flight.price * flight.count <= most:
            number += 1
        if not flight.price:
            return None
        return flight.begins + (most - flight.below) // flight.price * flight.length

    def end(self, talk: int) -> int:
        """The first end of a step that is no earlier than this talk, which goes beyond the free one."""
        flight = self.last_flight(talk)
        return flight.begins + flight.steps(self.billed(talk)) * flight.length


def _flights(opening: Flight, paces: tuple[Pace, ...]) -> Iterator[Flight]:
    """Walk from the end of the first interval: a pace ends with the first step that begins no earlier than the next."""
    begins, below = opening.begins + opening.length, opening.price
    for number, (pace, after) in enumerate(pairwise(paces)):
        count = max(0, -(-(after.begins - begins) // pace.length))
        if count:
            yield Flight(begins, pace.length, pace.price, below, count, number)
        begins += count * pace.length
        below += count * pace.price
    last = paces[-1]
    yield Flight(begins, last.length, last.price, below, None, len(paces) - 1)
