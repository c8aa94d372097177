"""The story of one call, from the welcome inside to the end of the talk.

It reads top to bottom. Whoever hangs up ends what was awaited of them (`HungUpError`); the caller's
hang-up ends everything, through `staying`.

    welcome → PIN → who pays → number → admitted? → ringing → greeting → accepted? → talk
                 └ locked out        └ the reason is told, and no outbound leg is ever made
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ivr import words
from ivr.keys import exactly, is_complete_number, one_of
from ivr.menus import MENUS
from ivr.ports import (
    Admission,
    Billing,
    Desk,
    HungUpError,
    Leaver,
    MoneyEnds,
    OverlayDue,
    Party,
    Person,
    TalkEnded,
    Warned,
)
from ivr.presence import staying
from ivr.profile import Profile
from ivr.reasons import Reason
from prompts.catalog import ClipId

ASK_EVERYTHING = None
"""Dialled `0`: the caller is asked for who pays and for the number."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the story ended: the reason of the record, and who ended it."""

    reason: Reason
    by: Leaver


class Choice(Enum):
    """What the called party did with the greeting."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    BLOCKED = "blocked"
    NOTHING = "nothing"


async def tell(caller: Party, desk: Desk, profile: Profile, dialled: str | None) -> Outcome:
    """Tell the whole story to an answered caller; `dialled` is the number, or `ASK_EVERYTHING`."""
    try:
        async with staying(caller):
            placed = await _place(caller, desk, profile, dialled)
            if isinstance(placed, Reason):
                await caller.play(words.reason(placed, profile))
                return Outcome(placed, _leaver(placed))
        return await _talk(desk, profile, placed)
    except HungUpError:
        return Outcome(Reason.GAVE_UP, Leaver.CALLER)


async def _place(caller: Party, desk: Desk, profile: Profile, dialled: str | None) -> Admission | Reason:
    """Everything before the talk: an accepted call, or the reason there is none."""
    person = await _identify(caller, desk, profile)
    if isinstance(person, Reason):
        return person
    for name in profile.inside.menus:
        refused = await MENUS[name](caller, desk, profile, person)
        if refused is not None:
            return refused
    admission = await _admit(caller, desk, profile, person, dialled)
    if isinstance(admission, Reason):
        return admission
    async with desk.hold_audio():
        callee = await desk.ring(admission)
        if isinstance(callee, Reason):
            return callee
        match await greet(callee, person, admission, profile):
            case Choice.ACCEPTED:
                return admission
            case Choice.REFUSED:
                reason = Reason.REFUSED
            case Choice.BLOCKED:
                await desk.block(admission)
                await _last_words(callee, words.BLOCKED)  # It is blocked whether this is heard or not.
                reason = Reason.BLOCKED_BY_CALLEE
            case Choice.NOTHING:
                await _last_words(callee, words.when_silent(profile))
                reason = Reason.NOT_ACCEPTED
        await desk.dismiss()
        return reason


async def _identify(caller: Party, desk: Desk, profile: Profile) -> Person | Reason:
    """Ask for the PIN, `pin_tries` times; then the station is locked for a while."""
    refused = await desk.station_refusal()
    if refused is not None:
        return refused
    inside = profile.inside
    ask_for = words.welcome(profile) + words.ENTER_PIN
    for _ in range(inside.pin_tries):
        pin = await caller.ask(
            ask_for,
            is_complete=exactly(inside.pin_length),
            end="#",
            first=inside.first_key,
            between=inside.next_key,
        )
        person = await desk.identify(pin) if len(pin) == inside.pin_length else None
        if person is not None:
            return person
        if await desk.station_refusal() is not None:  # bad tries of earlier calls count as well
            return Reason.BAD_PIN
        ask_for = words.BAD_PIN
    await desk.lock()
    return Reason.BAD_PIN


async def _admit(
    caller: Party, desk: Desk, profile: Profile, person: Person, dialled: str | None
) -> Admission | Reason:
    """Ask what was not dialled, and have the call validated."""
    if dialled is not None:
        return await desk.admit(person, dialled, Billing.COLLECT)
    inside = profile.inside
    billing = await _ask_billing(caller, profile)
    if billing is None:
        return Reason.NO_NUMBER
    admission: Admission | Reason = Reason.NO_NUMBER
    ask_for = words.ENTER_NUMBER
    for _ in range(inside.number_tries):
        number = await caller.ask(
            ask_for, is_complete=is_complete_number, end="#", first=inside.first_key, between=inside.next_key
        )
        if number:
            admission = await desk.admit(person, number, billing)
            if admission is not Reason.INVALID_NUMBER:
                return admission
        ask_for = words.INVALID_NUMBER
    return admission


async def _ask_billing(caller: Party, profile: Profile) -> Billing | None:
    """The choice between collect and debit, None when there was none."""
    inside = profile.inside
    choices = {inside.collect_key: Billing.COLLECT, inside.debit_key: Billing.DEBIT}
    for _ in range(inside.number_tries):
        keys = await caller.ask(
            words.who_pays(profile),
            is_complete=one_of(choices),
            end="",
            first=inside.first_key,
            between=inside.next_key,
        )
        if keys in choices:
            return choices[keys]
    return None


async def greet(callee: Party, person: Person, admission: Admission, profile: Profile) -> Choice:
    """Announce the call and take the choice; a machine that answers presses nothing and is released.

    The price is told as often as the choices are repeated, and does not use up a repeat.
    """
    keys, outside = profile.keys, profile.outside
    choices = {keys.accept: Choice.ACCEPTED}
    if keys.block:
        choices[keys.block] = Choice.BLOCKED
    if keys.refuse is not None:
        choices[keys.refuse] = Choice.REFUSED
    say: Sequence[ClipId] = words.greeting(profile, person, admission)
    silent = prices = 0
    try:
        while silent < outside.repeats:
            pressed = await callee.ask(
                say,
                is_complete=one_of([*choices, keys.price]),
                end="",
                first=outside.choice,
                between=outside.next_key,
            )
            if pressed in choices:
                return choices[pressed]
            say = words.choices(profile)
            if pressed == keys.price and prices < outside.repeats:
                prices += 1
                say = words.price(admission) + say
            else:
                silent += 1
    except HungUpError:
        return Choice.REFUSED
    return Choice.NOTHING


async def _last_words(callee: Party, clips: Sequence[ClipId]) -> None:
    """Say it before the called party is released; whoever has hung up hears nothing of it."""
    if not clips:
        return
    try:
        await callee.play(clips)
    except HungUpError:
        return


async def _talk(desk: Desk, profile: Profile, admission: Admission) -> Outcome:
    """Let them talk until one leaves, or the money or the time ends."""
    async with desk.talking(admission) as talk:
        while True:
            match await talk.event():
                case Warned(remaining):
                    await talk.overlay(words.time_left(remaining, profile), profile.talking.warnings_heard_by)
                case MoneyEnds(remaining):
                    await talk.overlay(words.money_ends(remaining))
                case OverlayDue(overlay):
                    await talk.overlay(words.overlay(overlay), overlay.heard_by)
                case TalkEnded(reason, by):
                    return Outcome(reason, by)


def _leaver(reason: Reason) -> Leaver:
    """Who ended a call that was never accepted."""
    by_callee = {Reason.REFUSED, Reason.BLOCKED_BY_CALLEE, Reason.BUSY}
    return Leaver.CALLEE if reason in by_callee else Leaver.SWITCH
