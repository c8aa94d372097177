"""The desk of one call: what the story asks for, done by the switch (`ivr.ports.Desk`).

It knows both lines, the payment and the record so far. The story decides; the desk acts, and books.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from ivr import words
from ivr.ports import Admission, Billing, Kind, Person
from ivr.profile import Profile
from ivr.reasons import Reason
from ledger.chart import Opener, advancepay, lec
from ledger.errors import LedgerError
from ledger.requests import OpenAccount, UpdateCall
from rating.price import quote
from switch.call.admission import Payment, gate_of_list, payment, read_number
from switch.call.calling import Calling
from switch.call.charging import Charging
from switch.call.draft import Draft
from switch.call.line import Line
from switch.call.meter import Meter
from switch.call.services import Services
from switch.call.talk import LiveTalk
from switch.call.timeline import BOOK, CALLEE, SWITCH, Timeline
from switch.call.timeline import Kind as Shown
from switch.directory.blocks import BlockKind
from switch.directory.people import Facility, PersonInside, Station


class CallDesk:
    """What the switch does for one call."""

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
    ) -> None:
        self.charging: Charging | None = None
        self.callee: Line | None = None
        self.talk_ended_at: float | None = None
        self._services = services
        self._draft = draft
        self._station = station
        self._facility = facility
        self._profile = profile
        self._caller = caller
        self._timeline = timeline
        self._lines = lines
        self._person: PersonInside | None = None

    async def station_refusal(self) -> Reason | None:
        """Why nobody may call from this station now."""
        if self._station.is_off:
            return Reason.STATION_OFF
        until = await self._services.blocks.locked_until(self._station.station_id, self._utc())
        return None if until is None else Reason.LOCKED_OUT

    async def identify(self, pin: str) -> Person | None:
        """The person of this PIN at this facility."""
        person = self._services.directory.person(self._facility.facility_id, pin)
        self._timeline.add(Shown.STATE, SWITCH, SWITCH, "PIN accepted" if person else "PIN not valid")
        if person is None:
            return None
        self._person = person
        self._draft.update(person=person.person_id)
        return Person(person.person_id, (person.name,))

    async def lock(self) -> None:
        """Refuse PINs at this station for a while."""
        until = self._utc() + timedelta(seconds=self._profile.inside.lockout)
        await self._services.blocks.lock(self._station.station_id, until)
        self._timeline.add(Shown.STATE, SWITCH, SWITCH, "station locked out")

    async def admit(self, person: Person, dialled: str, billing: Billing) -> Admission | Reason:
        """Go through the gates, hold the first slice, and remember who pays."""
        assert self._person is not None and self._person.person_id == person.person_id, "identify comes first"
        judged = await self._judge(self._person, dialled, billing)
        if isinstance(judged, Reason):
            self._timeline.add(Shown.STATE, SWITCH, SWITCH, f"denied: {judged.value}")
            return judged
        number, paid = judged
        self._draft.update(number=number, billing=paid.kind.value, payer=paid.payer, tariff=paid.rate.tariff)
        charging = self._charging(paid)
        try:
            if not await charging.admit():
                self._timeline.add(Shown.STATE, SWITCH, SWITCH, f"denied: {Reason.NO_FUNDS.value}")
                return Reason.NO_FUNDS
            self.charging = charging
            self._draft.update(rate=paid.rate.to_json(), income=charging.income)
            await self._services.book.submit(UpdateCall(self._draft.open_call()))
        except LedgerError as error:
            self._services.log.error("call_not_admitted", call_id=self._draft.call_id, error=str(error))
            return Reason.FAULT
        price = quote(paid.rate)
        called = self._services.directory.number(number)
        return Admission(
            number=number,
            kind=paid.kind,
            facility=(self._facility.name,),
            first_minute=price.first_minute,
            each_minute=price.each_minute,
            is_privileged=called.is_privileged,
            limit=self._profile.talking.limit_talk,
        )

    @asynccontextmanager
    async def hold_audio(self) -> AsyncIterator[None]:
        """The caller hears hold audio inside this block, and nobody hears the caller."""
        if self._caller.ended is None:
            self._caller.loop(words.HOLD_AUDIO)
        try:
            yield
        finally:
            self._caller.media.stop()

    async def ring(self, admission: Admission) -> Line | Reason:
        """Ring the called party; cancelled, it cancels the ringing."""
        calling = Calling(self._services, self._timeline, self._lines, ringing=self._profile.outside.ringing)
        try:
            return await calling.call(admission.number, name=CALLEE)
        finally:  # A caller who gives up leaves a line too: its port is freed with the call.
            line = self.callee = calling.line
            if line is not None:
                self._draft.update(rang_at=self._at(line.rang_at), answered_at=self._at(line.answered_at))

    async def block(self, admission: Admission) -> None:
        """Block (number, facility) by keypad (S1-13)."""
        await self._services.blocks.block(
            number=admission.number,
            facility=self._facility.facility_id,
            kind=BlockKind.KEYPAD,
            why="pressed by the called party",
            at=self._utc(),
        )
        self._timeline.add(Shown.STATE, SWITCH, BOOK, f"{admission.number} blocks {self._facility.facility_id}")

    async def dismiss(self) -> None:
        """Hang up on the called party."""
        if self.callee is not None:
            self.callee.hang_up()

    @asynccontextmanager
    async def talking(self, admission: Admission) -> AsyncIterator[LiveTalk]:
        """Bridge from the instant the accept key arrived; at the end hang up on both at once."""
        assert self.callee is not None and self.charging is not None, "a talk has two parties and a payer or none"
        accepted_at = self.callee.last_key_at or self._services.clock.now()
        recording = None if admission.is_privileged else self._record(self.callee)
        self._draft.update(
            accepted_at=self._at(accepted_at),
            legs=(self._caller.leg.snapshot(), self.callee.leg.snapshot()),
            recording=recording,
        )
        self._timeline.add(Shown.STATE, CALLEE, SWITCH, "accepted: the meter starts")
        self.charging.accepted(accepted_at)
        storing = asyncio.create_task(self._store_acceptance())
        talk = LiveTalk(caller=self._caller, callee=self.callee, charging=self.charging, accepted_at=accepted_at)
        try:
            async with talk.running():
                yield talk
        finally:
            self.talk_ended_at = talk.ended_at or self._services.clock.now()
            self._caller.hang_up()
            self.callee.hang_up()
            storing.cancel()

    async def _judge(self, person: PersonInside, dialled: str, billing: Billing) -> tuple[str, Payment] | Reason:
        """Every gate before the money, in order of precedence."""
        services = self._services
        destination = read_number(dialled)
        if isinstance(destination, Reason):
            return destination
        number = destination.e164
        self._draft.update(number=number)
        refused = gate_of_list(person, number)
        if refused is not None:
            return refused
        if await services.blocks.is_blocked(number, self._facility.facility_id):
            return Reason.BLOCKED
        busy = self._take_turn(person, number)
        if busy is not None:
            return busy
        has_advancepay = await services.book.balance(advancepay(number)) is not None
        paid = payment(
            directory=services.directory,
            deck=services.deck,
            facility=self._facility,
            person=person,
            called=services.directory.number(number),
            billing=billing,
            has_advancepay=has_advancepay,
            on=services.priced_as_on or self._utc(),
        )
        if isinstance(paid, Reason):
            return paid
        if paid.kind is Kind.COLLECT:
            await services.book.submit(OpenAccount(lec(number), Opener.CALL, self._utc()))
        elif paid.payer is not None and await services.book.balance(paid.payer) is None:
            return Reason.NO_ACCOUNT
        return number, paid

    def _take_turn(self, person: PersonInside, number: str) -> Reason | None:
        """One live call per person and per number; `leave_turn` gives the turn back."""
        busy = self._services.busy
        if self._draft.turn == (person.person_id, number):
            return None
        self.leave_turn()
        if person.person_id in busy.people:
            return Reason.PERSON_BUSY
        if number in busy.numbers:
            return Reason.NUMBER_BUSY
        busy.people.add(person.person_id)
        busy.numbers.add(number)
        self._draft.turn = (person.person_id, number)
        return None

    def leave_turn(self) -> None:
        """The person and the number are free for another call."""
        if self._draft.turn is not None:
            person_id, number = self._draft.turn
            self._services.busy.people.discard(person_id)
            self._services.busy.numbers.discard(number)
            self._draft.turn = None

    def _charging(self, paid: Payment) -> Charging:
        talking = self._profile.talking
        meter = Meter(
            rate=paid.rate,
            limit=talking.limit_talk,
            slice_=timedelta(seconds=talking.slice),
            warnings=tuple(timedelta(seconds=warning) for warning in talking.warnings),
        )
        return Charging(
            book=self._services.book,
            clock=self._services.clock,
            call_id=self._draft.call_id,
            payer=paid.payer,
            billing=paid.kind.value,
            rate=paid.rate,
            meter=meter,
            timeline=self._timeline,
            log=self._services.log,
        )

    def _record(self, callee: Line) -> str | None:
        """Start recording both parties; the name of the file below the folder of recordings."""
        folder = self._services.recordings
        if folder is None:
            return None
        name = f"{self._draft.call_id}.wav"
        self._draft.tape = self._services.media.record(self._caller.media, callee.media, folder / name)
        return name

    async def _store_acceptance(self) -> None:
        """Store the acceptance, so that a crash from now on is settled to the last heartbeat."""
        try:
            await self._services.book.submit(UpdateCall(self._draft.open_call()))
        except LedgerError as error:
            self._services.log.error("acceptance_not_stored", call_id=self._draft.call_id, error=str(error))

    def _utc(self) -> datetime:
        return self._services.clock.utc(self._services.clock.now())

    def _at(self, now: float | None) -> datetime | None:
        return None if now is None else self._services.clock.utc(now)
