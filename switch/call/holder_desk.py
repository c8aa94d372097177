"""The desk of the family's line: what the switch does for whoever pays for calls (`ivr.account_line.AccountDesk`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime

from ivr.card_number import Card
from ivr.ports import CardAnswer, DepositTerms
from ivr.profile import Profile
from ledger.chart import advancepay, terms_of
from ledger.errors import LedgerError
from ledger.money import AccountId, CallId, Money
from ledger.products.card_rows import CardUse
from rating.calendar import local_day
from switch.call.cashier import Cashier
from switch.call.line import Line
from switch.call.services import Services
from switch.call.timeline import Timeline
from switch.directory.blocks import EVERY_FACILITY, BlockKind
from switch.directory.people import Facility


class HolderDesk:
    """Serves the telephone of one number, for one call."""

    def __init__(
        self,
        services: Services,
        number: str,
        *,
        caller: Line,
        facility: Facility,
        profile: Profile,
        timeline: Timeline,
        connect: Callable[[], Awaitable[bool]] | None,
    ) -> None:
        """`connect` lets the caller speak to customer service; None where there is none."""
        self._services = services
        self._number = number
        self._caller = caller
        self._facility = facility
        self._profile = profile
        self._connect = connect
        self._cashier = Cashier(
            services=services,
            call_id=CallId(f"line-{self._utc():%Y%m%dT%H%M%S}-{services.tokens.tag()[:8]}"),
            channel=profile.card.channel,
            answer_within=profile.card.answer,
            timeline=timeline,
        )

    @property
    def has_customer_service(self) -> bool:
        """Whether somebody can be spoken to."""
        return self._connect is not None

    async def balance(self) -> Money | None:
        """What the account that pays for the number can still spend."""
        account = await self._services.book.balance(await self._payer())
        return None if account is None else account.available

    async def deposit_terms(self) -> DepositTerms | None:
        """What may be put on that account by card, where the profile takes cards and a processor does."""
        line, services = self._profile.account_line, self._services
        account = await services.book.balance(await self._payer())
        if not line.deposits or services.gateway is None or account is None:
            return None
        if not terms_of(account.account_id).takes_deposits:
            return None
        cap = services.deposits.cap
        most = line.most if cap is None else min(line.most, int(cap.decimal))
        fee = services.deposits.fee(self._profile.card.channel, self.today())
        return DepositTerms(Money.from_text(str(most)), fee)

    def today(self) -> date:
        """The local day at the facility whose profile is spoken."""
        return local_day(self._utc(), self._facility.zone)

    @asynccontextmanager
    async def asking_for_card(self) -> AsyncIterator[None]:
        """A card is entered inside this block; what was pressed is forgotten behind it. Nobody shows these calls."""
        try:
            yield
        finally:
            self._caller.forget_keys()

    async def deposit(self, card: Card, amount: Money, fee: Money) -> Money | CardAnswer:
        """Have an amount and its fee authorised, and booked at once; it is captured when that is stored."""
        services = self._services
        try:
            answer = await self._cashier.authorise(card, CardUse.DEPOSIT, amount + fee)
            if isinstance(answer, CardAnswer):
                return answer
            payer = await self._payer()
            booked = await self._cashier.deposit(answer, payer, fee)
        except LedgerError as error:
            services.log.error("deposit_not_booked", number=self._number, error=str(error))
            return CardAnswer.UNKNOWN
        services.log.info("deposited_by_card", account=payer, amount=str(booked), fee=str(fee))
        return booked

    async def close(self) -> None:
        """The caller left: what a card did not pay yet, it never pays."""
        try:
            await self._cashier.give_up()
        except LedgerError as error:  # The book gives it up by itself, a little later.
            self._services.log.error("card_not_given_up", number=self._number, error=str(error))

    async def block(self) -> None:
        """Block calls from every facility to the number."""
        await self._services.blocks.block(
            number=self._number,
            facility=EVERY_FACILITY,
            kind=BlockKind.KEYPAD,
            why="pressed on the account line",
            at=self._utc(),
        )

    async def customer_service(self) -> bool:
        """Let both speak until one leaves."""
        return self._connect is not None and await self._connect()

    async def _payer(self) -> AccountId:
        """The account that pays for the number, whether there is one or not."""
        return await self._services.book.payer_of(self._number, self._utc()) or advancepay(self._number)

    def _utc(self) -> datetime:
        return self._services.clock.utc(self._services.clock.now())
