"""What the called party goes through: the announcement, and the choice."""

from __future__ import annotations

from contextlib import nullcontext
from enum import Enum

from ivr.keys import one_of
from ivr.ports import Acceptance, Admission, HungUpError, Party, Person
from ivr.presence import MachineAnsweredError, talking_to_a_person
from ivr.words import Clips, Words, next_language


class Choice(Enum):
    """What the called party did with the greeting."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    BLOCKED = "blocked"
    NOTHING = "nothing"
    MACHINE = "machine"
    """It was heard to be one, and the profile hangs up on such."""


async def greet(callee: Party, person: Person, admission: Admission, say: Words) -> tuple[Choice, Words]:
    """Announce the call and take the choice, in the words it was made in.

    A machine that answers presses nothing and is released, at once where it is told by its sound.
    """
    if admission.acceptance is Acceptance.ANSWER:
        return Choice.ACCEPTED, say
    hangs_up_on_machines = say.profile.machine.hangs_up_on_sound
    try:
        async with talking_to_a_person(callee) if hangs_up_on_machines else nullcontext():
            return await _announce(callee, person, admission, say)
    except HungUpError:
        return Choice.REFUSED, say
    except MachineAnsweredError:
        return Choice.MACHINE, say


async def _announce(callee: Party, person: Person, admission: Admission, say: Words) -> tuple[Choice, Words]:
    """Say the greeting until a choice is made.

    The price is told, and the language changed, as often as the choices are repeated, and neither uses up a repeat.

    Raises:
        HungUpError: The called party left.
    """
    keys, outside = say.profile.keys, say.profile.outside
    choices = {keys.block: Choice.BLOCKED} if keys.block else {}
    if keys.refuse is not None:
        choices[keys.refuse] = Choice.REFUSED
    is_passive = admission.acceptance is Acceptance.PASSIVE
    if not is_passive:
        choices[keys.accept] = Choice.ACCEPTED
    announce = Words.passive_greeting if is_passive else Words.greeting
    hear = announce(say, person, admission)
    silent = asked = 0
    while silent < outside.repeats:
        pressed = await callee.ask(
            hear,
            is_complete=one_of([*choices, keys.price, *([keys.language] if keys.language else [])]),
            end="",
            first=outside.choice,
            between=outside.next_key,
        )
        if pressed in choices:
            return choices[pressed], say
        if is_passive and not pressed:
            return Choice.ACCEPTED, say
        hear = say.passive_choices() if is_passive else say.choices()
        is_asking = pressed in {keys.price, keys.language} and asked < outside.repeats
        asked, silent = (asked + 1, silent) if is_asking else (asked, silent + 1)
        if is_asking and pressed == keys.price:
            hear = say.price(admission) + hear
        elif is_asking:
            say = Words(say.profile, next_language(say.profile, say.tongue.language))
            hear = announce(say, person, admission)
    return Choice.NOTHING, say


async def last_words(callee: Party, clips: Clips) -> None:
    """Say it before the called party is released; whoever has hung up hears nothing of it."""
    if not clips:
        return
    try:
        await callee.play(clips)
    except HungUpError:
        return
