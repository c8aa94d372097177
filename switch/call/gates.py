"""The gates of controls of one call: facilities turned off, lists, blocks, hours, velocity, one call at a time.

They ask the book for facts; `switch.call.controls` and `switch.call.admission` decide.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from ivr.profile import Retry
from ivr.reasons import Reason
from ledger.errors import LedgerError
from ledger.records import OpenCall
from switch.call.admission import gate_of_facility, gate_of_list
from switch.call.controls import Concerned
from switch.call.draft import Draft
from switch.call.services import Services
from switch.call.timeline import BOOK, SWITCH, Kind, Timeline
from switch.directory.blocks import BlockKind
from switch.directory.contacts import listed
from switch.directory.people import Facility, PersonInside, Station
from switch.directory.rules import WORTH_A_CALL, VelocityLimit
from switch.directory.velocity import Reached, Wanted


class ControlGates:
    """Whether one call may be placed by the controls, and how long it may be."""

    def __init__(
        self,
        *,
        services: Services,
        facility: Facility,
        station: Station,
        retry: Retry,
        draft: Draft,
        timeline: Timeline,
    ) -> None:
        self._services = services
        self._facility = facility
        self._station = station
        self._retry = retry
        self._draft = draft
        self._timeline = timeline
        self._has_share = False

    async def station_refusal(self) -> Reason | None:
        """Whether the telephone, or its whole facility, is turned off.

        Raises:
            LedgerError: The book does not answer.
        """
        if self._station.is_off:
            return Reason.STATION_OFF
        facility = self._facility
        is_off = await self._services.switches.is_off(facility.facility_id, otherwise=facility.is_off)
        return Reason.STATION_OFF if is_off else None

    async def judge(self, person: PersonInside, number: str, limit: timedelta) -> timedelta | Reason:
        """Go through the gates in their order, and take the turn; the longest talk they leave of `limit`.

        Raises:
            LedgerError: The book does not answer.
        """
        services = self._services
        refused = (
            await self.station_refusal()
            or gate_of_facility(services.directory, self._facility, number)
            or await self._gate_of_list(person, number)
        )
        if refused is not None:
            return refused
        if await services.blocks.is_blocked(number, self._facility.facility_id):
            return Reason.BLOCKED
        concerned = self.concerned(person, number)
        limit = concerned.longest(limit)
        within = concerned.within_hours(self._utc(), limit)
        if within < min(limit, WORTH_A_CALL):
            return Reason.OUTSIDE_HOURS
        if await self._must_wait(person, number):
            return Reason.TOO_SOON
        longest = await self._within_velocity(person, number, within)
        if longest is None:
            return Reason.LIMIT_REACHED
        return await self._take_turn(person, number) or longest

    def concerned(self, person: PersonInside, number: str) -> Concerned:
        """Everybody whose word counts for this call."""
        return Concerned(self._facility, self._station, person, self._services.directory.number(number))

    async def confirm_turn(self) -> Reason | None:
        """Whether another switch on this book admitted a call of the same person, or to the same number, meanwhile.

        Asked once this one is stored as admitted: of two at the same instant both are busy, and never both talk.
        """
        turn = self._draft.turn
        return None if turn is None else await self._busy_elsewhere(*turn)

    async def give_back(self) -> None:
        """The call is not admitted: others may have its share of velocity limits, which at last ends with the call."""
        if self._has_share:
            self._has_share = False
            try:
                await self._services.velocity.give_back(self._draft.call_id)
            except LedgerError as error:
                self._services.log.warning("share_not_given_back", call_id=self._draft.call_id, error=str(error))

    def leave_turn(self) -> None:
        """The person and the number are free for another call."""
        if self._draft.turn is not None:
            person_id, number = self._draft.turn
            self._services.busy.people.discard(person_id)
            self._services.busy.numbers.discard(number)
            self._draft.turn = None

    async def _gate_of_list(self, person: PersonInside, number: str) -> Reason | None:
        """The allowed list as it stands now, changes included (S2-3, S2-5)."""
        start = self._services.directory.list_of(person)
        if start is None:
            return None
        return gate_of_list(listed(start, await self._services.contacts.changes(person.person_id)), number)

    async def _must_wait(self, person: PersonInside, number: str) -> bool:
        """Whether a call of the same two came to nothing a while ago, in a way after which the profile lets wait."""
        retry = self._retry
        if not retry.wait:
            return False
        since = self._utc() - timedelta(seconds=retry.wait)
        return await self._services.attempts.has_tried(person.person_id, number, since=since, ends=retry.after)

    async def _within_velocity(self, person: PersonInside, number: str, longest: timedelta) -> timedelta | None:
        """Take what every velocity limit leaves, None for too little; one that is used up and blocks does so now."""
        limits, now = self._services.controls.velocity, self._utc()
        if not limits:
            return longest
        wanted = Wanted(self._draft.call_id, number, person.person_id, longest)
        share = await self._services.velocity.share(wanted, limits, now=now)
        if not isinstance(share, Reached):
            self._has_share = True
            return share
        text = f"velocity limit {share.limit.name} is reached by {share.key}"
        self._timeline.add(Kind.STATE, SWITCH, SWITCH, text)
        if share.limit.blocks and share.is_used_up:
            await self._block(share.limit, number, now)
        return None

    async def _block(self, limit: VelocityLimit, number: str, at: datetime) -> None:
        facility = self._facility.facility_id
        why = f"velocity limit {limit.name}"
        is_new = await self._services.blocks.block(
            number=number, facility=facility, kind=BlockKind.OVER_LIMIT, why=why, at=at
        )
        if is_new:
            self._timeline.add(Kind.STATE, SWITCH, BOOK, f"{number} is blocked for {facility}: {why}")
            self._services.log.warning("number_blocked", number=number, facility=facility, why=why)

    async def _take_turn(self, person: PersonInside, number: str) -> Reason | None:
        """One live call per person and per number; `leave_turn` gives the turn back."""
        one, busy = self._services.controls.one_call, self._services.busy
        if self._draft.turn == (person.person_id, number):
            return None
        self.leave_turn()
        elsewhere = await self._busy_elsewhere(person.person_id, number)
        if one.per_person and (person.person_id in busy.people or elsewhere is Reason.PERSON_BUSY):
            return Reason.PERSON_BUSY
        if one.per_number and (number in busy.numbers or elsewhere is Reason.NUMBER_BUSY):
            return Reason.NUMBER_BUSY
        busy.people.add(person.person_id)
        busy.numbers.add(number)
        self._draft.turn = (person.person_id, number)
        return None

    async def _busy_elsewhere(self, person: str, number: str) -> Reason | None:
        """What other switches on this book say; nothing is asked where there are none."""
        if not self._services.busy.others:
            return None
        calls = await self._services.book.open_calls()
        return busy_by(
            (call for call in calls if call.process_id in self._services.busy.others),
            person if self._services.controls.one_call.per_person else None,
            number if self._services.controls.one_call.per_number else None,
        )

    def _utc(self) -> datetime:
        return self._services.clock.utc(self._services.clock.now())


def busy_by(calls: Iterable[OpenCall], person: str | None, number: str | None) -> Reason | None:
    """Whether admitted calls of other switches are of the same person, or to the same number; None is not asked for."""
    admitted = [call for call in calls if call.rate is not None]
    if person is not None and any(call.person == person for call in admitted):
        return Reason.PERSON_BUSY
    if number is not None and any(call.number == number for call in admitted):
        return Reason.NUMBER_BUSY
    return None
