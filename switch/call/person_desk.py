"""The desk before a number is known: who calls, by PIN; enrolment, the spoken name, the balance."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from ivr.ports import Balance, Person
from ivr.profile import Profile, SpokenName
from ivr.reasons import Reason
from ledger.chart import debit
from ledger.product_reads import read_allowance_use
from rating.allowance import Purpose
from switch.call.draft import Draft
from switch.call.gates import ControlGates
from switch.call.line import Line
from switch.call.names import forget_names, name_of_call, name_of_person, record_name
from switch.call.services import Services
from switch.call.timeline import SWITCH, Timeline
from switch.call.timeline import Kind as Shown
from switch.directory.enrolments import SALT_BYTES, Enrolment
from switch.directory.people import Facility, PersonInside, Station


class PersonDesk:
    """What the switch does for the person inside."""

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
    ) -> None:
        self.caller = caller
        self._services = services
        self._draft = draft
        self._station = station
        self._facility = facility
        self._profile = profile
        self._timeline = timeline
        self._person: PersonInside | None = None
        self._controls = ControlGates(
            services=services,
            facility=facility,
            station=station,
            retry=profile.retry,
            draft=draft,
            timeline=timeline,
        )

    async def station_refusal(self) -> Reason | None:
        """Why nobody may call from this station now."""
        refused = await self._controls.station_refusal()
        if refused is not None:
            return refused
        if self._services.bad_pins[self._station.station_id] >= self._profile.inside.pin_tries:
            await self.lock()
            return Reason.LOCKED_OUT
        until = await self._services.blocks.locked_until(self._station.station_id, self._utc())
        return None if until is None else Reason.LOCKED_OUT

    async def identify(self, pin: str) -> Person | None:
        """The person of this PIN at this facility; bad ones are counted over all calls of the station."""
        bad_pins = self._services.bad_pins
        inside = self._profile.inside
        given = inside.pin_length - inside.pin_chosen
        person = self._services.directory.person(self._facility.facility_id, pin[:given])
        enrolment = await self._enrolment(person)
        if inside.pin_chosen and enrolment is not None and enrolment.has_chosen:
            person = person if enrolment.is_chosen(pin[given:]) else None
        elif len(pin) > given:
            person = None  # Digits that nobody chose yet.
        self._timeline.add(Shown.STATE, SWITCH, SWITCH, "PIN accepted" if person else "PIN not valid")
        if person is None:
            bad_pins[self._station.station_id] += 1
            return None
        bad_pins.pop(self._station.station_id, None)
        self._person = person
        self._draft.person = person.person_id
        spoken = None if enrolment is None else enrolment.name
        return Person(
            person.person_id,
            (spoken or person.name,),
            must_choose_pin=bool(inside.pin_chosen) and (enrolment is None or not enrolment.has_chosen),
            must_say_name=inside.name is SpokenName.EACH_CALL or (inside.name is SpokenName.ONCE and spoken is None),
        )

    async def lock(self) -> None:
        """Refuse PINs at this station for a while."""
        until = self._utc() + timedelta(seconds=self._profile.inside.lockout)
        await self._services.blocks.lock(self._station.station_id, until)
        self._services.bad_pins.pop(self._station.station_id, None)
        self._timeline.add(Shown.STATE, SWITCH, SWITCH, "station locked out")

    async def choose_pin(self, digits: str) -> bool:
        """Keep the digits that the person chose, as a digest; of two calls at one instant the book takes one."""
        person_id = self._identified().person_id
        salt = self._services.random.randbytes(SALT_BYTES)
        is_kept = await self._services.enrolments.choose(person_id, digits, salt=salt, at=self._utc())
        self._timeline.add(Shown.STATE, SWITCH, SWITCH, "PIN chosen" if is_kept else "PIN was chosen in another call")
        return is_kept

    async def record_name(self, longest: float) -> Person | None:
        """Record the person's name; None: nothing was heard."""
        person = self._identified()
        is_kept = self._profile.inside.name is SpokenName.ONCE
        clip = name_of_person(person.person_id) if is_kept else name_of_call(self._draft.call_id)
        is_heard = await record_name(self._services, self.caller, clip, longest, call_id=self._draft.call_id)
        self._timeline.add(Shown.STATE, SWITCH, SWITCH, "name recorded" if is_heard else "no name was heard")
        if not is_heard:
            return None
        if is_kept:
            await self._services.enrolments.keep_name(person.person_id, clip, at=self._utc())
        return Person(person.person_id, (clip,))

    async def balance(self) -> Balance:
        """Money in the account of debit calls, and free talk that is left of each allowance."""
        services, person = self._services, self._identified()
        account = await services.book.balance(person.debits or debit(person.person_id))
        at = services.pricing.instant(self._facility, self._utc())
        offers = tuple(services.pricing.offered(self._facility, at, Purpose.FREE))

        def look(connection: Connection) -> tuple[timedelta, ...]:
            keys = ((each.allowance.key(person.person_id), each.window.cycle) for each in offers)
            used = [read_allowance_use(connection, key, cycle) for key, cycle in keys]
            left = (each.window.seconds - seconds for each, seconds in zip(offers, used, strict=True))
            return tuple(timedelta(seconds=max(0, seconds)) for seconds in left)

        free = await services.book.read(look) if offers else ()
        return Balance(None if account is None else account.available, free)

    def forget_name(self) -> None:
        """A name that was spoken for this call alone is not kept."""
        if self._profile.inside.name is SpokenName.EACH_CALL and self._services.names is not None:
            forget_names(self._services.names, self._draft.call_id)

    async def _enrolment(self, person: PersonInside | None) -> Enrolment | None:
        """What the person chose and said; nobody is looked up where the profile asks for neither."""
        inside = self._profile.inside
        if person is None or (not inside.pin_chosen and inside.name is not SpokenName.ONCE):
            return None
        return await self._services.enrolments.of(person.person_id)

    def _identified(self) -> PersonInside:
        assert self._person is not None, "identify comes first"
        return self._person

    def _utc(self) -> datetime:
        return self._services.clock.utc(self._services.clock.now())
