"""The words of each moment of the story, as clips.

What is said is decided here and in the profile's order; how it sounds is the business of `prompts`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ivr.ports import Admission, Person
from ivr.profile import Overlay, Part, Profile
from ivr.reasons import Reason
from prompts import english as spoken
from prompts.catalog import ClipId

Clips = tuple[ClipId, ...]


def _clips(*names: str) -> Clips:
    return tuple(map(ClipId, names))


ENTER_PIN: Final = _clips("inside/enter-pin")
BAD_PIN: Final = _clips("inside/pin-not-valid", "inside/enter-pin")
ENTER_NUMBER: Final = _clips("inside/enter-number")
INVALID_NUMBER: Final = _clips("reason/invalid-number", "inside/enter-number")
BLOCKED: Final = _clips("outside/now-blocked", "outside/goodbye")
CONNECTED: Final = _clips("outside/thank-you")
PLEASE_HOLD: Final = _clips("inside/please-hold")
HOLD_AUDIO: Final = ClipId("hold/music")


def welcome(profile: Profile) -> Clips:
    """The first words inside."""
    return _clips("inside/welcome", profile.outside.provider)


def who_pays(profile: Profile) -> Clips:
    """The choice between collect and debit."""
    return (
        *_clips("inside/for-collect"),
        *spoken.key(profile.inside.collect_key),
        *_clips("inside/for-debit"),
        *spoken.key(profile.inside.debit_key),
    )


def reason(why: Reason, profile: Profile) -> Clips:
    """Why the call did not go through, as the caller is told: the profile's own words, or the usual ones."""
    return _clips(*profile.reasons.get(why, (f"reason/{why.value}",)))


def when_silent(profile: Profile) -> Clips:
    """The last words to whoever pressed nothing."""
    return _clips(*profile.outside.when_silent)


def greeting(profile: Profile, person: Person, admission: Admission) -> Clips:
    """All of the greeting, in the order of the profile."""
    said: list[ClipId] = []
    for part in profile.outside.greeting:
        said += _part(part, profile, person, admission)
    return tuple(said)


def choices(profile: Profile) -> Clips:
    """Only the keys, as they are repeated."""
    said: list[ClipId] = []
    for part in profile.outside.greeting:
        said += _choice(part, profile)
    return tuple(said)


def price(admission: Admission) -> Clips:
    """The price, told to the one who is billed (47 CFR 64.710); quotes exclude taxes and say so."""
    return spoken.price(admission.first_minute.decimal, admission.each_minute.decimal)


def time_left(remaining: timedelta, profile: Profile) -> Clips:
    """A warning over the conversation: the profile's own words for these seconds, or the usual ones."""
    own = profile.talking.warning_words.get(f"{remaining.total_seconds():.0f}")
    return spoken.time_left(remaining) if own is None else _clips(*own)


def overlay(due: Overlay) -> Clips:
    """What is said over the conversation again and again."""
    return _clips(*due.words)


def money_ends(remaining: timedelta) -> Clips:
    """The final unit, with the way to a longer talk, over the conversation (RFC 8506 §5.6.2)."""
    return (ClipId("talk/money-ends"), *spoken.time_left(remaining), ClipId("talk/top-up"))


def _part(part: Part, profile: Profile, person: Person, admission: Admission) -> Clips:
    match part:
        case Part.PROVIDER:
            return _clips("outside/call-through", profile.outside.provider)
        case Part.KIND:
            return _clips(f"kind/{admission.kind.value}")
        case Part.NAME:
            return (*_clips("outside/from"), *person.name)
        case Part.FACILITY:
            return (*_clips("outside/at"), *admission.facility)
        case Part.RECORDED:
            return _clips("outside/not-recorded" if admission.is_privileged else "outside/recorded")
        case _:
            return _choice(part, profile)


def _choice(part: Part, profile: Profile) -> Clips:
    keys = profile.keys
    match part:
        case Part.PRICE:
            return (*_clips("outside/hear-price"), *spoken.key(keys.price))
        case Part.ACCEPT:
            return (*_clips("outside/accept"), *spoken.key(keys.accept))
        case Part.REFUSE if keys.refuse is None:
            return _clips("outside/refuse-by-hanging-up")
        case Part.REFUSE:
            return (*_clips("outside/refuse"), *spoken.key(keys.refuse or ""))
        case Part.BLOCK:
            return (*_clips("outside/block"), *spoken.key(keys.block)) if keys.block else ()
        case _:
            return ()
