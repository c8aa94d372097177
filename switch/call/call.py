"""A call from a station: from its INVITE to its record.

    StartCall stored → 200 → the story → both lines released → EndCall stored

The record, the charge and the end of every hold commit together. While the book does not answer, a
new call is refused (503) and the end of an old one is tried again until it is stored; what a crash
leaves open is settled by the next start (`switch.call.recovery`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final, TypeVar

from ivr.ports import Leaver
from ivr.reasons import Reason
from ivr.story import Outcome, tell
from ivr.third_party import Response
from ledger.errors import BookClosedError, LedgerError
from ledger.money import ZERO, CallId
from ledger.outcomes import Refused
from ledger.records import CallRecord
from ledger.requests import Charge, EndCall, StartCall
from switch.agent.legs import InboundLeg
from switch.call.desk import CallDesk
from switch.call.draft import Draft
from switch.call.line import Line
from switch.call.offers import Negotiator, refused
from switch.call.services import Services
from switch.call.timeline import BOOK, CALLER, SWITCH, Kind, Timeline
from switch.directory.blocks import Block, BlockKind
from switch.directory.flags import Flag, Source, Suspicion
from switch.directory.people import Station
from switch.directory.switches import FacilitySwitch
from switch.media.control import MediaLeg, PortsExhaustedError

END_RETRY_SECONDS: Final = 1.0
"""How often the end of a call is tried again while the book does not answer."""
END_TRIES_MAX: Final = 5
"""How often that is while the process ends: then the next start settles the call."""
LAST_WORDS_SECONDS: Final = 32.0
"""64*T1: until then a late message may still belong to the call's timeline (RFC 3261 §17.1.1.1)."""
RETRY_AFTER: Final = (("Retry-After", "5"),)

T = TypeVar("T")


class StationCall:
    """One call of the story. `dialled` is the number, None where the caller is asked for it."""

    def __init__(
        self,
        services: Services,
        leg: InboundLeg,
        *,
        call_id: CallId,
        station: Station,
        timeline: Timeline,
        dialled: str | None,
    ) -> None:
        self._services = services
        self._leg = leg
        self._station = station
        self._timeline = timeline
        self._dialled = dialled
        self._facility = services.directory.facility(station.facility_id)
        self._profile = services.profiles[self._facility.profile]
        self._draft = Draft(
            call_id=call_id,
            process_id=services.process_id,
            facility=self._facility.facility_id,
            station=station.station_id,
            started_at=services.clock.utc(services.clock.now()),
        )
        self._story: asyncio.Task[None] | None = None
        self._told: Outcome | None = None
        self._cut: Outcome | None = None
        self._is_stopping = False
        self._storing: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """End the call as soon as may be. Only the story is cut short: what is owed to the book is stored."""
        self._is_stopping = True
        if self._story is not None:
            self._story.cancel()

    @property
    def may_be_admitted(self) -> bool:
        """Whether it has not been admitted yet, and could be."""
        return self._draft.rate is None and self._told is None

    def is_blocked_by(self, block: Block) -> bool:
        """Whether a block of customer service, the facility or security came for this call.

        The called party's own key ends its call by the story; pressed in another call, it does not touch this one.
        """
        number = self._draft.number
        if number is None or self._draft.rate is None:
            return False  # Not admitted: the caller is being told why.
        return block.kind is not BlockKind.KEYPAD and block.touches(number, self._draft.facility)

    def is_switched_off(self, switches: Mapping[str, FacilitySwitch]) -> bool:
        """Whether its facility was turned off together with the calls that go on, this one included."""
        said = switches.get(self._draft.facility)
        return said is not None and said.is_off and said.ends_calls and self._draft.rate is not None

    def is_shown_in(self, timeline: Timeline) -> bool:
        """Whether a timeline is that of this call."""
        return timeline is self._timeline

    def is_to(self, number: str) -> bool:
        """Whether it was admitted, to this number, and goes on."""
        is_over = self._story is not None and self._story.done()
        return self._draft.number == number and self._draft.rate is not None and not is_over

    def suspect(self, suspicion: Suspicion, source: Source) -> None:
        """Note that a third party is suspected, once for each source; the profile may end the call for it."""
        draft = self._draft
        if any((flag.suspicion, flag.source) == (suspicion, source) for flag in draft.flags):
            return
        at = self._services.clock.utc(self._services.clock.now())
        flag = Flag(draft.call_id, suspicion, source, at)
        draft.flags.append(flag)
        draft.flags_due.append(flag)
        storing = asyncio.create_task(self._store_flags())
        self._storing.add(storing)
        storing.add_done_callback(self._storing.discard)
        self._timeline.add(Kind.STATE, SWITCH, SWITCH, f"suspected: {suspicion.value}, {source.value}")
        self._services.log.warning(
            "third_party_suspected", call_id=draft.call_id, suspicion=suspicion.value, source=source.value
        )
        policy = self._profile.third_party
        if (policy.three_way if suspicion is Suspicion.THREE_WAY else policy.forwarded) is Response.CUT:
            self.cut(Reason.THIRD_PARTY)

    def cut(self, reason: Reason) -> None:
        """End the call from outside its story; what was talked until now is charged."""
        if self._story is not None and self._told is None and self._cut is None:
            self._cut = Outcome(reason, Leaver.SWITCH)
            self._story.cancel()

    async def run(self) -> None:
        """Take the call to its end."""
        try:
            media = await self._services.media.open_leg()
            try:
                await self._take(media)
            finally:
                media.on_event(None)
                media.close()
        except PortsExhaustedError:
            self._services.log.error("media_ports_exhausted", remedy="widen media.ports in the configuration")
            self._leg.refuse(503, headers=RETRY_AFTER)
        finally:
            loop = asyncio.get_running_loop()
            loop.call_later(LAST_WORDS_SECONDS, self._services.timelines.forget, self._timeline)

    async def _take(self, media: MediaLeg) -> None:
        """Answer the caller, have the story told, and book its end."""
        negotiator = Negotiator(session_id=self._services.tokens.session_id(), codecs=self._services.codecs)
        description = negotiator.answer(self._leg.offer, media, self._leg.peer)
        if description is None:
            self._services.log.warning("offer_refused", call_id=self._draft.call_id, **refused(self._leg.offer))
            self._leg.refuse(488)
            return
        opened = False if self._is_stopping else await self._is_opened()
        if not opened:
            self._leg.refuse(503, headers=RETRY_AFTER)
            if opened is None:
                media.close()  # The book may take its time, and others need the port.
                await self._disown()
            return
        self._leg.answer(description)
        caller = Line(
            name=CALLER,
            leg=self._leg,
            media=media,
            negotiator=negotiator,
            library=self._services.library,
            timeline=self._timeline,
            clock=self._services.clock.now,
        )
        lines = asyncio.TaskGroup()
        desk = CallDesk(
            services=self._services,
            draft=self._draft,
            station=self._station,
            facility=self._facility,
            profile=self._profile,
            caller=caller,
            timeline=self._timeline,
            lines=lines,
            suspect=self.suspect,
            cut=self.cut,
        )
        try:
            outcome = await self._outcome(desk, lines)
            await self._finish(outcome, desk)
        finally:
            desk.hang_up()
            if desk.callee is not None:
                desk.callee.close()

    async def _is_opened(self) -> bool | None:
        """Store that the call is open; no call goes on of which a crash would leave no trace.

        None: the book did not answer, and may have stored it all the same.
        """
        try:
            started = await self._services.book.submit(StartCall(self._draft.open_call()))
        except LedgerError as error:
            self._services.log.error("book_does_not_answer", call_id=self._draft.call_id, error=str(error))
            return None
        if isinstance(started, Refused):
            self._services.log.error("call_not_opened", call_id=self._draft.call_id, why=started.why.value)
            return False
        return True

    async def _disown(self) -> None:
        """End a call that was refused, in case the book opened it and only its answer was lost."""
        now = self._services.clock.utc(self._services.clock.now())
        record = self._draft.record(ended_at=now, why=Reason.FAULT.value, ended_by=Leaver.SWITCH.value)
        await self._book_end(record, None)

    async def _outcome(self, desk: CallDesk, lines: asyncio.TaskGroup) -> Outcome:
        """The end of the story; our own faults and a shutdown are two of its reasons."""
        self._story = asyncio.create_task(self._tell(desk, lines))
        if self._is_stopping:
            self._story.cancel()
        try:
            await asyncio.wait({self._story})
        finally:
            self._story.cancel()
        fault = None if self._story.cancelled() else self._story.exception()
        if fault is not None:
            self._services.log.error("call_failed", call_id=self._draft.call_id, exc_info=fault)
            return Outcome(Reason.FAULT, Leaver.SWITCH)
        return self._told or self._cut or Outcome(Reason.SHUT_DOWN, Leaver.SWITCH)

    async def _tell(self, desk: CallDesk, lines: asyncio.TaskGroup) -> None:
        """The story, while both lines are followed; a fault in one of them is one of the call."""
        async with lines:
            lines.create_task(desk.caller.run())
            self._told = await tell(desk.caller, desk, self._profile, self._dialled)
            desk.hang_up()

    async def _finish(self, outcome: Outcome, desk: CallDesk) -> None:
        """Release everything, then book the end."""
        now = self._services.clock.now()
        desk.hang_up()
        if self._draft.tape is not None:
            self._draft.tape.stop()
        desk.leave_turn()
        desk.forget_name()
        record, charge = self._settle(outcome, desk, now)
        later = None if desk.charging is None else desk.charging.settles_after
        self._timeline.add(Kind.STATE, SWITCH, SWITCH, f"ended: {record.why}")
        await self._insist("block_not_stored", desk.store_block)
        if self._draft.flags_due:
            await self._insist("flags_not_stored", self._keep_flags)
        await self._book_end(record, charge, later)

    async def _store_flags(self) -> None:
        """Store suspicions at once, so that a crash loses none; what the book cannot take waits for the call's end."""
        try:
            await self._keep_flags()
        except LedgerError as error:
            self._services.log.warning("flags_not_stored", call_id=self._draft.call_id, error=str(error))

    async def _keep_flags(self) -> None:
        due = tuple(self._draft.flags_due)
        await self._services.flags.add(*due)
        self._draft.flags_due = [flag for flag in self._draft.flags_due if flag not in due]

    async def _book_end(self, record: CallRecord, charge: Charge | None, later: timedelta | None = None) -> None:
        """Store the record and the charge, then tell of them."""
        posts_at = None if charge is None or later is None else record.ended_at + later
        end = EndCall(record, charge, posts_at)
        ended = await self._insist("call_end_not_stored", lambda: self._services.book.submit(end))
        if ended is None:
            self._services.log.error("call_left_open", call_id=record.call_id, remedy="the next start settles it")
            return
        if isinstance(ended, Refused):
            self._services.log.error("call_end_refused", call_id=record.call_id, why=ended.why.value)
            return
        self._services.cards_due.set()
        if charge is not None:
            self._timeline.add(Kind.MONEY, SWITCH, BOOK, f"charge {charge.amount} to {charge.payer}")
        self._services.alerts.ended(record, self._timeline)
        for listener in self._services.ended:
            listener(record, self._timeline)
        self._services.log.info(
            "call_ended",
            call_id=record.call_id,
            why=record.why,
            ended_by=record.ended_by,
            talk_seconds=record.talk.total_seconds(),
            charged=str(record.charged),
        )

    def _settle(self, outcome: Outcome, desk: CallDesk, now: float) -> tuple[CallRecord, Charge | None]:
        """The record and the charge of what was talked."""
        ended_at = now if desk.talk_ended_at is None else desk.talk_ended_at
        talk, charge, explanation = timedelta(0), None, None
        if self._draft.accepted_at is not None and desk.charging is not None:
            talk, charge, explanation = desk.charging.settle(ended_at)
        record = self._draft.record(
            ended_at=self._services.clock.utc(ended_at),
            why=outcome.reason.value,
            ended_by=outcome.by.value,
            talk=talk,
            charged=charge.amount if charge else ZERO,
            explanation=explanation.to_json() if explanation else None,
        )
        return record, charge

    async def _insist(self, event: str, store: Callable[[], Awaitable[T]]) -> T | None:
        """Store something; try again while the book does not answer, for as long as this process lives.

        Returns None if the process ends before.
        """
        tries = 0
        while True:
            try:
                return await store()
            except BookClosedError:
                return None
            except LedgerError as error:
                self._services.log.error(event, call_id=self._draft.call_id, error=str(error))
            tries = tries + 1 if self._is_stopping else 0
            if tries >= END_TRIES_MAX:
                return None
            await asyncio.sleep(END_RETRY_SECONDS)
