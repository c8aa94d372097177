"""What a number that cannot be billed is given instead: its courtesy call, or a payment by card (S1-10, S1-11).

The gates of who may be called come before; here it is only about who pays. Until somebody does, nothing is held and
the call has no payer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final, Protocol

from ivr.card_number import Card
from ivr.ports import Admission, Billing, CardAnswer, Kind
from ivr.profile import Offer, Profile
from ivr.reasons import Reason
from ledger.errors import LedgerError
from ledger.money import Money
from ledger.products.card_rows import CardUse
from switch.call.admission import UNBILLABLE, Payment
from switch.call.cashier import Cashier
from switch.call.draft import Draft
from switch.call.payment import PaymentGates
from switch.call.services import Services
from switch.directory.people import Facility, PersonInside

COURTESY_WARNING: Final = timedelta(seconds=12)
"""Before the end of a courtesy call it is said how to receive more: seven seconds of words, and time to ask."""


class Hold(Protocol):
    """Holds the first slice of a call and remembers who pays; or why not even that can be paid."""

    def __call__(self, paid: Payment, warnings: tuple[timedelta, ...] | None = None, /) -> Awaitable[Reason | None]:
        """Hold; `warnings` instead of those of the profile."""


class Offering:
    """The offers of one call."""

    def __init__(
        self,
        *,
        services: Services,
        facility: Facility,
        profile: Profile,
        draft: Draft,
        gates: PaymentGates,
        cashier: Cashier,
        hold: Hold,
        admission: Callable[[Payment], Admission],
        store: Callable[[], Awaitable[None]],
    ) -> None:
        self._services = services
        self._facility = facility
        self._profile = profile
        self._draft = draft
        self._gates = gates
        self._cashier = cashier
        self._hold = hold
        self._admission = admission
        self._store = store
        self._person: PersonInside | None = None
        self._limit = profile.talking.limit_talk

    async def instead(self, why: Reason, person: PersonInside, limit: timedelta) -> Admission | Reason:
        """The courtesy call of a number, or offers to it; `why` it is not called, where there is neither.

        Raises:
            LedgerError: The book does not answer.
        """
        number, card = self._draft.number, self._profile.card
        if why not in UNBILLABLE or number is None:
            return why
        self._person, self._limit = person, limit
        if card.courtesy and not await self._services.courtesy.is_used(number):
            paid = await self._gates.courtesy(person, number, limit)
            if isinstance(paid, Payment) and await self._hold(paid, (COURTESY_WARNING,)) is None:
                return replace(self._admission(paid), kind=Kind.COURTESY)
        if not card.offers or self._services.gateway is None:
            return why
        paid = await self._gates.by_card(person, number, limit)
        if isinstance(paid, Reason):
            return why
        at_most = self._gates.at_most(paid)
        # A call that cannot cost anything has nothing that a card could guarantee.
        offers = tuple(offer for offer in card.offers if at_most or offer is not Offer.ONECALL)
        if not offers:
            return why
        draft = self._draft
        draft.billing, draft.payer = "none", None
        draft.tariff, draft.rate = paid.terms.opening.rate.tariff, paid.terms.to_json()
        await self._store()
        return replace(
            self._admission(paid),
            kind=Kind.CARD,
            offers=offers,
            at_most=at_most,
            fee=self._gates.card_fee(),
        )

    async def pay_call(self, admission: Admission, card: Card) -> Admission | CardAnswer | Reason:
        """Have the most that the call can cost authorised, and hold the first slice of it."""
        assert self._person is not None, "a call is offered before it is paid"
        try:
            answer = await self._cashier.authorise(card, CardUse.CALL, admission.at_most)
            if isinstance(answer, CardAnswer):
                return answer
            await self._cashier.approve(answer)
            paid = await self._gates.by_card(self._person, admission.number, self._limit)
            return await self._held(paid)
        except LedgerError as error:
            return self._failed(error)

    async def buy_account(self, admission: Admission, card: Card, deposit: Money) -> Admission | CardAnswer | Reason:
        """Open the prepaid account of the number, and admit the call as one that it pays."""
        assert self._person is not None, "a call is offered before it is paid"
        fee = self._gates.card_fee()
        try:
            answer = await self._cashier.authorise(card, CardUse.SALE, deposit + fee)
            if isinstance(answer, CardAnswer):
                return answer
            await self._cashier.sell(answer, admission.number, fee)
            paid = await self._gates.payment(self._person, admission.number, Billing.COLLECT, self._limit)
            return await self._held(paid)
        except LedgerError as error:
            return self._failed(error)

    async def _held(self, paid: Payment | Reason) -> Admission | Reason:
        if isinstance(paid, Reason):
            return paid
        refused = await self._hold(paid)
        return self._admission(paid) if refused is None else refused

    def _failed(self, error: LedgerError) -> Reason:
        """What was reserved is given back: the end of the call sees to it."""
        self._services.log.error("card_not_booked", call_id=self._draft.call_id, error=str(error))
        return Reason.FAULT
