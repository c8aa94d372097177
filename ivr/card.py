"""Somebody enters a card by keypad, and it pays: its number, when it expires, its security code.

Each is asked for anew while it cannot be right, and so is another card where one is declined, so many times as the
profile says. What was entered lives in these coroutines and in the card they give, nowhere else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import date
from typing import Protocol, TypeVar

from ivr import card_number
from ivr.card_number import Card
from ivr.keys import exactly
from ivr.ports import CardAnswer, Party
from ivr.words import Words

T = TypeVar("T")


class CardDesk(Protocol):
    """What the switch does while a card is asked for."""

    def today(self) -> date:
        """The local day at the facility, by which a card is expired or not."""

    def asking_for_card(self) -> AbstractAsyncContextManager[None]:
        """A card is entered inside this block: whoever shows the call shows no key of it."""


async def pay_by_card(
    party: Party, desk: CardDesk, say: Words, pay: Callable[[Card], Awaitable[T | CardAnswer]]
) -> T | None:
    """Ask for a card and have it pay; what came of it, None if no card did.

    Raises:
        HungUpError: The party left.
    """
    for _ in range(say.profile.card.tries):
        async with desk.asking_for_card():
            card = await ask_card(party, say, desk.today())
        if card is None:
            return None
        await party.play(say.card("please-wait"))
        paid = await pay(card)
        if not isinstance(paid, CardAnswer):
            return paid
        await party.play(say.card("declined" if paid is CardAnswer.DECLINED else "not-checked"))
        if paid is CardAnswer.UNKNOWN:
            return None
    return None


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
