"""What is owed to the payment processor, asked of it until it is known: captures of talk, and voids of the rest.

The book says what is owed (`ledger.products.cards`); it is asked under the id that the processor knows. A crash
between question and answer, or an outage of either side, is asked about again, by whichever process comes first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from ledger.errors import LedgerError
from ledger.outcomes import Outcome, Refused
from ledger.product_reads import read_cards_to_settle
from ledger.products.requests import CaptureCard, DueCard, SettleDeposit, VoidCard
from ledger.products.rows import CardPayment, CardState, CardUse
from ledger.store import Book
from switch.call.services import Services
from switch.payments.gateway import NoAnswerError, PaymentGateway

CARDS_MAX: Final = 50
"""Cards asked about together; the rest waits for the next look."""

LOOK_SECONDS: Final = 5.0
"""How long nothing is looked for where no call of this process ended: what others left when they died."""

ANSWER_SECONDS: Final = 10.0
"""Until an answer is taken not to come, and asked for again later."""


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
    """Ask a processor once for everything that is owed to it.

    Raises:
        LedgerError: The book does not answer; what was asked of the processor is asked again.
    """
    cards = await book.read(lambda connection: read_cards_to_settle(connection, CARDS_MAX))
    settling = (_settle(book, gateway, card, now=now, log=log) for card in cards)
    found = await asyncio.gather(*settling, return_exceptions=True)
    for error in found:
        if isinstance(error, BaseException):
            raise error


async def _settle(
    book: Book, gateway: PaymentGateway, card: CardPayment, *, now: Callable[[], datetime], log: Any
) -> None:
    """Decide what is owed of one card, ask for it, and store that it is done."""
    payment_id = card.payment_id
    stands = await book.submit(DueCard(payment_id, now()))
    if isinstance(stands, Refused):
        raise LedgerError(stands.why.value)
    if stands.state not in {CardState.CAPTURING, CardState.VOIDING}:
        return
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            if stands.state is CardState.VOIDING:
                await gateway.void(payment_id)
            else:
                await gateway.capture(payment_id, stands.due)
    except (TimeoutError, NoAnswerError) as error:
        log.warning("processor_does_not_answer", payment_id=payment_id, why=str(error))
        return
    at = now()
    if stands.state is CardState.VOIDING:
        stored: Outcome = await book.submit(VoidCard(payment_id, at))
        log.info("card_voided", payment_id=payment_id)
    else:
        if card.use is CardUse.CALL:
            stored = await book.submit(CaptureCard(payment_id, card.channel, at))
        else:
            stored = await book.submit(SettleDeposit(payment_id, at))
        log.info("card_captured", payment_id=payment_id, amount=str(stands.due))
    if isinstance(stored, Refused):
        raise LedgerError(stored.why.value)
