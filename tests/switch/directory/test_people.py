"""People, stations, numbers and lines as the configuration has them."""

from __future__ import annotations

import pytest

from prompts.catalog import ClipId
from switch.directory.people import (
    CalledNumber,
    Directory,
    Facility,
    FacilityId,
    Line,
    LineType,
    PersonId,
    PersonInside,
    Station,
    StationId,
)

NORTH, SOUTH = FacilityId("north"), FacilityId("south")


def person(name: str, pin: str, facility: FacilityId = NORTH) -> PersonInside:
    return PersonInside(PersonId(name), facility, pin, ClipId("name/jordan"))


DIRECTORY = Directory(
    facilities=[Facility(NORTH, ClipId("facility/state-prison"), "california-gtl")],
    stations=[Station(StationId("yard"), NORTH)],
    people=[person("jordan", "4417"), person("riley", "2290"), person("casey", "4417", SOUTH)],
    numbers=[CalledNumber("+12125550123", "family")],
    lines=[
        Line("+1212555012", LineType.LANDLINE, carrier_bills=True, is_approved=True),
        Line("+12125550125", LineType.CELL, carrier_bills=True, is_approved=True),
    ],
)


@pytest.mark.parametrize(
    ("facility", "pin", "found"),
    [(NORTH, "4417", "jordan"), (NORTH, "2290", "riley"), (SOUTH, "4417", "casey"), (SOUTH, "2290", None)],
)
def test_a_pin_belongs_to_one_person_at_one_facility(facility: FacilityId, pin: str, found: str | None) -> None:
    who = DIRECTORY.person(facility, pin)
    assert (who.person_id if who else None) == found


@pytest.mark.parametrize("pin", ["", "441", "44170", "ñ417", "*#AB"])
def test_a_pin_that_is_not_exactly_right_is_nobodys(pin: str) -> None:
    assert DIRECTORY.person(NORTH, pin) is None


def test_a_pin_is_never_shown() -> None:
    assert "4417" not in repr(person("jordan", "4417"))


@pytest.mark.parametrize(
    ("number", "line_type"),
    [("+12125550123", LineType.LANDLINE), ("+12125550125", LineType.CELL), ("+12125550199", None), ("+1", None)],
)
def test_the_line_of_a_number_is_found_by_its_longest_prefix(number: str, line_type: LineType | None) -> None:
    line = DIRECTORY.line(number)
    assert (line.line_type if line else None) == line_type


def test_a_number_nobody_listed_has_no_privileges() -> None:
    assert DIRECTORY.number("+12125550199") == CalledNumber("+12125550199")


def test_stations_and_facilities_are_found_by_their_ids() -> None:
    assert DIRECTORY.station("yard") == Station(StationId("yard"), NORTH)
    assert DIRECTORY.station("gym") is None
    assert [facility.facility_id for facility in DIRECTORY.facilities()] == [NORTH]
