"""What the person inside goes through before a call is placed: language, PIN, enrolment, who pays, the number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ivr import words
from ivr.keys import exactly, is_complete_number, one_of
from ivr.menus import MENUS
from ivr.ports import Admission, Billing, Desk, Party, Person
from ivr.profile import Profile
from ivr.reasons import Reason
from ivr.words import Clips, Words

BALANCES_MAX: Final = 3
"""How often the balance is told in one call."""


async def choose_language(caller: Party, profile: Profile) -> Words:
    """Offer the languages of the profile, each in its own words; who presses nothing hears the first."""
    if len(profile.languages) == 1:
        return Words(profile)
    inside = profile.inside
    choices = dict(zip(inside.language_keys, profile.languages, strict=False))
    pressed = await _ask(caller, profile, words.languages(profile), choices)
    return Words(profile, choices.get(pressed))


async def identify(caller: Party, desk: Desk, say: Words) -> Person | Reason:
    """Ask for the PIN, `pin_tries` times; then the station is locked for a while."""
    refused = await desk.station_refusal()
    if refused is not None:
        return refused
    inside = say.profile.inside
    ask_for = say.welcome() + say.enter_pin()
    for _ in range(inside.pin_tries):
        pin = await _digits(caller, say.profile, ask_for, inside.pin_length)
        # Who calls for the first time enters only what they were given, and ends it with `#`, or by waiting.
        is_whole = len(pin) in {inside.pin_length, inside.pin_length - inside.pin_chosen}
        person = await desk.identify(pin) if is_whole else None
        if person is not None:
            return person
        if await desk.station_refusal() is not None:  # bad tries of earlier calls count as well
            return Reason.BAD_PIN
        ask_for = say.bad_pin()
    await desk.lock()
    return Reason.BAD_PIN


async def enrol(caller: Party, desk: Desk, say: Words, person: Person) -> Person | Reason:
    """Have the rest of the PIN chosen, and the name spoken, where that is still to be done."""
    if person.must_choose_pin and not await _choose_pin(caller, desk, say):
        return Reason.BAD_PIN
    if not person.must_say_name:
        return person
    await caller.play(say.say_name())
    for _ in range(say.profile.inside.pin_tries):
        named = await desk.record_name(say.profile.inside.name_seconds)
        if named is not None:
            return named
        await caller.play(say.name_not_heard() + say.say_name())
    return person


async def go_through_menus(caller: Party, desk: Desk, say: Words, person: Person) -> Reason | None:
    """The menus that the profile names; the reason of the first that ends the call."""
    for name in say.profile.inside.menus:
        refused = await MENUS[name](caller, desk, say, person)
        if refused is not None:
            return refused
    return None


async def admit(caller: Party, desk: Desk, say: Words, person: Person, dialled: str | None) -> Admission | Reason:
    """Ask what was not dialled, and have the call validated."""
    if dialled is not None:
        return await desk.admit(person, dialled, Billing.COLLECT)
    inside = say.profile.inside
    billing = await _ask_billing(caller, desk, say)
    if billing is None:
        return Reason.NO_NUMBER
    admission: Admission | Reason = Reason.NO_NUMBER
    ask_for = say.enter_number()
    for _ in range(inside.number_tries):
        number = await caller.ask(
            ask_for, is_complete=is_complete_number, end="#", first=inside.first_key, between=inside.next_key
        )
        if number:
            admission = await desk.admit(person, number, billing)
            if admission is not Reason.INVALID_NUMBER:
                return admission
        ask_for = say.invalid_number()
    return admission


async def _ask_billing(caller: Party, desk: Desk, say: Words) -> Billing | None:
    """The choice between collect and debit, None when there was none; the balance is told on the way."""
    inside = say.profile.inside
    choices = {inside.collect_key: Billing.COLLECT, inside.debit_key: Billing.DEBIT}
    told = 0
    keys = choices if inside.balance_key is None else {**choices, inside.balance_key: None}
    for _ in range(inside.number_tries):
        ask_for = say.what_next()
        while (pressed := await _ask(caller, say.profile, ask_for, keys)) == inside.balance_key and told < BALANCES_MAX:
            told += 1
            ask_for = say.balance(await desk.balance()) + say.what_next()
        if pressed in choices:
            return choices[pressed]
    return None


async def _choose_pin(caller: Party, desk: Desk, say: Words) -> bool:
    """Ask for the digits twice; False: they were never the same, or another call chose others meanwhile."""
    wanted = say.profile.inside.pin_chosen
    ask_for = say.choose_pin()
    for _ in range(say.profile.inside.pin_tries):
        chosen = await _digits(caller, say.profile, ask_for, wanted)
        is_whole = len(chosen) == wanted and chosen.isdigit()
        if is_whole and await _digits(caller, say.profile, say.choose_pin_again(), wanted) == chosen:
            is_kept = await desk.choose_pin(chosen)
            await caller.play(say.pin_chosen() if is_kept else say.pin_taken())
            return is_kept
        ask_for = say.pins_differ()
    return False


async def _digits(caller: Party, profile: Profile, clips: Clips, count: int) -> str:
    inside = profile.inside
    return await caller.ask(clips, is_complete=exactly(count), end="#", first=inside.first_key, between=inside.next_key)


async def _ask(caller: Party, profile: Profile, clips: Clips, choices: Iterable[str]) -> str:
    inside = profile.inside
    return await caller.ask(clips, is_complete=one_of(choices), end="", first=inside.first_key, between=inside.next_key)
