"""The cashier of one call: has cards authorised, and sees to it that the book knows what is owed to the processor.

    AskCard stored ─► authorise ─┬─ approved ─► stored as authorised, or booked as sold or as a deposit
                                 ├─ declined ─► stored
                                 └─ no answer ► stored as given up: it is voided until that is known

Whoever hangs up meanwhile leaves the card as asked for; the end of the call decides it (`switch.call.settlement`). A
call to the account line is not in the book, and so its end says what is given up: `give_up`.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from ivr.card_number import Card
from ivr.ports import CardAnswer
from ledger.errors import LedgerError
from ledger.money import AccountId, CallId, Money
from ledger.outcomes import Refused
from ledger.products.card_requests import (
    AskCard,
    AuthoriseCard,
    DeclineCard,
    DepositByCard,
    DueCard,
    SellAccount,
    card_payment_id,
)
from ledger.products.card_rows import CardUse
from switch.call.services import Services
from switch.call.timeline import BOOK, SWITCH, Kind, Timeline
from switch.payments.gateway import Approved, Declined, NoAnswerError


class Cashier:
    """Takes the cards of one call."""

    def __init__(
        self, *, services: Services, call_id: CallId, channel: str, answer_within: float, timeline: Timeline
    ) -> None:
        self._services = services
        self._call_id = call_id
        self._channel = channel
        self._answer_within = answer_within
        self._timeline = timeline
        self._cards = 0
        self._open: str | None = None
        """The payment that the processor was asked for last, until it is given up."""

    async def authorise(self, card: Card, use: CardUse, amount: Money) -> str | CardAnswer:
        """Have an amount reserved; the id of the payment, or why there is none.

        Raises:
            LedgerError: The book does not answer; then the processor was asked nothing, or is asked to void.
        """
        gateway = self._services.gateway
        assert gateway is not None, "cards are offered where there is a processor"
        await self.give_up()
        self._cards += 1
        payment_id = card_payment_id(self._call_id, self._cards)
        asked = await self._services.book.submit(
            AskCard(payment_id, self._call_id, use, amount, self._channel, self._utc())
        )
        if isinstance(asked, Refused):
            raise LedgerError(asked.why.value)
        self._open = payment_id
        try:
            async with asyncio.timeout(self._answer_within):
                answer = await gateway.authorise(payment_id, card, amount)
        except (TimeoutError, NoAnswerError):
            self._note(f"no answer for {amount} of a card ending {card.last_four}: to be voided")
            await self.give_up()
            return CardAnswer.UNKNOWN
        match answer:
            case Approved(last_four):
                self._note(f"{amount} of a card ending {last_four} authorised")
                return payment_id
            case Declined(why):
                self._note(f"{amount} of a card ending {card.last_four} {why}")
                await self._services.book.submit(DeclineCard(payment_id, self._utc()))
                self._open = None
                return CardAnswer.DECLINED

    async def approve(self, payment_id: str) -> None:
        """Store that a card guarantees the call.

        Raises:
            LedgerError: The book does not answer, or the call is over for it.
        """
        stored = await self._services.book.submit(AuthoriseCard(payment_id, self._utc()))
        if isinstance(stored, Refused):
            raise LedgerError(stored.why.value)

    async def sell(self, payment_id: str, number: str, fee: Money) -> None:
        """Open the prepaid account of a number with what a card guarantees.

        Raises:
            LedgerError: The book does not answer, or the call is over for it.
        """
        sold = await self._services.book.submit(SellAccount(payment_id, number, fee, self._channel, self._utc()))
        if isinstance(sold, Refused):
            raise LedgerError(sold.why.value)
        self._services.cards_due.set()
        self._timeline.add(Kind.MONEY, SWITCH, BOOK, f"deposit {sold.amount} to advancepay:{number}, fee {fee}")

    async def deposit(self, payment_id: str, account_id: AccountId, fee: Money) -> Money:
        """Put what a card guarantees on an account; how much that is, without the fee.

        Raises:
            LedgerError: The book does not answer, or takes it for given up.
        """
        booked = await self._services.book.submit(
            DepositByCard(payment_id, account_id, fee, self._channel, self._utc())
        )
        if isinstance(booked, Refused):
            raise LedgerError(booked.why.value)
        self._open = None
        self._services.cards_due.set()
        self._timeline.add(Kind.MONEY, SWITCH, BOOK, f"deposit {booked.amount} to {account_id}, fee {fee}")
        return booked.amount

    async def give_up(self) -> None:
        """Nobody waits for the last card any more: where it paid nothing yet, it never will.

        Raises:
            LedgerError: The book does not answer.
        """
        if self._open is not None:
            payment_id, self._open = self._open, None
            await self._services.book.submit(DueCard(payment_id, self._utc(), is_given_up=True))
            self._services.cards_due.set()

    def _note(self, text: str) -> None:
        self._timeline.add(Kind.STATE, SWITCH, SWITCH, text)

    def _utc(self) -> datetime:
        return self._services.clock.utc(self._services.clock.now())
