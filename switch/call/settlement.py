"""What the payment processor has to do, asked of it until it is known: captures of talk, voids of the rest, refunds.

The book says what is owed (`ledger.products.cards`); it is asked under the id that the processor knows. A crash
between question and answer, or an outage of either side, is asked about again, by whichever process comes first. What
the processor refuses for good is not: a loss, or a deposit charged back, or a refund that is still owed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from ledger.errors import LedgerError
from ledger.money import Money
from ledger.outcomes import Outcome, Refused
from ledger.product_reads import read_cards_to_settle, read_refunds_to_settle
from ledger.products.card_requests import (
    CaptureCard,
    CardRequest,
    DueCard,
    KeepRefund,
    RefuseCard,
    RepayCard,
    SettleDeposit,
    VoidCard,
    payment_of_refund,
)
from ledger.products.card_rows import CardPayment, CardRefund, CardState, CardUse
from ledger.store import Book
from switch.call.services import Services
from switch.payments.gateway import Done, NoAnswerError, PaymentGateway, Rejected

CARDS_MAX: Final = 50
"""Cards asked about together; the rest waits for the next look."""

LOOK_SECONDS: Final = 5.0
"""How long nothing is looked for where no call of this process ended: what others left when they died."""

ANSWER_SECONDS: Final = 10.0
"""Until an answer is taken not to come, and asked for again later."""

LOST: Final = "it is a loss in the book; `payphone service block` keeps the number from calls that are not paid"
CHARGED_BACK: Final = "the deposit is charged back; its account pays what it owes before it calls again"
"""What is left to do where a processor will never take what is due."""

Answered = TypeVar("Answered", Done, Done | Rejected)


async def settle_when_due(services: Services) -> None:
    """Wait until something may be owed, and ask the processor for it. To be called again and again.

    Raises:
        LedgerError: The book does not answer.
    """
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await services.cards_due.wait()
    except TimeoutError:
        pass
    services.cards_due.clear()
    await settle_of(services)


async def settle_of(services: Services) -> None:
    """Ask the processor of these services once for everything that is owed to it; nothing where there is none.

    Raises:
        LedgerError: The book does not answer.
    """
    if services.gateway is not None:
        clock = services.clock
        await settle_cards(services.book, services.gateway, now=lambda: clock.utc(clock.now()), log=services.log)


async def settle_cards(book: Book, gateway: PaymentGateway, *, now: Callable[[], datetime], log: Any) -> None:
    """Ask a processor once for everything that is owed to it, and for everything that cards are to have back.

    Raises:
        LedgerError: The book does not answer; what was asked of the processor is asked again.
    """
    asking = Asking(book, gateway, now, log)
    cards, refunds = await book.read(
        lambda connection: (
            read_cards_to_settle(connection, CARDS_MAX),
            read_refunds_to_settle(connection, CARDS_MAX),
        )
    )
    settling = [*map(asking.settle, cards), *map(asking.give_back, refunds)]
    found = await asyncio.gather(*settling, return_exceptions=True)
    for error in found:
        if isinstance(error, BaseException):
            raise error


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks a processor, and stores in the book what it answered."""

    book: Book
    gateway: PaymentGateway
    now: Callable[[], datetime]
    log: Any

    async def settle(self, card: CardPayment) -> None:
        """Decide what is owed of one card, ask for it, and store that it is done."""
        payment_id = card.payment_id
        stands = await self.book.submit(DueCard(payment_id, self.now()))
        if isinstance(stands, Refused):
            raise LedgerError(stands.why.value)
        match stands.state:
            case CardState.VOIDING:
                if await self._answer(payment_id, self.gateway.void(payment_id)) is not None:
                    await self._store(VoidCard(payment_id, self.now()))
                    self.log.info("card_voided", payment_id=payment_id)
            case CardState.CAPTURING:
                await self._capture(card, stands.due)
            case _:
                pass

    async def give_back(self, refund: CardRefund) -> None:
        """Give back to a card what was refunded of its call, and store that it has it."""
        refund_id, payment_id = refund.refund_id, payment_of_refund(refund.refund_id)
        facts = {"refund_id": refund_id, "amount": str(refund.amount)}
        match await self._answer(refund_id, self.gateway.refund(payment_id, refund_id, refund.amount)):
            case Done():
                await self._store(RepayCard(refund_id, refund.channel, self.now()))
                self.log.info("card_refunded", **facts)
            case Rejected(why):
                await self._store(KeepRefund(refund_id, self.now()))
                remedy = f"pay it to the holder another way, then say: payphone service pay-refund {refund_id}"
                self.log.warning("card_refund_refused", **facts, why=why, remedy=remedy)

    async def _capture(self, card: CardPayment, due: Money) -> None:
        payment_id = card.payment_id
        facts = {"payment_id": payment_id, "amount": str(due)}
        is_call = card.use is CardUse.CALL
        match await self._answer(payment_id, self.gateway.capture(payment_id, due)):
            case Done():
                at = self.now()
                await self._store(
                    CaptureCard(payment_id, card.channel, at) if is_call else SettleDeposit(payment_id, at)
                )
                self.log.info("card_captured", **facts)
            case Rejected(why):
                await self._store(RefuseCard(payment_id, self.now()))
                remedy = LOST if is_call else CHARGED_BACK
                self.log.warning("card_capture_refused", **facts, why=why, remedy=remedy)

    async def _answer(self, asked_id: str, asked: Awaitable[Answered]) -> Answered | None:
        """What the processor says; None where it does not, and is asked again at the next look."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await asked
        except (TimeoutError, NoAnswerError) as error:
            self.log.warning("processor_does_not_answer", payment_id=asked_id, why=str(error))
            return None

    async def _store(self, request: CardRequest) -> None:
        stored: Outcome = await self.book.submit(request)
        if isinstance(stored, Refused):
            raise LedgerError(stored.why.value)
