"""The gates of payment of one call: who pays, on what terms, and the meter that goes with it.

Free days, caps and free minutes are asked of the book before money is; nothing rings yet.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ivr.ports import Billing, Kind
from ivr.profile import FinalUnit, Profile
from ivr.reasons import Reason
from ledger.chart import AccountKind, Opener, account_of, advancepay, kind_of, terms_of
from ledger.errors import LedgerError
from ledger.money import CallId, Money
from ledger.outcomes import Refused
from ledger.products.requests import TakeAllowance
from ledger.requests import OpenAccount
from rating.allowance import Purpose
from rating.build import admission_hold
from rating.calendar import local_day
from rating.price import NO_TALK
from rating.tax import Levy, LevyKind
from switch.call.admission import FREE_CALL, Payer, Payment, payer_of
from switch.call.charging import Charging
from switch.call.meter import Meter
from switch.call.pricing import PERSON_LATE_MAX, Offered
from switch.call.services import Services
from switch.call.timeline import Timeline
from switch.directory.people import Facility, PersonInside


class PaymentGates:
    """Who pays one call, and how it is charged."""

    def __init__(
        self, *, services: Services, facility: Facility, profile: Profile, call_id: CallId, timeline: Timeline
    ) -> None:
        self._services = services
        self._facility = facility
        self._profile = profile
        self._call_id = call_id
        self._timeline = timeline
        self._taken: dict[str, int] = {}
        """Seconds of allowances and caps that this call has, by their keys: of the period in which they were taken."""

    async def payment(self, person: PersonInside, number: str, billing: Billing, limit: timedelta) -> Payment | Reason:
        """Who pays, and on what terms, for `limit` at most: free minutes come before money (S1-7), without an account.

        Raises:
            LedgerError: The book does not answer.
        """
        services, facility = self._services, self._facility
        at = services.pricing.instant(facility, self._utc())
        limit = await self._capped(person, at, limit)
        if not limit:
            return Reason.LIMIT_REACHED
        payer = payer_of(
            directory=services.directory,
            facility=facility,
            person=person,
            called=services.directory.number(number),
            billing=billing,
            number_account=await services.book.payer_of(number, self._utc()),
            has_advancepay=await services.book.balance(advancepay(number)) is not None,
        )
        day = services.pricing.free_day(facility, at)
        free = ("", 0)
        if day is not None:
            payer, free = FREE_CALL, (day, 0)
        elif payer != FREE_CALL and not self._is_for_nothing(payer, number, at, limit):
            free = await self._free_talk(person, at, limit)
        if not isinstance(payer, Reason):
            refused = await self._open(payer)
            payer = payer if refused is None else refused
        if isinstance(payer, Reason):
            if not free[1]:
                return payer
            payer, limit = FREE_CALL, min(limit, timedelta(seconds=free[1]))
        terms = services.pricing.terms(facility, number, payer.kind, at=at, limit=limit, free=free)
        return Reason.NO_TARIFF if terms is None else Payment(payer, terms, limit)

    async def courtesy(self, person: PersonInside, number: str, limit: timedelta) -> Payment | Reason:
        """The terms of a courtesy call: free, and short."""
        services = self._services
        at = services.pricing.instant(self._facility, self._utc())
        limit = min(await self._capped(person, at, limit), timedelta(seconds=self._profile.card.courtesy))
        free = ("courtesy", 0)
        terms = services.pricing.terms(self._facility, number, Kind.FREE, at=at, limit=limit, free=free)
        return Reason.NO_TARIFF if terms is None else Payment(FREE_CALL, terms, limit)

    async def by_card(self, person: PersonInside, number: str, limit: timedelta) -> Payment | Reason:
        """The terms of a call that a card pays: the prepaid price, and the fee of the payment (S1-11, S3-7).

        Raises:
            LedgerError: The book does not answer.
        """
        services, facility = self._services, self._facility
        at = services.pricing.instant(facility, self._utc())
        limit = await self._capped(person, at, limit)
        fee = self.card_fee()
        fees = (Levy(self._profile.card.channel, "", LevyKind.FEE, per_call=fee.decimal),) if fee else ()
        terms = services.pricing.terms(facility, number, Kind.ADVANCE_PAY, at=at, limit=limit, fees=fees)
        payer = Payer(Kind.ADVANCE_PAY, account_of(AccountKind.ONECALL, self._call_id))
        return Reason.NO_TARIFF if terms is None else Payment(payer, terms, limit)

    def card_fee(self) -> Money:
        """What a payment by card costs today (S3-7)."""
        day = local_day(self._services.pricing.instant(self._facility, self._utc()), self._facility.zone)
        return self._services.deposits.fee(self._profile.card.channel, day)

    def at_most(self, paid: Payment) -> Money:
        """What a card is asked to guarantee: the longest talk, at whatever instant it is accepted (taxes included)."""
        longest = admission_hold(paid.terms, paid.limit, PERSON_LATE_MAX)
        most = self._profile.card.most
        return longest if most is None else min(longest, Money.from_text(str(most)))

    async def charging(self, paid: Payment, warnings: tuple[timedelta, ...] | None = None) -> Charging:
        """What charges the call, with nothing held yet; it warns as the profile says, if not otherwise.

        Raises:
            LedgerError: The book does not answer.
        """
        talking, services = self._profile.talking, self._services
        payer = paid.payer.account_id
        account = None if payer is None else await services.book.balance(payer)
        is_on_trust = account is not None and account.floor is None and terms_of(account.account_id).may_settle_later
        slice_ = timedelta(seconds=talking.slice)
        meter = Meter(
            rate=paid.terms,
            limit=paid.limit,
            slice_=slice_,
            warnings=tuple(timedelta(seconds=each) for each in talking.warnings) if warnings is None else warnings,
            # The first interval, in whichever band it is accepted; more is held as far as the money goes.
            first=admission_hold(paid.terms, NO_TALK, PERSON_LATE_MAX),
            is_on_trust=is_on_trust,
            redirects=talking.final_unit is FinalUnit.REDIRECT,
        )
        return Charging(
            book=services.book,
            clock=services.clock,
            call_id=self._call_id,
            payer=paid.payer,
            terms=paid.terms,
            meter=meter,
            limits=services.pricing.monthly_limits(self._facility, paid.payer, self._utc()),
            settles_after=services.pricing.settles_after if is_on_trust else None,
            timeline=self._timeline,
            log=services.log,
        )

    async def _open(self, payer: Payer) -> Reason | None:
        """Make sure that the account is there: a phone bill is opened by the first call."""
        if payer.kind is Kind.COLLECT and payer.account_id is not None and kind_of(payer.account_id) is AccountKind.LEC:
            await self._services.book.submit(OpenAccount(payer.account_id, Opener.CALL, self._utc()))
        elif payer.account_id is not None and await self._services.book.balance(payer.account_id) is None:
            return Reason.NO_ACCOUNT
        return None

    def _is_for_nothing(self, payer: Payer | Reason, number: str, at: datetime, limit: timedelta) -> bool:
        """Whether its tariff charges nothing, whenever it is accepted: then no free minutes are used up by it."""
        pricing = self._services.pricing
        if isinstance(payer, Reason) or not pricing.allowances:
            return False
        terms = pricing.terms(self._facility, number, payer.kind, at=at, limit=limit)
        return terms is not None and terms.charges_nothing

    async def _free_talk(self, person: PersonInside, at: datetime, limit: timedelta) -> tuple[str, int]:
        """Hold free seconds of the first allowance that has some left; its name, and how many."""
        for offered in self._services.pricing.offered(self._facility, at, Purpose.FREE):
            seconds = await self._take(offered, person, limit)
            if seconds:
                return offered.allowance.name, seconds
        return "", 0

    async def _capped(self, person: PersonInside, at: datetime, limit: timedelta) -> timedelta:
        """The longest talk that every cap leaves of `limit`."""
        for offered in self._services.pricing.offered(self._facility, at, Purpose.CAP):
            limit = min(limit, timedelta(seconds=await self._take(offered, person, limit)))
        return limit

    async def _take(self, offered: Offered, person: PersonInside, limit: timedelta) -> int:
        """Hold seconds of an allowance for this call, once; the end of the call gives back what was not talked.

        Raises:
            LedgerError: The book does not answer, or refuses.
        """
        key = offered.allowance.key(person.person_id)
        if key in self._taken:
            return self._taken[key]
        taken = await self._services.book.submit(
            TakeAllowance(
                call_id=self._call_id,
                key=key,
                cycle=offered.window.cycle,
                wanted=-(-limit // timedelta(seconds=1)),
                limit=offered.window.seconds,
                at=self._utc(),
            )
        )
        if isinstance(taken, Refused):
            raise LedgerError(taken.why.value)
        self._taken[key] = taken.seconds
        return taken.seconds

    def _utc(self) -> datetime:
        return self._services.clock.utc(self._services.clock.now())
