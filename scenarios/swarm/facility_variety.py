"""What some facilities have, each drawn by itself: hours, limits, PINs that are chosen, balances told, suspicions."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Final

from scenarios.swarm.facility_plan import HoursPlan, Suspected, VelocityPlan
from scenarios.swarm.model import MICROS
from scenarios.swarm.plan import BAD_PIN, Answering, CallPlan, NumberPlan, PersonPlan, Plan

USUAL_DIGITS: Final = "17"
OTHER_DIGITS: Final = "77"
"""Chosen by whoever chooses others than usual."""


def with_hours(plan: Plan, chance: Random) -> Plan:
    """In an eighth of the worlds, calling hours end, or begin, in the minutes of the run."""
    if chance.random() >= 0.12:
        return plan
    hours = HoursPlan(
        opens=chance.choice((-7200, -7200, -7200, 60, 120)),
        closes=chance.choice((60, 120, 120, 180, 240)) + 60 * chance.randint(0, 1),
        ends_talk=chance.random() < 0.7,
    )
    hours = replace(hours, closes=max(hours.closes, hours.opens + 60))
    return replace(plan, facility=replace(plan.facility, hours=hours))


def with_velocity(plan: Plan, chance: Random) -> Plan:
    """In a seventh of the worlds, a number or a person has so many calls, or so much talk."""
    if chance.random() >= 0.15:
        return plan
    limits = tuple(
        VelocityPlan(
            chance.random() < 0.5, *chance.choice(((1, None), (2, None), (3, None), (None, 1), (None, 1), (None, 2)))
        )
        for _ in range(chance.choice((1, 1, 2)))
    )
    numbers = tuple(_talkative(number, chance) if plan.cards is None else number for number in plan.numbers)
    return replace(plan, numbers=numbers, facility=replace(plan.facility, velocity=limits))


def _talkative(number: NumberPlan, chance: Random) -> NumberPlan:
    """A number with money, whose owner takes most calls at once and stays: what limits are there for."""
    deposit = number.advancepay if number.advancepay is None or chance.random() < 0.3 else 20 * MICROS
    answers = tuple(
        Answering(after=0.5, keys=((chance.uniform(0, 3), "5"),), leaves_after=chance.choice((None, 15.0, 40.0)))
        if chance.random() < 0.6
        else answer
        for answer in number.answers
    )
    return replace(number, advancepay=deposit, answers=answers)


def with_passive_numbers(plan: Plan, chance: Random) -> Plan:
    """In a seventh of the worlds, some numbers accept by staying on the line; their owners press less."""
    if chance.random() >= 0.15 or plan.cards is not None:
        return plan
    numbers = tuple(
        replace(
            number,
            is_passive=number.hears_greeting,
            answers=tuple(replace(answer, keys=()) if chance.random() < 0.7 else answer for answer in number.answers),
        )
        if chance.random() < 0.6
        else number
        for number in plan.numbers
    )
    return replace(plan, numbers=numbers)


def with_balances(plan: Plan, chance: Random) -> Plan:
    """In a sixth of the worlds, people ask for their balance before they call, some again and again."""
    if chance.random() >= 0.17:
        return plan
    calls = tuple(replace(call, asks_balance=chance.choice((0, 1, 1, 2, 4))) for call in plan.calls)
    return replace(plan, calls=calls, facility=replace(plan.facility, tells_balance=True))


def with_suspicions(plan: Plan, chance: Random) -> Plan:
    """In an eighth of the worlds, a third party is suspected now and then, in half of them to end the call."""
    if chance.random() >= 0.13:
        return plan
    cuts = chance.random() < 0.5
    events = tuple(
        Suspected(chance.uniform(0, 90), chance.randrange(len(plan.numbers))) for _ in range(chance.randint(1, 4))
    )
    return replace(plan, events=plan.events + events, facility=replace(plan.facility, cuts_third_party=cuts))


def with_enrolment(plan: Plan, chance: Random) -> Plan:
    """In a seventh of the worlds, people choose a part of their PIN on their first call, and some say their name."""
    if chance.random() >= 0.15:
        return plan
    facility = replace(plan.facility, pin_chosen=2, name_once=plan.has_media and chance.random() < 0.3)
    begun: set[int] = set()
    calls = []
    for call in plan.calls:
        is_first = call.person not in begun
        begun.add(call.person)
        calls.append(_enrolling(call, plan.people[call.person], chance, is_first=is_first))
    return replace(plan, facility=facility, calls=tuple(calls))


def _enrolling(call: CallPlan, person: PersonPlan, chance: Random, *, is_first: bool) -> CallPlan:
    """The same call, its PIN chosen in it, or as it was chosen, or as somebody remembers it."""
    digits = USUAL_DIGITS if chance.random() < 0.85 else OTHER_DIGITS
    typed = chance.choice(((), (), (), (digits, "13")))  # Not the same twice.
    chooses = chance.random() < (0.95 if is_first else 0.12)
    known = (f"{person.pin}#", *typed, digits, digits) if chooses else (person.pin + digits,)
    pins = [(BAD_PIN + digits,) if pin == BAD_PIN else known for pin in call.pins]
    return replace(call, pins=tuple(pressed for pin in pins for pressed in pin))
