"""Who is where: facilities, stations, people inside, called phones, lines. All from the configuration.

Values are frozen; `Directory` finds them by the keys a call knows.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import NewType

from ivr.ports import Acceptance
from ledger.money import AccountId
from prompts.catalog import ClipId
from rating.jurisdiction import Place
from switch.directory.hours import CallingHours
from switch.directory.rules import ListRules

FacilityId = NewType("FacilityId", str)
StationId = NewType("StationId", str)
PersonId = NewType("PersonId", str)


class LineType(Enum):
    """What kind of line a number is (DOMAIN: line data)."""

    LANDLINE = "landline"
    CELL = "cell"
    VOIP = "voip"
    BUSINESS = "business"
    HOSPITAL = "hospital"


@dataclass(frozen=True, slots=True)
class Facility:
    """A prison or jail."""

    facility_id: FacilityId
    name: ClipId
    profile: str
    is_free: bool = False
    """Calls cost nobody anything (S1-8)."""
    zone: str = "UTC"
    """Whose days and months count: a name of the time zone data."""
    place: Place = field(default_factory=Place)
    """Where it stands, which decides the jurisdiction of its calls."""
    taxed_by: tuple[str, ...] = ()
    """Who may tax its calls, by the names of the tables of taxes."""
    state_pays: str | None = None
    """The state that pays a share of its calls, by the name of the table."""
    bars_cell_phones: bool = False
    """No calls to cell phones at all (S3-4)."""
    debit_needs_account: bool = False
    """Debit calls go only to numbers that an account pays for (S3-6)."""
    hours: CallingHours | None = None
    """When calls are allowed, None for always."""
    hours_end_talk: bool = True
    """Whether a talk ends with the hours, warned as by its limit, or goes on to its own end."""
    is_off: bool = False
    """Nobody may call, until `payphone facility on` says otherwise."""
    lists: ListRules = field(default_factory=ListRules)
    """Of the allowed lists of its people."""
    limit: timedelta | None = None
    """Its longest call, None for no limit of its own: the least of all that are concerned holds."""
    is_recorded: bool = True
    """Whether its calls may be recorded and monitored: one that says no is enough."""


@dataclass(frozen=True, slots=True)
class Station:
    """A phone inside: the user part of its SIP account."""

    station_id: StationId
    facility_id: FacilityId
    is_off: bool = False
    limit: timedelta | None = None
    """Its longest call, None for no limit of its own: the least of all that are concerned holds."""
    is_recorded: bool = True
    """Whether its calls may be recorded and monitored: one that says no is enough."""


@dataclass(frozen=True, slots=True)
class PersonInside:
    """A person inside. The PIN is compared, never shown."""

    person_id: PersonId
    facility_id: FacilityId
    pin: str
    name: ClipId
    allowed: frozenset[str] | None = None
    """Numbers in E.164 this person may call, None for any."""
    debits: AccountId | None = None
    """The account that debit calls are taken from, None for the person's own (S3-6)."""
    limit: timedelta | None = None
    """Its longest call, None for no limit of its own: the least of all that are concerned holds."""
    is_recorded: bool = True
    """Whether its calls may be recorded and monitored: one that says no is enough."""
    inmate_id: str | None = None
    legal_name: str | None = None
    """With the inmate id: what a sender to the trust account must know (S2-4)."""

    def __repr__(self) -> str:
        return f"PersonInside({self.person_id!r})"


@dataclass(frozen=True, slots=True)
class CalledNumber:
    """What is known of a called number besides its line."""

    number: str
    user: str | None = None
    """The SIP account registered for it, None for a number behind a trunk."""
    is_privileged: bool = False
    """An attorney and the like: never recorded, never monitored."""
    is_free: bool = False
    """A free class: a tip line, a public defender."""
    acceptance: Acceptance = Acceptance.KEY
    """What makes a call to it accepted; where nothing is announced, nobody pays."""
    language: str | None = None
    """The language it is greeted in, None for the first of the profile."""
    limit: timedelta | None = None
    """Its longest call, None for no limit of its own: the least of all that are concerned holds."""
    is_recorded: bool = True
    """Whether its calls may be recorded and monitored: one that says no is enough."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the line table, found by longest prefix (S1-2, S1-3)."""

    prefix: str
    line_type: LineType
    carrier_bills: bool
    """Whether the carrier of the line bills collect calls."""
    is_approved: bool


class Directory:
    """Finds what the configuration says of people, stations and numbers."""

    def __init__(
        self,
        *,
        facilities: Iterable[Facility],
        stations: Iterable[Station],
        people: Iterable[PersonInside],
        numbers: Iterable[CalledNumber],
        lines: Iterable[Line],
    ) -> None:
        self._facilities = {facility.facility_id: facility for facility in facilities}
        self._stations = {station.station_id: station for station in stations}
        self._people: dict[FacilityId, list[PersonInside]] = {}
        for person in people:
            self._people.setdefault(person.facility_id, []).append(person)
        self._numbers = {number.number: number for number in numbers}
        self._by_user = {number.user: number for number in self._numbers.values() if number.user is not None}
        self._lines = {line.prefix: line for line in lines}
        self._prefix_longest = max(map(len, self._lines), default=0)

    def facility(self, facility_id: FacilityId) -> Facility:
        """The facility of this id; it exists, the configuration was checked."""
        return self._facilities[facility_id]

    def facilities(self) -> tuple[Facility, ...]:
        """All of them, in the order of the configuration."""
        return tuple(self._facilities.values())

    def station(self, station_id: str) -> Station | None:
        """The station whose SIP user this is."""
        return self._stations.get(StationId(station_id))

    def person(self, facility_id: FacilityId, pin: str) -> PersonInside | None:
        """The person of this PIN at this facility. Every PIN is compared, each in constant time."""
        found = None
        for person in self._people.get(facility_id, ()):
            if hmac.compare_digest(person.pin.encode(), pin.encode()):
                found = person
        return found

    def list_of(self, person: PersonInside) -> frozenset[str] | None:
        """The numbers that a person's allowed list begins with, None for a person without a list."""
        if person.allowed is None and self.facility(person.facility_id).lists.is_for_all:
            return frozenset()
        return person.allowed

    def named(self, person_id: str) -> PersonInside | None:
        """The person of this id."""
        everybody = (person for people in self._people.values() for person in people)
        return next((person for person in everybody if person.person_id == person_id), None)

    def number(self, number: str) -> CalledNumber:
        """What is known of a number in E.164; a number nobody listed has no privileges."""
        return self._numbers.get(number) or CalledNumber(number)

    def number_of_user(self, user: str) -> CalledNumber | None:
        """The number that a SIP account registers for, None for an account of something else."""
        return self._by_user.get(user)

    def line(self, number: str) -> Line | None:
        """The line of a number by longest prefix, None when the table does not know it."""
        for length in range(min(len(number), self._prefix_longest), 0, -1):
            line = self._lines.get(number[:length])
            if line is not None:
                return line
        return None
