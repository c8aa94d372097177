"""The family's line: whoever pays for calls hears the balance, adds money by card, and blocks calls (S3-13).

By keypad, at any hour:

    balance → which? ─┬─ balance
                      ├─ add money ─► how much? ─► what the card is charged, confirmed? ─► card ─► booked
                      ├─ block ─► confirmed? ─► blocked
                      └─ customer service

A telephone is known by the account it registers with; nobody else's balance is told.
"""

from __future__ import annotations

from typing import Final, Protocol

from ivr.card import CardDesk, pay_by_card
from ivr.card_number import Card
from ivr.choices import AccountChoice
from ivr.keys import exactly, one_of
from ivr.ports import CardAnswer, DepositTerms, Party
from ivr.words import Clips, Words
from ledger.money import Money

TURNS_MAX: Final = 9
"""How many choices one call may make: who mashes keys does not stay for ever."""


class AccountDesk(CardDesk, Protocol):
    """What the switch does for the holder of one number's account."""

    @property
    def has_customer_service(self) -> bool:
        """Whether somebody can be spoken to."""

    async def balance(self) -> Money | None:
        """What the account that pays for the number can still spend, None without an account."""

    async def deposit_terms(self) -> DepositTerms | None:
        """What may be put on that account by card, None where no card is taken for it."""

    async def deposit(self, card: Card, amount: Money, fee: Money) -> Money | CardAnswer:
        """Have an amount and its fee paid by card, and put the amount on that account; how much that is."""

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
    terms = await desk.deposit_terms()
    choices = [AccountChoice.BALANCE, *([AccountChoice.DEPOSIT] if terms else []), AccountChoice.BLOCK]
    choices += [AccountChoice.SERVICE] if desk.has_customer_service else []
    hear: Clips = say.account_welcome() + say.account_balance(await desk.balance())
    for _ in range(TURNS_MAX):
        chosen = await _choose(caller, say, hear + say.account_menu(choices), choices)
        match chosen:
            case AccountChoice.BALANCE:
                hear = say.account_balance(await desk.balance())
            case AccountChoice.DEPOSIT:
                assert terms is not None, "it is offered where cards are taken"
                hear = await _deposit(caller, desk, say, terms)
            case AccountChoice.BLOCK:
                hear = await _block(caller, desk, say)
            case AccountChoice.SERVICE:
                if await desk.customer_service():
                    return
                hear = say.account_clips("nobody-answers")
            case None:
                break
    await caller.play(say.goodbye())


async def _deposit(caller: Party, desk: AccountDesk, say: Words, terms: DepositTerms) -> Clips:
    """Add money by card, once the key was pressed again behind what is charged; what is said of it."""
    amount = await _amount(caller, say, terms)
    if amount is None:
        return ()
    charged = say.deposit_charged(amount, terms.fee)
    if await _choose(caller, say, charged, [AccountChoice.DEPOSIT]) is None:
        return ()
    added = await pay_by_card(caller, desk, say, lambda card: desk.deposit(card, amount, terms.fee))
    return () if added is None else say.account_clips("added") + say.account_balance(await desk.balance())


async def _amount(caller: Party, say: Words, terms: DepositTerms) -> Money | None:
    """Whole dollars by keypad, asked for anew while they cannot be taken; None if none came."""
    most = int(terms.most.decimal)
    hear = say.deposit_amount(terms)
    for _ in range(say.profile.card.tries):
        keys = await caller.ask(
            hear,
            is_complete=exactly(len(str(most)) + 1),  # One more than the most has: an amount too large is heard as one.
            end="#",
            first=say.profile.card.first_key,
            between=say.profile.card.next_key,
        )
        if keys.isdecimal() and 1 <= int(keys) <= most:
            return Money.from_text(keys)
        hear = say.account_clips("not-an-amount") + say.deposit_amount(terms)
    return None


async def _block(caller: Party, desk: AccountDesk, say: Words) -> Clips:
    """Block after the key was pressed once more; what is said of it."""
    confirmed = await _choose(caller, say, say.account_confirm(AccountChoice.BLOCK), [AccountChoice.BLOCK])
    if confirmed is None:
        return ()
    await desk.block()
    return say.account_clips("now-blocked")


async def _choose(caller: Party, say: Words, hear: Clips, choices: list[AccountChoice]) -> AccountChoice | None:
    inside, keys = say.profile.inside, say.profile.account_line.keys
    pressed = await caller.ask(
        hear,
        is_complete=one_of(keys[choice] for choice in choices),
        end="",
        first=inside.first_key,
        between=inside.next_key,
    )
    return next((choice for choice in choices if keys[choice] == pressed), None)
