"""An executable model of the ways of a facility: hours, limits on calls and talk, PINs chosen on the first call.

It is told what the switch claims of each call, on its wall clock and on the clock of the run, and which keys people
pressed, and says what may not be. It knows the rules, not the switch:

* Nobody is admitted outside the hours; where hours end talk, it ends with them, and nobody accepts afterwards.
* Of one number, or one person, there are never more accepted calls, nor more talk, than a limit allows. A call that
  goes on counts with its longest talk, since it may talk that long.
* Who is told that a limit is reached, or that it is too late, is told the truth.
* A person who chooses a part of the PIN does so once; no other digits open a call afterwards, or before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from scenarios.swarm.facility_plan import FacilityPlan, VelocityPlan
from scenarios.swarm.model import EDGE

WORTH: Final = 10.0
"""A talk that could not last so long is not begun, where its own limit is longer."""


@dataclass(frozen=True, slots=True)
class Called:
    """One call, as the switch says.

    Attributes:
        began: And all other instants, in seconds of the run's clock.
        off: So many seconds the wall clock is ahead of it.
        has_hours: Whether its facility is the one with hours.
        longest: Of its talk, by the limits of facility, person and number.
        rang: When the number was rung; None: it was not.
        pins: What was pressed at the question for the PIN, in order.
        is_sure: Whether nothing disturbed the call, so that what others left to it is known.
    """

    call: str
    person: str | None
    number: str | None
    began: float
    rang: float | None
    accepted: float | None
    ended: float
    talk: float
    why: str
    off: float
    has_hours: bool
    longest: float
    pins: tuple[str, ...]
    is_sure: bool

    def overlaps(self, other: Called) -> bool:
        """Whether both went on at one instant."""
        return self.began <= other.ended + EDGE and other.began <= self.ended + EDGE


def room(facility: FacilityPlan, call: Called, calls: Iterable[Called]) -> tuple[float, float]:
    """The longest talk that hours and limits leave to an accepted call: what is sure, and what is possible at best."""
    low = high = inf
    if facility.hours is not None and facility.hours.ends_talk and call.has_hours and call.accepted is not None:
        low = high = facility.hours.left(call.accepted + call.off)
    for limit in facility.velocity:
        sure, possible = _left(limit, call, calls)
        low, high = min(low, sure), min(high, possible)
    return low, high


def faults_of(facility: FacilityPlan, calls: Sequence[Called], given: int) -> list[str]:
    """What may not be.

    Args:
        facility: Its ways.
        calls: All of them.
        given: So many digits of a PIN are given, where the rest is chosen.
    """
    faults = [*_faults_of_hours(facility, calls), *_faults_of_limits(facility, calls)]
    if facility.pin_chosen:
        for person in {call.person for call in calls if call.person is not None}:
            faults += _faults_of_pin(sorted(_of(person, calls), key=lambda call: call.began), given)
    return [f"ways: {fault}" for fault in faults]


def _faults_of_hours(facility: FacilityPlan, calls: Iterable[Called]) -> Iterator[str]:
    hours = facility.hours
    if hours is None:
        return
    for call in calls:
        if not call.has_hours:
            if call.why == "outside-hours":
                yield f"call {call.call} was outside of hours that are not its own"
            continue
        began, ended = call.began + call.off, call.ended + call.off
        if call.rang is not None and not hours.is_open_between(began - EDGE, call.rang + call.off + EDGE):
            yield f"call {call.call} rang at {call.rang + call.off:.3f}, outside of {hours}"
        if hours.ends_talk and call.accepted is not None and not hours.left(call.accepted + call.off - EDGE):
            yield f"call {call.call} was accepted at {call.accepted + call.off:.3f}, outside of {hours}"
        worth = min(WORTH, call.longest)
        if call.why == "outside-hours" and min(hours.left(began), hours.left(ended)) > worth + EDGE:
            yield f"call {call.call} was refused from {began:.3f} to {ended:.3f}, within {hours}"


def _faults_of_limits(facility: FacilityPlan, calls: Sequence[Called]) -> Iterator[str]:
    for limit in facility.velocity:
        for key in {_key(limit, call) for call in calls}:
            accepted = [call for call in calls if _key(limit, call) == key and call.accepted is not None]
            talk = sum(call.talk for call in accepted)
            if limit.calls is not None and len(accepted) > limit.calls:
                yield f"{key} had {len(accepted)} calls of {limit}"
            if limit.minutes is not None and talk > limit.minutes * 60 + EDGE * len(accepted):
                yield f"{key} talked {talk:.3f} s of {limit}"
    for call in calls:
        if (
            call.why == "limit-reached"
            and call.is_sure
            and not any(_is_reached(each, call, calls) for each in facility.velocity)
        ):
            yield f"call {call.call} was refused, and no limit is reached"


def _is_reached(limit: VelocityPlan, call: Called, calls: Iterable[Called]) -> bool:
    if limit.calls is not None:
        others = [each for each in _others(limit, call, calls) if each.accepted is not None or each.overlaps(call)]
        return len(others) >= limit.calls
    return _left(limit, call, calls)[0] < min(WORTH, call.longest) + EDGE


def _left(limit: VelocityPlan, call: Called, calls: Iterable[Called]) -> tuple[float, float]:
    """How long a call may be by one limit: at least, at best."""
    if limit.minutes is None:
        return inf, inf
    low = high = limit.minutes * 60.0
    for other in _others(limit, call, calls):
        if other.overlaps(call):
            low -= other.longest
        elif other.began < call.began:
            low, high = low - other.talk, high - other.talk
    return (max(0.0, low) if call.is_sure else 0.0), max(0.0, high)


def _others(limit: VelocityPlan, call: Called, calls: Iterable[Called]) -> Iterator[Called]:
    return (each for each in calls if each is not call and _key(limit, each) == _key(limit, call))


def _key(limit: VelocityPlan, call: Called) -> str | None:
    return call.person if limit.of_person else call.number


def _of(person: str, calls: Iterable[Called]) -> Iterator[Called]:
    return (call for call in calls if call.person == person)


def _faults_of_pin(calls: Sequence[Called], given: int) -> Iterator[str]:
    """Look at one person's calls, in their order."""
    opened: set[str] = set()
    chose = 0
    for call in calls:
        if call.rang is None:
            continue
        is_choosing = any(pin.endswith("#") for pin in call.pins)
        digits = call.pins[-1] if is_choosing else call.pins[-1][given:]
        chose += is_choosing
        opened.add(digits)
        if not any(digits in each.pins and each.began <= call.rang for each in calls):
            yield f"{call.person} called with {digits}, which nobody had chosen: call {call.call}"
    if chose > 1:
        yield f"{calls[0].person} chose a PIN {chose} times over"
    if len(opened) > 1:
        yield f"{calls[0].person} called with {sorted(opened)}"
