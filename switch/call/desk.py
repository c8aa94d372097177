"""The desk of one call: what the story asks for, done by the switch (`ivr.ports.Desk`).

It knows both lines, the payment and the record so far. The story decides; the desk acts, and books.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Final

from ivr import words
from ivr.card_number import Card
from ivr.ports import Acceptance, Admission, Billing, CardAnswer, Person
from ivr.profile import Profile
from ivr.reasons import Reason
from ledger.errors import LedgerError
from ledger.money import Money
from ledger.outcomes import Refusal, Refused
from ledger.requests import UpdateCall
from rating.calendar import local_day
from rating.price import quote
from switch.call.admission import Payment, read_number
from switch.call.calling import Calling
from switch.call.cashier import Cashier
from switch.call.charging import RETRY_SECONDS, Charging
from switch.call.controls import Concerned
from switch.call.draft import Draft
from switch.call.line import Line
from switch.call.listening import listen_for_machine, listen_for_third_party
from switch.call.offering import Offering
from switch.call.payment import PaymentGates
from switch.call.person_desk import PersonDesk
from switch.call.services import Services
from switch.call.talk import LiveTalk
from switch.call.timeline import BOOK, CALLEE, SWITCH, Timeline
from switch.call.timeline import Kind as Shown
from switch.directory.blocks import BlockKind
from switch.directory.flags import Source, Suspicion
from switch.directory.people import Facility, PersonInside, Station
from switch.directory.rules import Moment

CARD_ASKED: Final = "asks for a card"
CARD_ENTERED: Final = "asks for no card any more"
"""What a timeline says where the keys of a card begin and end: nobody shows one in between."""

MONTHLY: Final = frozenset({Refusal.OVER_CARRIER_LIMIT, Refusal.OVER_PROVIDER_LIMIT})
"""S1-9: a limit of the month was reached, by the phone company or by the provider."""


class CallDesk(PersonDesk):
    """What the switch does for one call, and before it for who calls."""

    def __init__(
        self,
        *,
        services: Services,
        draft: Draft,
        station: Station,
        facility: Facility,
        profile: Profile,
        caller: Line,
        timeline: Timeline,
        lines: asyncio.TaskGroup,
        suspect: Callable[[Suspicion, Source], None],
        cut: Callable[[Reason], None],
    ) -> None:
        self.charging: Charging | None = None
        self.callee: Line | None = None
        self.talk_ended_at: float | None = None
        super().__init__(
            services=services,
            draft=draft,
            station=station,
            facility=facility,
            profile=profile,
            caller=caller,
            timeline=timeline,
        )
        self._lines = lines
        self._suspect = suspect
        self._cut = cut
        self._closing: asyncio.TimerHandle | None = None
        self._owed_block: str | None = None
        self._gates = PaymentGates(
            services=services, facility=facility, profile=profile, call_id=draft.call_id, timeline=timeline
        )
        self._longest = profile.talking.limit_talk
        self._is_paid_by_card = False
        self._offering = Offering(
            services=services,
            facility=facility,
            profile=profile,
            draft=draft,
            gates=self._gates,
            cashier=Cashier(
                services=services,
                call_id=draft.call_id,
                channel=profile.card.channel,
                answer_within=profile.card.answer,
                timeline=timeline,
            ),
            hold=self._hold,
            admission=self._admission,
            store=self._store,
        )

    async def admit(self, person: Person, dialled: str, billing: Billing) -> Admission | Reason:
        """Go through the gates, hold the first slice, and remember who pays."""
        assert self._person is not None and self._person.person_id == person.person_id, "identify comes first"
        try:
            admission = await self._admitted(self._person, dialled, billing)
        except LedgerError as error:
            self._services.log.error("call_not_admitted", call_id=self._draft.call_id, error=str(error))
            admission = Reason.FAULT
        if isinstance(admission, Reason):
            self.leave_turn()
            await self._controls.give_back()
            self._timeline.add(Shown.STATE, SWITCH, SWITCH, f"denied: {admission.value}")
        return admission

    def _admission(self, paid: Payment) -> Admission:
        """What the story is told of a call that somebody pays."""
        number = self._draft.number
        assert number is not None, "an admitted call has a number"
        price = quote(paid.terms)
        assert self._person is not None, "identify comes first"
        concerned = self._controls.concerned(self._person, number)
        return Admission(
            number=number,
            kind=paid.payer.kind,
            facility=(self._facility.name,),
            first_minute=price.first_minute,
            each_minute=price.each_minute,
            is_privileged=not concerned.is_recorded,
            limit=paid.limit,
            acceptance=concerned.called.acceptance,
            language=concerned.called.language,
        )

    async def use_courtesy(self, admission: Admission) -> bool:
        """Take the one courtesy call of the number; a book that does not answer gives none."""
        try:
            return await self._services.courtesy.use(admission.number, self._draft.call_id, self._utc())
        except LedgerError as error:
            self._services.log.error("courtesy_not_stored", call_id=self._draft.call_id, error=str(error))
            return False

    def today(self) -> date:
        """The local day at the facility."""
        return local_day(self._utc(), self._facility.zone)

    @asynccontextmanager
    async def asking_for_card(self) -> AsyncIterator[None]:
        """The called party enters a card inside this block; what it pressed is forgotten behind it."""
        assert self.callee is not None, "a called party answered"
        self._timeline.add(Shown.STATE, SWITCH, CALLEE, CARD_ASKED)
        try:
            yield
        finally:
            self.callee.forget_keys()
            self._timeline.add(Shown.STATE, CALLEE, SWITCH, CARD_ENTERED)

    async def pay_call(self, admission: Admission, card: Card) -> Admission | CardAnswer | Reason:
        """Have this one call paid by card (S1-11)."""
        paid = await self._offering.pay_call(admission, card)
        self._is_paid_by_card = isinstance(paid, Admission)
        return paid

    async def buy_account(self, admission: Admission, card: Card, deposit: Money) -> Admission | CardAnswer | Reason:
        """Have a prepaid account paid by card, and the call by that (S1-10)."""
        return await self._offering.buy_account(admission, card, deposit)

    @asynccontextmanager
    async def hold_audio(self) -> AsyncIterator[None]:
        """The caller hears hold audio inside this block, and nobody hears the caller."""
        if self.caller.ended is None:
            self.caller.loop(words.HOLD_AUDIO)
        try:
            yield
        finally:
            self.caller.media.stop()

    async def ring(self, admission: Admission) -> Line | Reason:
        """Ring the called party; cancelled, it cancels the ringing."""
        calling = Calling(self._services, self._timeline, self._lines, ringing=self._profile.outside.ringing)
        try:
            return await calling.call(admission.number, name=CALLEE)
        finally:  # A caller who gives up leaves a line too: its port is freed with the call.
            line = self.callee = calling.line
            if line is not None:
                self._draft.rang_at, self._draft.answered_at = self._at(line.rang_at), self._at(line.answered_at)
                if line.answered_at is not None:
                    self._store_legs(line)
                    listen_for_machine(line, self._profile, admission)

    def _store_legs(self, callee: Line) -> None:
        """Store how to hang up on both, so that a crash from now on leaves nobody in silence."""
        self._draft.legs = (self.caller.leg.snapshot(), callee.leg.snapshot())
        self._lines.create_task(self._store_answer())

    async def block(self, admission: Admission) -> None:
        """Block (number, facility) by keypad (S1-13). What the book cannot take now is owed to the end of the call."""
        self._owed_block = admission.number
        await self.store_block()

    async def store_block(self) -> None:
        """Store the block that is owed, if there is one.

        Raises:
            LedgerError: The book does not answer.
        """
        number = self._owed_block
        if number is None:
            return
        await self._services.blocks.block(
            number=number,
            facility=self._facility.facility_id,
            kind=BlockKind.KEYPAD,
            why="pressed by the called party",
            at=self._utc(),
        )
        self._owed_block = None
        self._timeline.add(Shown.STATE, SWITCH, BOOK, f"{number} blocks {self._facility.facility_id}")

    def hang_up(self) -> None:
        """Hang up on both, whoever is still there."""
        self._stay_open()
        self.caller.hang_up()
        if self.callee is not None:
            self.callee.hang_up()

    async def dismiss(self) -> None:
        """Hang up on the called party."""
        if self.callee is not None:
            self.callee.hang_up()

    @asynccontextmanager
    async def talking(self, admission: Admission) -> AsyncIterator[LiveTalk]:
        """Bridge from the instant the accept key arrived; at the end hang up on both at once."""
        assert self.callee is not None and self.charging is not None, "a talk has two parties and a payer or none"
        by_key = admission.acceptance is Acceptance.KEY and not self._is_paid_by_card  # A payment is no key.
        pressed_at = self.callee.last_key_at if by_key else None
        accepted_at = self._services.clock.now() if pressed_at is None else pressed_at
        if not admission.is_privileged:
            self._draft.recording = self._record(self.callee)
            listen_for_third_party(self.callee, self._profile, self._suspect)
        self.callee.listen_for_machine(None)
        self._draft.accepted_at = self._at(accepted_at)
        self._end_with_hours(admission)
        self._stay_open()
        self._timeline.add(Shown.STATE, CALLEE, SWITCH, "accepted: the meter starts")
        self.charging.accepted(accepted_at)
        self._draft.rate = self.charging.terms.to_json()
        call = self._draft.open_call()
        self._services.alerts.going_on(Moment.ACCEPTED, call, self._utc(), self._timeline)
        storing = asyncio.create_task(self._store_acceptance())
        talk = LiveTalk(
            caller=self.caller,
            callee=self.callee,
            charging=self.charging,
            accepted_at=accepted_at,
            overlays=self._profile.overlays,
        )
        try:
            async with talk.running():
                yield talk
        finally:
            self.talk_ended_at = self._services.clock.now() if talk.ended_at is None else talk.ended_at
            self.hang_up()
            storing.cancel()

    async def _admitted(self, person: PersonInside, dialled: str, billing: Billing) -> Admission | Reason:
        """Every gate, and the first slice held; or what a number that cannot be billed is offered.

        Raises:
            LedgerError: The book does not answer.
        """
        paid = await self._judge(person, dialled, billing)
        refused = paid if isinstance(paid, Reason) else await self._hold(paid)
        admission: Admission | Reason
        if refused is None:
            assert isinstance(paid, Payment), "who is not refused pays"
            admission = self._admission(paid)
        else:
            is_collect = billing is Billing.COLLECT
            admission = await self._offering.instead(refused, person, self._longest) if is_collect else refused
        if isinstance(admission, Reason):
            return admission
        busy = await self._controls.confirm_turn()
        if busy is not None:
            self._draft.rate = None
            await self._store()
            return busy
        self._close_with_hours(self._controls.concerned(person, admission.number))
        self._services.alerts.going_on(Moment.ADMITTED, self._draft.open_call(), self._utc(), self._timeline)
        return admission

    async def _hold(self, paid: Payment, warnings: tuple[timedelta, ...] | None = None) -> Reason | None:
        """Hold the first slice, and remember who pays; or why not even that can be paid.

        Raises:
            LedgerError: The book does not answer.
        """
        draft, charging = self._draft, await self._gates.charging(paid, warnings)
        draft.billing, draft.payer = paid.payer.billing, paid.payer.account_id
        draft.tariff = paid.terms.opening.rate.tariff
        refused = await charging.admit()
        if refused is not None:
            return Reason.COLLECT_LIMIT if refused in MONTHLY else Reason.NO_FUNDS
        self.charging = charging
        draft.rate, draft.income = paid.terms.to_json(), charging.income
        draft.granted = timedelta(0) if charging.settles_after is None else paid.limit
        await self._store()
        return None

    async def _store(self) -> None:
        """Store what is known of the call, with how to hang up on whoever is on the line: a crash leaves no silence.

        Raises:
            LedgerError: The book does not answer.
        """
        lines = (self.caller,) if self.callee is None else (self.caller, self.callee)
        self._draft.legs = tuple(line.leg.snapshot() for line in lines)
        updated = await self._services.book.submit(UpdateCall(self._draft.open_call()))
        if isinstance(updated, Refused):
            raise LedgerError(updated.why.value)

    async def _judge(self, person: PersonInside, dialled: str, billing: Billing) -> Payment | Reason:
        """Every gate before the money, in order of precedence."""
        destination = read_number(dialled)
        if isinstance(destination, Reason):
            return destination
        number = destination.e164
        self._draft.number = number
        longest = await self._controls.judge(person, number, self._profile.talking.limit_talk)
        if isinstance(longest, Reason):
            return longest
        self._longest = longest
        return await self._gates.payment(person, number, billing, longest)

    def leave_turn(self) -> None:
        """The person and the number are free for another call."""
        self._controls.leave_turn()

    def _close_with_hours(self, concerned: Concerned) -> None:
        """Nobody accepts a call after the hours: what rings at their end is cut, and costs nothing."""
        closes_in = concerned.closes_in(self._utc())
        if closes_in is not None:
            loop = asyncio.get_running_loop()
            self._closing = loop.call_later(closes_in.total_seconds(), self._cut, Reason.OUTSIDE_HOURS)

    def _stay_open(self) -> None:
        """The hours end the talk by its limit, or there is nothing to end."""
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None

    def _end_with_hours(self, admission: Admission) -> None:
        """The hours end at an instant, and ringing and the greeting took their time of them."""
        assert self._person is not None and self.charging is not None and self._draft.accepted_at is not None
        concerned = self._controls.concerned(self._person, admission.number)
        if concerned.ends_with_hours:
            self.charging.meter.shorten(concerned.within_hours(self._draft.accepted_at, admission.limit))

    def _record(self, callee: Line) -> str | None:
        """Start recording both parties; the name of the file below the folder of recordings."""
        folder = self._services.recordings
        if folder is None:
            return None
        name = f"{self._draft.call_id}.wav"
        self._draft.tape = self._services.media.record(self.caller.media, callee.media, folder / name)
        return name

    async def _store_answer(self) -> None:
        """Store the answer, once: only what a crash says to the phones depends on it, no money."""
        try:
            await self._services.book.submit(UpdateCall(self._draft.open_call()))
        except LedgerError as error:
            self._services.log.warning("answer_not_stored", call_id=self._draft.call_id, error=str(error))

    async def _store_acceptance(self) -> None:
        """Store the acceptance, so that a crash from now on is settled to the last heartbeat."""
        while True:
            try:
                await self._services.book.submit(UpdateCall(self._draft.open_call()))
                break
            except LedgerError as error:
                self._services.log.error("acceptance_not_stored", call_id=self._draft.call_id, error=str(error))
                await asyncio.sleep(RETRY_SECONDS)

    def _at(self, now: float | None) -> datetime | None:
        return None if now is None else self._services.clock.utc(now)
