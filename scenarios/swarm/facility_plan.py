"""What a plan has of the ways of its facility: hours, limits, how people are known, suspicions; as values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class HoursPlan:
    """When calls are allowed, in seconds of the wall clock after the run's first instant; whole minutes."""

    opens: int
    closes: int
    ends_talk: bool

    def left(self, wall: float) -> float:
        """Seconds until they end; 0: they are closed."""
        return self.closes - wall if self.opens <= wall < self.closes else 0.0

    def is_open_between(self, start: float, end: float) -> bool:
        """Whether calls are allowed at any instant between two."""
        return start < self.closes and self.opens <= end


@dataclass(frozen=True, slots=True)
class VelocityPlan:
    """So many calls, or so many minutes, of a number or of a person; longer ago than any run."""

    of_person: bool
    calls: int | None
    minutes: int | None


@dataclass(frozen=True, slots=True)
class Suspected:
    """A third party is suspected on the calls to a number."""

    at: float
    number: int


@dataclass(frozen=True, slots=True)
class FacilityPlan:
    """The ways of the facility."""

    hours: HoursPlan | None = None
    velocity: tuple[VelocityPlan, ...] = ()
    tells_balance: bool = False
    """Whether the person inside may ask for the balance before the number."""
    pin_chosen: int = 0
    """So many digits of a PIN, the last ones, are chosen on the first call."""
    name_once: bool = False
    """Whether people speak their name on the first call."""
    cuts_third_party: bool = False
    """Whether a call with a suspected third party is ended; else it is noted."""

    def without(self, name: str) -> FacilityPlan:
        """The same, one of `PARTS` left out."""
        return replace(self, **{name: getattr(PLAIN_FACILITY, name)})


PLAIN_FACILITY: Final = FacilityPlan()
PARTS: Final = ("hours", "velocity", "tells_balance", "cuts_third_party")
"""What can be left out: how people are known cannot, since their keys would be others."""
BALANCE_KEY: Final = "3"
