"""The model of a facility's hours, limits and chosen PINs, judged by examples a person can check by hand."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from scenarios.swarm.facility_model import Called, faults_of, room
from scenarios.swarm.facility_plan import FacilityPlan, HoursPlan, VelocityPlan

GIVEN = 4
CALL = Called(
    call="a",
    person="jordan",
    number="+1",
    began=10.0,
    rang=15.0,
    accepted=20.0,
    ended=50.0,
    talk=30.0,
    why="hung-up",
    off=0.0,
    has_hours=True,
    longest=90.0,
    pins=("1234",),
    is_sure=True,
)
LATER = replace(CALL, call="b", began=61.0, rang=65.0, accepted=70.0, ended=90.0, talk=20.0)
DENIED = replace(LATER, rang=None, accepted=None, ended=62.0, talk=0.0, why="limit-reached")
UNTIL_60 = FacilityPlan(hours=HoursPlan(-60, 60, ends_talk=True))
TALK_ON = FacilityPlan(hours=HoursPlan(-60, 60, ends_talk=False))
ONE_CALL = FacilityPlan(velocity=(VelocityPlan(of_person=False, calls=1, minutes=None),))
ONE_MINUTE = FacilityPlan(velocity=(VelocityPlan(of_person=True, calls=None, minutes=1),))
CHOSEN = FacilityPlan(pin_chosen=2)
ENROLS = replace(CALL, pins=("1234#", "17", "17"))
KNOWN = replace(LATER, pins=("123417",))


@pytest.mark.parametrize(
    ("facility", "calls"),
    [
        (FacilityPlan(), [CALL, LATER]),
        (UNTIL_60, [CALL]),
        (UNTIL_60, [replace(LATER, has_hours=False)]),
        (UNTIL_60, [replace(LATER, rang=None, accepted=None, talk=0.0, why="outside-hours")]),
        (UNTIL_60, [replace(CALL, began=52.0, rang=None, accepted=None, ended=54.0, talk=0.0, why="outside-hours")]),
        (UNTIL_60, [replace(LATER, off=-3600.0 + 3540.0)]),
        (TALK_ON, [replace(CALL, rang=61.0, accepted=70.0, ended=100.0)]),
        (ONE_CALL, [CALL, DENIED]),
        (ONE_CALL, [CALL, replace(LATER, number="+2")]),
        (ONE_CALL, [replace(CALL, ended=70.0), DENIED]),
        (ONE_MINUTE, [CALL, LATER]),
        (ONE_MINUTE, [replace(CALL, talk=55.0, ended=58.0), DENIED]),
        (ONE_MINUTE, [replace(CALL, ended=61.5), DENIED]),
        (CHOSEN, [ENROLS, KNOWN]),
        (CHOSEN, [replace(ENROLS, rang=None, accepted=None, talk=0.0), KNOWN]),
    ],
)
def test_what_may_be_is_no_fault(facility: FacilityPlan, calls: list[Called]) -> None:
    assert faults_of(facility, calls, GIVEN) == []


@pytest.mark.parametrize(
    ("facility", "calls", "words"),
    [
        (UNTIL_60, [LATER], "rang at"),
        (UNTIL_60, [replace(CALL, accepted=61.0)], "was accepted at"),
        (UNTIL_60, [replace(CALL, off=3600.0)], "rang at"),
        (UNTIL_60, [replace(CALL, rang=None, accepted=None, ended=12.0, talk=0.0, why="outside-hours")], "within"),
        (UNTIL_60, [replace(LATER, has_hours=False, why="outside-hours")], "not its own"),
        (ONE_CALL, [CALL, LATER], "had 2 calls"),
        (ONE_CALL, [DENIED], "no limit is reached"),
        (ONE_CALL, [replace(CALL, accepted=None, talk=0.0), DENIED], "no limit is reached"),
        (ONE_MINUTE, [CALL, replace(LATER, talk=30.1)], "talked 60.100 s"),
        (ONE_MINUTE, [CALL, DENIED], "no limit is reached"),
        (CHOSEN, [ENROLS, replace(LATER, pins=("1234#", "17", "17"))], "chose a PIN 2 times"),
        (CHOSEN, [ENROLS, replace(LATER, pins=("123499",))], "which nobody had chosen"),
        (CHOSEN, [KNOWN], "which nobody had chosen"),
    ],
)
def test_what_may_not_be_is_a_fault(facility: FacilityPlan, calls: list[Called], words: str) -> None:
    found = faults_of(facility, calls, GIVEN)
    assert any(words in fault for fault in found), found


@pytest.mark.parametrize(
    ("facility", "call", "others", "longest"),
    [
        (FacilityPlan(), CALL, [LATER], (inf, inf)),
        (UNTIL_60, CALL, [], (40.0, 40.0)),
        (TALK_ON, CALL, [], (inf, inf)),
        (ONE_MINUTE, LATER, [CALL], (30.0, 30.0)),
        (ONE_MINUTE, LATER, [replace(CALL, person="riley")], (60.0, 60.0)),
        (ONE_MINUTE, LATER, [replace(CALL, ended=62.0)], (0.0, 60.0)),
        (ONE_MINUTE, LATER, [replace(CALL, ended=62.0, longest=15.0)], (45.0, 60.0)),
        (ONE_MINUTE, replace(LATER, is_sure=False), [CALL], (0.0, 30.0)),
    ],
)
def test_how_long_a_call_may_be(
    facility: FacilityPlan, call: Called, others: list[Called], longest: tuple[float, float]
) -> None:
    assert room(facility, call, [call, *others]) == pytest.approx(longest)
