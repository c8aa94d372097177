"""Charging of one live call: carries out what the meter wants, in the book.

`admit` holds the first slice before anybody rings. `run` keeps the talk paid for and tells warnings and
the cut. What was asked of the book and not yet answered never delays a warning or the cut.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Final

from ivr.ports import Leaver, MoneyEnds, TalkEnded, TalkEvent, Warned
from ivr.reasons import Reason
from ledger.chart import call_income
from ledger.errors import LedgerError
from ledger.hold import HoldId
from ledger.money import ZERO, AccountId, CallId, Money
from ledger.outcomes import Placed, Refusal, Refused
from ledger.product_reads import read_left_of_month
from ledger.products.requests import AdmitCall
from ledger.requests import Charge, MonthlyLimits, PlaceHold
from ledger.store import Book
from rating.explain import Explanation, explain
from rating.terms import Terms
from switch.call.admission import Payer
from switch.call.billing import charge_of
from switch.call.clock import Clock
from switch.call.meter import Cut, Hold, Meter, Redirect, State, Warn
from switch.call.pricing import PERSON_LATE_MAX
from switch.call.timeline import BOOK, SWITCH, Kind, Timeline

UNLIMITED: Final = Money(10**15)
"""A billion dollars: what stands for the credit of an account without a limit."""

RETRY_SECONDS: Final = 0.5
"""After the book did not answer, ask again so much later, sooner where the grant ends; it goes on meanwhile."""

LAST_RETRY_SECONDS: Final = 0.02
"""The shortest such pause, right before the grant ends: a durable commit takes some ten milliseconds."""

FIRST_READING_SECONDS: Final = 0.25
"""It rang for a while since the first slice was held: so long the talk waits for the balance before it warns.

Less than the shortest first interval, a second."""


class Charging:
    """The money of one call, from admission to the charge."""

    def __init__(
        self,
        *,
        book: Book,
        clock: Clock,
        call_id: CallId,
        payer: Payer,
        terms: Terms,
        meter: Meter,
        limits: MonthlyLimits | None,
        settles_after: timedelta | None,
        timeline: Timeline,
        log: Any,
    ) -> None:
        self.payer = payer.account_id
        self.terms = terms
        self.meter = meter
        self.settles_after = settles_after
        """How long after its end the call is charged; None: at its end."""
        self._limits = limits
        self._left: Money | None = None
        """What the limits of the month leave; not known before the talk: admission is told by the book."""
        self._book = book
        self._clock = clock
        self._call_id = call_id
        self._billing = payer.billing
        self._timeline = timeline
        self._log = log
        self._admitted_at = clock.now()
        self._accepted_at: float | None = None
        self._refused: Refusal | None = None
        self._wake = asyncio.Event()
        self._is_stale = False
        self._asking: asyncio.Task[None] | None = None

    @property
    def income(self) -> AccountId | None:
        """Where the charge is earned, None for a free call."""
        return None if self.payer is None else call_income(self._billing)

    async def admit(self) -> Refusal | None:
        """Hold the first slice; or why not even that can be paid.

        Raises:
            LedgerError: The book does not answer.
        """
        if self.payer is not None and self.settles_after is not None:
            admitted = await self._book.submit(AdmitCall(self._call_id, self.payer, self._clock.utc(self._clock.now())))
            if isinstance(admitted, Refused) and not self._needs_no_money(admitted.why):
                self._timeline.add(Kind.MONEY, SWITCH, BOOK, f"{self.payer} not admitted: {admitted.why.value}")
                return admitted.why
        while self.meter.state is State.IDLE:  # Again, where another call held what this one had seen.
            for effect in self.meter.start(await self._balance()):
                assert isinstance(effect, Hold), "a meter starts with a hold"
                await self._place(effect)
        return None if self.meter.state is State.OPEN else self._refused or Refusal.INSUFFICIENT_FUNDS

    async def run(self, accepted_at: float, tell: Callable[[TalkEvent], None]) -> None:
        """Keep the talk paid for until the cut; runs beside the talk and is cancelled with it."""
        self._accepted_at = accepted_at
        stop_listening = self._book.on_change(self._account_changed)
        try:
            await asyncio.wait({self._ask(self._read_balance())}, timeout=FIRST_READING_SECONDS)
            while True:
                self._collect()
                talk = self._talk(self._clock.now())
                for effect in self.meter.advance(talk):
                    match effect:
                        case Hold():
                            self._ask(self._place_surely(effect))
                        case Warn(remaining):
                            tell(Warned(remaining))
                        case Redirect(remaining):
                            tell(MoneyEnds(remaining))
                        case Cut(is_time_limit):
                            reason = Reason.TIME_LIMIT if is_time_limit else Reason.FUNDS_EXHAUSTED
                            tell(TalkEnded(reason, Leaver.SWITCH))
                            return
                await self._wait(talk)
        finally:
            stop_listening()
            if self._asking is not None:
                self._asking.cancel()  # What is queued is still decided; the end of the call settles it.

    def _needs_no_money(self, why: Refusal) -> bool:
        """Whether it costs nothing, and only that there is nothing on the account speaks against it; debts do."""
        return self.terms.charges_nothing and why is Refusal.INSUFFICIENT_FUNDS

    def settle(self, ended_at: float) -> tuple[timedelta, Charge | None, Explanation | None]:
        """The talk to charge, its charge, and why it is so much; call it once, after the talk."""
        if self._accepted_at is None:
            return timedelta(0), None, None
        talk, _ = self.meter.stop(self._talk(ended_at))
        explanation = explain(self.terms, talk)
        if self.payer is None or self.income is None:
            return talk, None, explanation
        explanation = explanation.with_postings([f"{self._call_id}/charge"])
        memo = self.terms.opening.rate.place
        return talk, charge_of(self.terms, talk, payer=self.payer, income=self.income, memo=memo), explanation

    def accepted(self, at: float) -> None:
        """The talk begins at this instant, and costs what holds now."""
        self._accepted_at = at
        self.terms = self.terms.accepted(self._terms_at(at))
        self.meter.accepted(self.terms)

    def _terms_at(self, at: float) -> datetime:
        """The instant of the loop's clock in the time of the terms: history may be priced.

        What is held pays for acceptance up to `PERSON_LATE_MAX` after admission: whoever takes longer has the price of
        that instant.
        """
        assert self.terms.as_of is not None or len(self.terms.segments) == 1, "what changes has an instant"
        admitted_at = self.terms.as_of or self._clock.utc(at)
        return admitted_at + min(PERSON_LATE_MAX, timedelta(seconds=max(0.0, at - self._admitted_at)))

    def _talk(self, now: float) -> timedelta:
        assert self._accepted_at is not None, "the call was not accepted"
        return timedelta(seconds=max(0.0, now - self._accepted_at))

    async def _wait(self, talk: timedelta) -> None:
        """Until the meter is due, the book answered, or the payer's account changed."""
        self._wake.clear()
        if self._is_stale and self._asking is None:
            self._is_stale = False
            self._ask(self._read_balance())
        due = self.meter.deadline(talk)
        assert due is not None and self._accepted_at is not None, "an open meter is due some time"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(self._accepted_at + due.total_seconds()):
                await self._wake.wait()

    def _ask(self, question: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Ask the book one thing at a time; a hold that is due does not wait for a balance."""
        if self._asking is not None:
            self._asking.cancel()
            self._is_stale = True
        asking = self._asking = asyncio.create_task(question)
        asking.add_done_callback(lambda _: self._wake.set())
        return asking

    def _collect(self) -> None:
        """Let go of what the book answered; a fault of ours in it ends the talk."""
        if self._asking is not None and self._asking.done():
            answered, self._asking = self._asking, None
            answered.result()

    async def _read_balance(self) -> None:
        """Tell the meter what is available now, as soon as the book answers."""
        while True:
            try:
                available = await self._available()
                break
            except LedgerError as error:
                self._log.warning("balance_not_read", call_id=self._call_id, error=str(error))
                await asyncio.sleep(RETRY_SECONDS)
        self.meter.balance_changed(available)

    async def _place_surely(self, hold: Hold) -> None:
        """Place a hold beside the talk, again and again while the book does not answer.

        The talk goes on until its grant ends; the id of the hold keeps it from being placed twice.
        """
        while True:
            try:
                await self._place(hold)
                break
            except LedgerError as error:
                self._log.warning("hold_not_placed", call_id=self._call_id, error=str(error))
                await asyncio.sleep(self._pause())

    def _pause(self) -> float:
        """Until a hold is asked for again: half of what is granted still, where that is little."""
        assert self._accepted_at is not None, "only a talk is granted time"
        left = self._accepted_at + self.meter.granted.total_seconds() - self._clock.now()
        return min(RETRY_SECONDS, max(LAST_RETRY_SECONDS, left / 2))

    async def _place(self, hold: Hold) -> None:
        assert self.payer is not None, "nobody pays for a free call"
        hold_id = HoldId(f"{self._call_id}/hold/{hold.number}")
        outcome = await self._book.submit(
            PlaceHold(hold_id, self.payer, self._call_id, hold.amount, self._clock.utc(self._clock.now()), self._limits)
        )
        match outcome:
            case Placed(_, available):
                self.meter.granted_hold(self._within_limits(UNLIMITED if available is None else available, hold.amount))
                text = f"hold {hold.amount} of {self.payer}: talk paid to {hold.talk}"
            case Refused(why, _, available):
                self._refused = why
                self.meter.refused_hold(max(ZERO, available or ZERO))
                text = f"hold {hold.amount} of {self.payer} refused: {why.value}"
            case _:
                raise AssertionError(f"a hold came to {outcome}")
        self._timeline.add(Kind.MONEY, SWITCH, BOOK, text)

    async def _available(self) -> Money:
        """What can still be spent on this talk: of the balance, and of the month (S1-9)."""
        available, limits, payer = await self._balance(), self._limits, self.payer
        if limits is not None and payer is not None:
            self._left = await self._book.read(lambda core: read_left_of_month(core, payer, limits))
        return self._within_limits(available, ZERO)

    def _within_limits(self, available: Money, held: Money) -> Money:
        """So much at most, when this much more is held of what the month leaves."""
        if self._left is None:
            return available
        self._left = max(ZERO, self._left - held)
        return min(available, self._left)

    async def _balance(self) -> Money:
        if self.payer is None:
            return ZERO
        balance = await self._book.balance(self.payer)
        if balance is None:
            return ZERO
        return UNLIMITED if balance.available is None else balance.available

    def _account_changed(self, account_id: AccountId) -> None:
        if account_id == self.payer:
            self._is_stale = True
            self._wake.set()
