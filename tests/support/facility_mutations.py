"""Faults put into what the product does at a facility, for tests that the swarm sees them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ivr import greeting
from ivr.ports import Acceptance, Balance
from ivr.reasons import Reason
from ledger.money import Money
from switch.call.call import StationCall
from switch.call.controls import Concerned
from switch.call.gates import ControlGates
from switch.call.person_desk import PersonDesk
from switch.directory.enrolments import Enrolments
from switch.directory.velocity import Velocity, Wanted


def ignore_the_hours(patch: pytest.MonkeyPatch) -> None:
    """Calls are allowed at any hour."""
    patch.setattr(Concerned, "within_hours", lambda _concerned, _at, limit: limit)


def talk_after_hours(patch: pytest.MonkeyPatch) -> None:
    """A talk goes on when the hours end, and what rings then may be accepted."""
    patch.setattr(Concerned, "ends_with_hours", False)


def count_no_calls(patch: pytest.MonkeyPatch) -> None:
    """Limits on calls and talk hold nobody back."""

    async def longest(_velocity: Velocity, wanted: Wanted, *_limits: Any, **_now: Any) -> timedelta:
        return wanted.longest

    patch.setattr(Velocity, "share", longest)


def refuse_for_no_limit(patch: pytest.MonkeyPatch) -> None:
    """Whoever calls is told that a limit is reached."""

    async def nothing(_gates: ControlGates, *_call: Any) -> None:
        return None

    patch.setattr(ControlGates, "_within_velocity", nothing)


def accept_before_the_greeting(patch: pytest.MonkeyPatch) -> None:
    """Who accepts by staying on the line has accepted by the answer."""
    announce = greeting._announce

    async def at_once(*told: Any) -> tuple[greeting.Choice, Any]:
        if told[2].acceptance is Acceptance.PASSIVE:
            return greeting.Choice.ACCEPTED, told[3]
        return await announce(*told)

    patch.setattr(greeting, "_announce", at_once)


def tell_a_micro_more(patch: pytest.MonkeyPatch) -> None:
    """The balance that is told is a millionth of a dollar too much."""
    balance = PersonDesk.balance

    async def more(desk: PersonDesk) -> Balance:
        told = await balance(desk)
        return Balance(None if told.money is None else told.money + Money(1), told.free)

    patch.setattr(PersonDesk, "balance", more)


def forget_what_was_chosen(patch: pytest.MonkeyPatch) -> None:
    """The digits that a person chose are confirmed, and not kept."""

    async def kept(*_chosen: Any, **_how: Any) -> bool:
        return True

    patch.setattr(Enrolments, "choose", kept)


def keep_no_suspicion(patch: pytest.MonkeyPatch) -> None:
    """That a third party was suspected is stored nowhere."""

    async def nowhere(_call: StationCall) -> None:
        return

    patch.setattr(StationCall, "_keep_flags", nowhere)


def go_on_with_a_third_party(patch: pytest.MonkeyPatch) -> None:
    """A call goes on though its facility ends calls with a suspected third party."""
    cut = StationCall.cut

    def going_on(call: StationCall, reason: Reason) -> None:
        if reason is not Reason.THIRD_PARTY:
            cut(call, reason)

    patch.setattr(StationCall, "cut", going_on)
