"""What is wrong with a profile as a whole: steps that nobody reaches, words that nobody recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from pydantic import BaseModel

from ivr.answering_machine import ToldBy
from ivr.menus import MENUS
from ivr.profile import Offer, Part, Profile
from ivr.reasons import Reason
from prompts.catalog import ClipId, full_id

Place: TypeAlias = tuple[str | int, ...]
Finding: TypeAlias = tuple[Place, str]
"""The place of a key, and what is wrong with it."""

NEVER_TOLD: Final = frozenset(
    {
        Reason.HUNG_UP,
        Reason.FUNDS_EXHAUSTED,
        Reason.TIME_LIMIT,
        Reason.MEDIA_LOST,
        Reason.THIRD_PARTY,
        Reason.GAVE_UP,
        Reason.RECOVERED,
        Reason.SHUT_DOWN,
    }
)
"""Both lines are released with these: nobody is left to be told."""

AFTER_RINGING: Final = (
    Reason.BUSY,
    Reason.NO_ANSWER,
    Reason.UNREACHABLE,
    Reason.REFUSED,
    Reason.ANSWERING_MACHINE,
    Reason.NOT_ACCEPTED,
    Reason.NOT_PAID,
    Reason.GAVE_UP,
)
"""How a call ends that rang, or tried to, and was not accepted."""


def unreachable(profile: Profile) -> Iterator[Finding]:
    """Steps that no call ever comes to, and steps that lead nowhere."""
    yield from _choices(profile)
    yield from _talk(profile)
    yield from _card(profile)
    yield from _machine(profile)
    for number, name in enumerate(profile.inside.menus):
        if name not in MENUS:
            yield ("inside", "menus", number), f"there is no menu {name!r}; known are {', '.join(sorted(MENUS))}"
    for reason in profile.reasons:
        if reason in NEVER_TOLD:
            yield ("reasons", reason.value), "is told to nobody: both lines are released with it; leave it out"
    for number, reason in enumerate(profile.retry.after):
        if reason not in AFTER_RINGING:
            known = ", ".join(each.value for each in AFTER_RINGING)
            yield ("retry", "after", number), f"{reason.value!r} is not how a call that rang ends; known are {known}"
    if profile.retry.wait and not profile.retry.after:
        yield ("retry", "after"), "is empty, so that nobody ever waits; name reasons, or leave wait out"


def wordless(profile: Profile, is_recorded: Callable[[ClipId], bool]) -> Iterator[Finding]:
    """Prompts without words: clips that neither a catalog nor the user's own recordings have, in any language."""
    for place, name in _named_clips(profile):
        for clip in dict.fromkeys(full_id(language, name) for language in profile.languages):
            if not is_recorded(clip):
                yield place, f"nobody has recorded {clip!r}; name a clip of `python -m prompts list`, or record it"


def _choices(profile: Profile) -> Iterator[Finding]:
    keys, greeting = profile.keys, profile.outside.greeting
    for part, key, name in ((Part.BLOCK, keys.block, "block"), (Part.REFUSE, keys.refuse, "refuse")):
        if key and part not in greeting:
            remedy = f'say "{name}" in outside.greeting'
            yield ("keys", name), f"is told to nobody: {remedy}, or take the key away"
    if Part.BLOCK in greeting and not keys.block:
        place = greeting.index(Part.BLOCK)
        yield (
            ("outside", "greeting", place),
            'says how to block, but no key does; give keys.block, or leave "block" out',
        )


def _card(profile: Profile) -> Iterator[Finding]:
    cap = profile.deposits.cap
    for number, dollars in enumerate(profile.card.amounts if Offer.SALE in profile.card.offers else ()):
        if cap is not None and cap.decimal < dollars:
            yield ("card", "amounts", number), f"${dollars} is never taken: deposits.cap is ${cap}"
    line = profile.account_line
    if cap is not None and _is_chosen(line, "most") and cap.decimal < line.most:
        yield ("account_line", "most"), f"${line.most} is never taken: deposits.cap is ${cap}"


def _machine(profile: Profile) -> Iterator[Finding]:
    machine = profile.machine
    if machine.told_by is ToldBy.BEHAVIOUR:
        for name in ("then", "speech"):
            if _is_chosen(machine, name):
                yield ("machine", name), 'is never heard of: nobody listens; give told_by = "sound", or leave it out'


def _is_chosen(part: BaseModel, name: str) -> bool:
    """Whether a value is another than what it is without being given: whole profiles are written out, too."""
    return bool(getattr(part, name) != type(part).model_fields[name].default)


def _talk(profile: Profile) -> Iterator[Finding]:
    talking = profile.talking
    longest = f"the talk lasts {talking.limit:g} s at most"
    for number, warning in enumerate(talking.warnings):
        if warning >= talking.limit:
            yield ("talking", "warnings", number), f"{warning:g} s before the end never comes: {longest}"
    for seconds in talking.warning_words:
        if float(seconds) not in talking.warnings:
            yield ("talking", "warning_words", seconds), f"nobody is warned {seconds} s before the end; see warnings"
    for number, overlay in enumerate(profile.overlays):
        if overlay.starts >= talking.limit:
            key = "every" if overlay.first is None else "first"
            yield ("overlays", number, key), f"{overlay.starts:g} s of talk never come: {longest}"
        if not overlay.words:
            yield ("overlays", number, "words"), "says nothing; name its clips, or leave the overlay out"


def _named_clips(profile: Profile) -> Iterator[Finding]:
    """Every clip that the profile itself names, with its place."""
    yield ("outside", "provider"), profile.outside.provider
    rows: list[tuple[Place, tuple[str, ...]]] = []
    rows += [(("outside", "when_silent"), profile.outside.when_silent)]
    rows += [(("talking", "warning_words", each), words) for each, words in profile.talking.warning_words.items()]
    rows += [(("overlays", number, "words"), each.words) for number, each in enumerate(profile.overlays)]
    rows += [(("reasons", each.value), words) for each, words in profile.reasons.items()]
    for place, words in rows:
        for number, clip in enumerate(words):
            yield (*place, number), clip
