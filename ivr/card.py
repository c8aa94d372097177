"""The called party enters a card by keypad: its number, when it expires, its security code.

Each is asked for anew while it cannot be right, so many times as the profile says. What was entered lives in this
coroutine and in the card it gives, nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from ivr import card_number
from ivr.card_number import Card
from ivr.keys import exactly
from ivr.ports import Party
from ivr.words import Words


async def ask_card(party: Party, say: Words, today: date) -> Card | None:
    """Ask for a card that may be valid on a day; None if there came none.

    Raises:
        HungUpError: The party left.
    """
    number = await _ask(
        party,
        say,
        ("enter-card-number", "number-not-valid"),
        is_complete=card_number.is_complete_number,
        is_valid=card_number.is_valid_number,
    )
    if number is None:
        return None
    expiry = await _ask(
        party,
        say,
        ("enter-expiry", "expiry-not-valid"),
        is_complete=exactly(card_number.EXPIRY_DIGITS),
        is_valid=lambda keys: card_number.is_valid_expiry(keys, today),
    )
    if expiry is None:
        return None
    digits = card_number.code_digits(number)
    code = await _ask(
        party,
        say,
        ("enter-code", "code-not-valid"),
        is_complete=exactly(digits),
        is_valid=lambda keys: len(keys) == digits and keys.isdecimal(),
    )
    return None if code is None else Card(number, expiry, code)


async def _ask(
    party: Party,
    say: Words,
    names: tuple[str, str],
    *,
    is_complete: Callable[[str], bool],
    is_valid: Callable[[str], bool],
) -> str | None:
    """Ask for digits until they are valid; the second words say that they were not."""
    first, again = names
    for number in range(say.profile.card.tries):
        keys = await party.ask(
            say.card(again if number else first),
            is_complete=is_complete,
            end="#",
            first=say.profile.card.first_key,
            between=say.profile.card.next_key,
        )
        if is_valid(keys):
            return keys
    return None
