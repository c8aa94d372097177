"""The story of one call, from the welcome inside to the end of the talk.

It reads top to bottom. Whoever hangs up ends what was awaited of them (`HungUpError`); the caller's
hang-up ends everything, through `staying`.

    language → welcome → PIN → who pays → number → admitted? → ringing → greeting → accepted? → talk
                          └ locked out             └ the reason is told, and no outbound leg is ever made
"""

from __future__ import annotations

from dataclasses import dataclass

from ivr import inside
from ivr.greeting import Choice, greet, last_words
from ivr.offer import Sold, settle
from ivr.ports import (
    Admission,
    Desk,
    HungUpError,
    Kind,
    Leaver,
    MoneyEnds,
    OverlayDue,
    Party,
    Talk,
    TalkEnded,
    Warned,
)
from ivr.presence import staying
from ivr.profile import Hears, Profile
from ivr.reasons import Reason
from ivr.words import Clips, Words

ASK_EVERYTHING = None
"""Dialled `0`: the caller is asked for who pays and for the number."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the story ended: the reason of the record, and who ended it."""

    reason: Reason
    by: Leaver


@dataclass(frozen=True, slots=True)
class Accepted:
    """A call that was accepted, and the words each of both hears over it."""

    admission: Admission
    inside: Words
    outside: Words


async def tell(caller: Party, desk: Desk, profile: Profile, dialled: str | None) -> Outcome:
    """Tell the whole story to an answered caller; `dialled` is the number, or `ASK_EVERYTHING`."""
    try:
        async with staying(caller):
            say = await inside.choose_language(caller, profile)
            placed = await _place(caller, desk, say, dialled)
            if isinstance(placed, Reason):
                await caller.play(say.reason(placed))
                return Outcome(placed, _leaver(placed))
        return await _talk(desk, placed)
    except HungUpError:
        return Outcome(Reason.GAVE_UP, Leaver.CALLER)


async def _place(caller: Party, desk: Desk, say: Words, dialled: str | None) -> Accepted | Reason:
    """Everything before the talk: an accepted call, or the reason there is none."""
    person = await inside.identify(caller, desk, say)
    if isinstance(person, Reason):
        return person
    person = await inside.enrol(caller, desk, say, person)
    if isinstance(person, Reason):
        return person
    refused = await inside.go_through_menus(caller, desk, say, person)
    if refused is not None:
        return refused
    admission = await inside.admit(caller, desk, say, person, dialled)
    if isinstance(admission, Reason):
        return admission
    if admission.kind is Kind.DEBIT and say.profile.inside.tells_debit_price:
        await caller.play(say.price(admission))
    async with desk.hold_audio():
        callee = await desk.ring(admission)
        if isinstance(callee, Reason):
            return callee
        choice, say_outside = await greet(callee, person, admission, Words(say.profile, admission.language))
        settled: Admission | Sold | Reason = admission
        while choice is Choice.ACCEPTED:
            settled = await settle(callee, desk, admission, say_outside)
            if not isinstance(settled, Sold):
                break
            admission = settled.admission  # An account was opened: the call is announced anew, as one that it pays.
            choice, say_outside = await greet(callee, person, admission, say_outside)
        if choice is not Choice.ACCEPTED:
            settled = await _take_leave(callee, desk, admission, choice, say_outside)
        if isinstance(settled, Admission):
            return Accepted(settled, say, say_outside)
        assert isinstance(settled, Reason), "what was sold is announced anew"
        await desk.dismiss()
        return settled


async def _take_leave(callee: Party, desk: Desk, admission: Admission, choice: Choice, say: Words) -> Reason:
    """Do and say what a call needs that was not accepted; the reason for it."""
    match choice:
        case Choice.REFUSED:
            return Reason.REFUSED
        case Choice.BLOCKED:
            await desk.block(admission)
            await last_words(callee, say.blocked())  # It is blocked whether this is heard or not.
            return Reason.BLOCKED_BY_CALLEE
        case Choice.MACHINE:
            return Reason.ANSWERING_MACHINE
        case Choice.NOTHING:
            await last_words(callee, say.when_silent())
            return Reason.NOT_ACCEPTED
        case Choice.ACCEPTED:
            raise AssertionError("who accepts does not leave")


async def _talk(desk: Desk, call: Accepted) -> Outcome:
    """Let them talk until one leaves, or the money or the time ends."""
    say_inside, say_outside = call.inside, call.outside
    warned = say_inside.profile.talking.warnings_heard_by
    async with desk.talking(call.admission) as talk:
        while True:
            match await talk.event():
                case Warned() if call.admission.kind is Kind.COURTESY:
                    await _over(talk, Hears.BOTH, say_inside.courtesy_ends(), say_outside.courtesy_ends())
                case Warned(remaining):
                    await _over(talk, warned, say_inside.time_left(remaining), say_outside.time_left(remaining))
                case MoneyEnds(remaining):
                    await _over(talk, Hears.BOTH, say_inside.money_ends(remaining), say_outside.money_ends(remaining))
                case OverlayDue(due):
                    await _over(talk, due.heard_by, say_inside.overlay(due), say_outside.overlay(due))
                case TalkEnded(reason, by):
                    return Outcome(reason, by)


async def _over(talk: Talk, heard_by: Hears, inside_hears: Clips, outside_hears: Clips) -> None:
    """Say it over the conversation, to each in their language."""
    if inside_hears == outside_hears:
        await talk.overlay(inside_hears, heard_by)
        return
    if heard_by is not Hears.CALLEE:
        await talk.overlay(inside_hears, Hears.CALLER)
    if heard_by is not Hears.CALLER:
        await talk.overlay(outside_hears, Hears.CALLEE)


def _leaver(reason: Reason) -> Leaver:
    """Who ended a call that was never accepted."""
    by_callee = {Reason.REFUSED, Reason.BLOCKED_BY_CALLEE, Reason.BUSY}
    return Leaver.CALLEE if reason in by_callee else Leaver.SWITCH
