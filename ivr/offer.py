"""What the called party is offered where its number cannot be billed: this call by card, or a prepaid account.

    accepted → which? ─┬─ this call ──► what it costs at most ──► card ──► paid: they talk
                       └─ an account ─► how much? ─────────────► card ──► opened: it chooses again, at its price

Somebody pays already in most calls: then there is nothing to settle. A courtesy call is taken here, once for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

from ivr.card import pay_by_card
from ivr.keys import one_of
from ivr.ports import Admission, Desk, HungUpError, Kind, Party
from ivr.presence import staying
from ivr.profile import Offer
from ivr.reasons import Reason
from ivr.words import Clips, Words
from ledger.money import Money

MICROS_PER_DOLLAR: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Sold:
    """An account was opened, which pays the call that is admitted now; whether it is accepted is asked again."""

    admission: Admission


T = TypeVar("T")


async def settle(callee: Party, desk: Desk, admission: Admission, say: Words) -> Admission | Sold | Reason:
    """See to it that somebody pays a call that was accepted; or say why nobody does."""
    if admission.kind is Kind.COURTESY:
        return admission if await desk.use_courtesy(admission) else Reason.NOT_PAID
    if not admission.offers:
        return admission
    try:
        async with staying(callee):
            return await _pay(callee, desk, admission, say)
    except HungUpError:
        return Reason.REFUSED


async def _pay(callee: Party, desk: Desk, admission: Admission, say: Words) -> Admission | Sold | Reason:
    """Let it choose how to pay, and pay."""
    table = say.profile.card
    paid: Admission | Reason | None
    keys = {Offer.ONECALL: table.onecall_key, Offer.SALE: table.sale_key}
    choices = {keys[offer]: offer for offer in admission.offers}
    match await _choose(callee, say, say.offers(admission), choices):
        case Offer.ONECALL:
            await callee.play(say.charged_at_most(admission))
            paid = await pay_by_card(callee, desk, say, lambda card: desk.pay_call(admission, card))
            if isinstance(paid, Admission):
                await callee.play(say.card("approved"))
            return paid or Reason.NOT_PAID
        case Offer.SALE:
            amounts = {
                str(number): Money(dollars * MICROS_PER_DOLLAR) for number, dollars in enumerate(table.amounts, start=1)
            }
            deposit = await _choose(callee, say, say.deposits(admission), amounts)
            if deposit is None:
                return Reason.NOT_PAID
            paid = await pay_by_card(callee, desk, say, lambda card: desk.buy_account(admission, card, deposit))
            if not isinstance(paid, Admission):
                return paid or Reason.NOT_PAID
            await callee.play(say.account_opened(deposit))
            callee.forget_keys()  # A key pressed before accepts no call that was not announced yet, nor is it billed.
            return Sold(paid)
        case _:
            return Reason.NOT_PAID


async def _choose(callee: Party, say: Words, hear: Clips, choices: dict[str, T]) -> T | None:
    """One of several things by key; None if no key names one."""
    for _ in range(say.profile.card.tries):
        pressed = await callee.ask(
            hear,
            is_complete=one_of(choices),
            end="",
            first=say.profile.card.first_key,
            between=say.profile.card.next_key,
        )
        if pressed in choices:
            return choices[pressed]
    return None
