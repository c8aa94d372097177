"""The controls of one call: of what station, person, number and facility allow, the most restrictive holds.

Pure: facts of the book are arguments (DOMAIN: controls).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from switch.directory.people import CalledNumber, Facility, PersonInside, Station

UNANSWERED_MAX: Final = timedelta(days=1)
"""Longer than any profile lets a call ring and repeats its greeting."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """Everybody and everything that may restrict one call."""

    facility: Facility
    station: Station
    person: PersonInside
    called: CalledNumber

    @property
    def is_recorded(self) -> bool:
        """Whether it may be recorded and monitored: any one that says no wins."""
        all_agree = all(each.is_recorded for each in (self.facility, self.station, self.person, self.called))
        return all_agree and not self.called.is_privileged

    @property
    def ends_with_hours(self) -> bool:
        """Whether its talk ends with the calling hours."""
        return self.facility.hours is not None and self.facility.hours_end_talk

    def longest(self, limit: timedelta) -> timedelta:
        """The longest talk that everybody allows, of `limit` at most."""
        limits = (each.limit for each in (self.facility, self.station, self.person, self.called))
        return min([limit, *(each for each in limits if each is not None)])

    def closes_in(self, at: datetime) -> timedelta | None:
        """How long until hours end that end its talk, too; None where that is not within `UNANSWERED_MAX`."""
        if self.facility.hours is None or not self.ends_with_hours:
            return None
        open_for = self.facility.hours.open_for(at, UNANSWERED_MAX)
        return open_for if open_for < UNANSWERED_MAX else None

    def within_hours(self, at: datetime, limit: timedelta) -> timedelta:
        """How much of `limit` lies within the calling hours from an instant on; zero outside of them."""
        hours = self.facility.hours
        if hours is None:
            return limit
        if self.ends_with_hours:
            return hours.open_for(at, limit)
        return limit if hours.is_open(at) else timedelta(0)
