"""A call from a station: from its INVITE to its record.

    StartCall stored → 200 → the story → both lines released → EndCall stored

The record, the charge and the end of every hold commit together. While the book does not answer, a
new call is refused (503) and the end of an old one is tried again until it is stored; what a crash
leaves open is settled by the next start (`switch.call.recovery`).
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from ivr.ports import Leaver
from ivr.reasons import Reason
from ivr.story import Outcome, tell
from ledger.errors import BookClosedError, LedgerError
from ledger.money import ZERO, CallId
from ledger.outcomes import Refused
from ledger.records import CallRecord
from ledger.requests import Charge, EndCall, StartCall
from switch.agent.legs import InboundLeg
from switch.call.desk import CallDesk
from switch.call.draft import Draft
from switch.call.line import Line
from switch.call.offers import Negotiator
from switch.call.services import Services
from switch.call.timeline import BOOK, CALLER, SWITCH, Kind, Timeline
from switch.directory.people import Station
from switch.media.control import MediaLeg, PortsExhaustedError

END_RETRY_SECONDS: Final = 1.0
"""How often the end of a call is tried again while the book does not answer."""
LAST_WORDS_SECONDS: Final = 32.0
"""64*T1: until then a late message may still belong to the call's timeline (RFC 3261 §17.1.1.1)."""
RETRY_AFTER: Final = (("Retry-After", "5"),)


class StationCall:
    """One call of the story."""

    def __init__(
        self, services: Services, leg: InboundLeg, *, call_id: CallId, station: Station, timeline: Timeline
    ) -> None:
        self._services = services
        self._leg = leg
        self._station = station
        self._timeline = timeline
        self._facility = services.directory.facility(station.facility_id)
        self._profile = services.profiles[self._facility.profile]
        self._draft = Draft(
            call_id=call_id,
            process_id=services.process_id,
            facility=self._facility.facility_id,
            station=station.station_id,
            started_at=services.clock.utc(services.clock.now()),
        )

    async def run(self, dialled: str | None) -> None:
        """Take the call to its end. `dialled` is the number, None where the caller is asked for it."""
        try:
            media = await self._services.media.open_leg()
        except PortsExhaustedError:
            self._services.log.error("media_ports_exhausted", remedy="widen media.ports in the configuration")
            self._leg.refuse(503, headers=RETRY_AFTER)
            return
        try:
            await self._answer(media, dialled)
        finally:
            media.on_event(None)
            media.close()
            loop = asyncio.get_running_loop()
            loop.call_later(LAST_WORDS_SECONDS, self._services.timelines.forget, self._timeline)

    async def _answer(self, media: MediaLeg, dialled: str | None) -> None:
        negotiator = Negotiator(session_id=self._services.tokens.session_id(), codecs=self._services.codecs)
        description = negotiator.answer(self._leg.offer, media)
        if description is None:
            self._leg.refuse(488)
            return
        try:
            await self._services.book.submit(StartCall(self._draft.open_call()))
        except LedgerError as error:
            self._services.log.error("book_does_not_answer", call_id=self._draft.call_id, error=str(error))
            self._leg.refuse(503, headers=RETRY_AFTER)
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
        async with asyncio.TaskGroup() as lines:
            lines.create_task(caller.run())
            desk = CallDesk(
                services=self._services,
                draft=self._draft,
                station=self._station,
                facility=self._facility,
                profile=self._profile,
                caller=caller,
                timeline=self._timeline,
                lines=lines,
            )
            outcome = await self._tell(caller, desk, dialled)
            await self._finish(outcome, caller, desk)
        if desk.callee is not None:
            desk.callee.close()

    async def _tell(self, caller: Line, desk: CallDesk, dialled: str | None) -> Outcome:
        """The story; our own faults and a shutdown end the call as one of its reasons."""
        try:
            return await tell(caller, desk, self._profile, dialled)
        except asyncio.CancelledError:
            return Outcome(Reason.SHUT_DOWN, Leaver.SWITCH)
        except Exception:
            self._services.log.exception("call_failed", call_id=self._draft.call_id)
            return Outcome(Reason.FAULT, Leaver.SWITCH)

    async def _finish(self, outcome: Outcome, caller: Line, desk: CallDesk) -> None:
        """Release everything, then book the end."""
        now = self._services.clock.now()
        caller.hang_up()
        if desk.callee is not None:
            desk.callee.hang_up()
        if self._draft.tape is not None:
            self._draft.tape.stop()
        desk.leave_turn()
        record, charge = self._settle(outcome, desk, now)
        self._timeline.add(Kind.STATE, SWITCH, SWITCH, f"ended: {record.why}")
        await self._store(record, charge)
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
        ended_at = desk.talk_ended_at or now
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

    async def _store(self, record: CallRecord, charge: Charge | None) -> None:
        """Book the end; try again while the book does not answer, for as long as this process lives."""
        request = EndCall(record, charge)
        while True:
            try:
                outcome = await self._services.book.submit(request)
                break
            except BookClosedError:
                self._services.log.error("call_left_open", call_id=record.call_id, remedy="the next start settles it")
                return
            except LedgerError as error:
                self._services.log.error("call_end_not_stored", call_id=record.call_id, error=str(error))
                await asyncio.sleep(END_RETRY_SECONDS)
        if isinstance(outcome, Refused):
            self._services.log.error("call_end_refused", call_id=record.call_id, why=outcome.why.value)
            return
        if charge is not None:
            self._timeline.add(Kind.MONEY, SWITCH, BOOK, f"charge {charge.amount} to {charge.payer}")
