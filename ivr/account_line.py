"""The family's line: whoever pays for calls hears the balance, and blocks them, by keypad at any hour (S3-13).

A telephone is known by the account it registers with; nobody else's balance is told.
"""

from __future__ import annotations

from typing import Final, Protocol

from ivr.choices import AccountChoice
from ivr.keys import one_of
from ivr.ports import Party
from ivr.words import Clips, Words
from ledger.money import Money

TURNS_MAX: Final = 9
"""How many choices one call may make: who mashes keys does not stay for ever."""


class AccountDesk(Protocol):
    """What the switch does for the holder of one number's account."""

    @property
    def has_customer_service(self) -> bool:
        """Whether somebody can be spoken to."""

    async def balance(self) -> Money | None:
        """What the account that pays for the number can still spend, None without an account."""

    async def block(self) -> None:
        """Block calls from every facility, durably; only customer service removes it (S1-14)."""

    async def customer_service(self) -> bool:
        """Let both speak until one leaves; False: nobody answered."""


async def account_line(caller: Party, desk: AccountDesk | None, say: Words) -> None:
    """Take a call to the line to its end; without a desk the telephone is not known.

    Raises:
        HungUpError: The caller left.
    """
    if desk is None:
        await caller.play(say.account_welcome() + say.account_clips("unknown-telephone"))
        return
    choices = [each for each in AccountChoice if desk.has_customer_service or each is not AccountChoice.SERVICE]
    hear: Clips = say.account_welcome() + say.account_balance(await desk.balance())
    for _ in range(TURNS_MAX):
        chosen = await _choose(caller, say, hear + say.account_menu(choices), choices)
        match chosen:
            case AccountChoice.BALANCE:
                hear = say.account_balance(await desk.balance())
            case AccountChoice.BLOCK:
                hear = await _block(caller, desk, say)
            case AccountChoice.SERVICE:
                if await desk.customer_service():
                    return
                hear = say.account_clips("nobody-answers")
            case None:
                break
    await caller.play(say.goodbye())


async def _block(caller: Party, desk: AccountDesk, say: Words) -> Clips:
    """Block after the key was pressed once more; what is said of it."""
    confirmed = await _choose(caller, say, say.account_confirm(AccountChoice.BLOCK), [AccountChoice.BLOCK])
    if confirmed is None:
        return ()
    await desk.block()
    return say.account_clips("now-blocked")


async def _choose(caller: Party, say: Words, hear: Clips, choices: list[AccountChoice]) -> AccountChoice | None:
    inside = say.profile.inside
    pressed = await caller.ask(
        hear,
        is_complete=one_of(choice.value for choice in choices),
        end="",
        first=inside.first_key,
        between=inside.next_key,
    )
    return next((choice for choice in choices if choice.value == pressed), None)
