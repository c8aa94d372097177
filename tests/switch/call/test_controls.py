"""The controls of a call: the most restrictive word holds, whoever says it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ivr.reasons import Reason
from ledger.money import CallId
from ledger.records import OpenCall
from prompts.catalog import ClipId
from switch.call.controls import Concerned
from switch.call.gates import busy_by
from switch.directory.hours import CallingHours, parse_window
from switch.directory.people import CalledNumber, Facility, FacilityId, PersonId, PersonInside, Station, StationId

PRISON = FacilityId("prison")
NOON = datetime(2021, 6, 1, 12, tzinfo=UTC)
MINUTE, PROFILE = timedelta(minutes=1), timedelta(minutes=15)
CONCERNED = Concerned(
    Facility(PRISON, ClipId("facility/state-prison"), "california-gtl"),
    Station(StationId("yard"), PRISON),
    PersonInside(PersonId("jordan"), PRISON, "4417", ClipId("name/jordan")),
    CalledNumber("+12125550123"),
)
WHO = ("facility", "station", "person", "called")


def with_(**changes: dict[str, Any]) -> Concerned:
    return replace(CONCERNED, **{who: replace(getattr(CONCERNED, who), **values) for who, values in changes.items()})


def limited(**minutes: int) -> Concerned:
    return with_(**{who: {"limit": each * MINUTE} for who, each in minutes.items()})


@pytest.mark.parametrize(
    ("concerned", "minutes"),
    [
        (CONCERNED, 15),
        (limited(facility=20, station=15, person=10), 10),
        (limited(facility=10, station=15, person=20), 10),
        (limited(station=10), 10),
        (limited(called=5, person=10), 5),
        (limited(facility=20), 15),
    ],
)
def test_the_least_of_all_limits_holds(concerned: Concerned, minutes: int) -> None:
    assert concerned.longest(PROFILE) == minutes * MINUTE


@pytest.mark.parametrize(
    ("window", "ends_talk", "within"),
    [
        ("Tue 08:00-12:10", True, 10 * MINUTE),
        ("Tue 08:00-12:10", False, PROFILE),
        ("Tue 08:00-20:00", True, PROFILE),
        ("Tue 08:00-12:00", True, timedelta(0)),
        ("Tue 08:00-12:00", False, timedelta(0)),
    ],
)
def test_hours_shorten_a_talk_or_only_forbid_the_next(window: str, ends_talk: bool, within: timedelta) -> None:
    hours = CallingHours((parse_window(window),), "UTC")
    assert with_(facility={"hours": hours, "hours_end_talk": ends_talk}).within_hours(NOON, PROFILE) == within


def test_hours_close_soon_or_not_at_all() -> None:
    soon = with_(facility={"hours": CallingHours((parse_window("Tue 08:00-12:10"),), "UTC")})
    assert soon.closes_in(NOON) == 10 * MINUTE
    assert CONCERNED.closes_in(NOON) is None
    assert replace(soon, facility=replace(soon.facility, hours_end_talk=False)).closes_in(NOON) is None


def test_a_call_is_recorded_only_where_nobody_says_no() -> None:
    assert CONCERNED.is_recorded
    assert not any(with_(**{who: {"is_recorded": False}}).is_recorded for who in WHO)
    assert not with_(called={"is_privileged": True}).is_recorded
    assert not with_(called={"is_privileged": True, "is_recorded": True}).is_recorded


ELSEWHERE = OpenCall(CallId("c"), "other", "prison", "gym", "riley", "+12125550123", "free", None, NOON, rate="{}")


@pytest.mark.parametrize(
    ("call", "person", "number", "why"),
    [
        (ELSEWHERE, "jordan", "+12125550124", None),
        (ELSEWHERE, "jordan", "+12125550123", Reason.NUMBER_BUSY),
        (ELSEWHERE, "riley", "+12125550123", Reason.PERSON_BUSY),
        (ELSEWHERE, None, "+12125550123", Reason.NUMBER_BUSY),
        (ELSEWHERE, "riley", None, Reason.PERSON_BUSY),
        (ELSEWHERE, None, None, None),
        (replace(ELSEWHERE, rate=None), "riley", "+12125550123", None),
    ],
)
def test_admitted_calls_of_another_switch_make_person_and_number_busy(
    call: OpenCall, person: str | None, number: str | None, why: Reason | None
) -> None:
    assert busy_by([call], person, number) is why
