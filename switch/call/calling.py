"""Calling somebody: find where a number is reached, ring it, and give its line or why there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ivr.reasons import Reason
from switch.call.line import Line
from switch.call.offers import Negotiator
from switch.call.services import Services
from switch.call.timeline import SWITCH, Kind, Timeline
from switch.leg.events import Cause
from switch.media.control import PortsExhaustedError
from switch.sip.headers import NameAddr
from switch.sip.uri import SipUri

REASONS: Final[dict[Cause, Reason]] = {
    Cause.NORMAL: Reason.REFUSED,
    Cause.CANCELLED: Reason.NO_ANSWER,
    Cause.BUSY: Reason.BUSY,
    Cause.NO_ANSWER: Reason.NO_ANSWER,
    Cause.DECLINED: Reason.REFUSED,
    Cause.NO_ROUTE: Reason.NO_ROUTE,
    Cause.INCOMPATIBLE: Reason.UNREACHABLE,
    Cause.UNREACHABLE: Reason.UNREACHABLE,
    Cause.FAILED: Reason.UNREACHABLE,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an INVITE goes: its Request-URI and the address it is sent to."""

    uri: SipUri
    destination: tuple[str, int]


class Calling:
    """One attempt to reach a number. `line` is there as soon as an INVITE is out."""

    def __init__(self, services: Services, timeline: Timeline, lines: asyncio.TaskGroup, *, ringing: float) -> None:
        self.line: Line | None = None
        self._services = services
        self._timeline = timeline
        self._lines = lines
        self._ringing = ringing
        self._on_ringing: Callable[[], None] | None = None

    def on_ringing(self, listener: Callable[[], None]) -> None:
        """Whom to tell when it rings."""
        self._on_ringing = listener

    async def call(self, number: str, *, name: str) -> Line | Reason:
        """Ring a number in E.164, by its registration or through a trunk."""
        place = self._find(number)
        if place is None:
            self._timeline.add(Kind.STATE, SWITCH, SWITCH, f"{number} is not registered and no trunk carries it")
            return Reason.UNREACHABLE if self._services.directory.number(number).user else Reason.NO_ROUTE
        return await self.ring(place, name=name)

    async def ring(self, place: Place, *, name: str) -> Line | Reason:
        """INVITE, and wait for the answer; whoever stops waiting cancels it."""
        services = self._services
        try:
            media = await services.media.open_leg()
        except PortsExhaustedError:
            services.log.error("media_ports_exhausted", remedy="widen media.ports in the configuration")
            return Reason.UNREACHABLE
        negotiator = Negotiator(session_id=services.tokens.session_id(), codecs=services.codecs)
        call_id = services.tokens.call_id(services.contact.host)
        services.timelines.show(call_id, self._timeline, name)
        leg = services.agent.invite(
            uri=place.uri,
            to=NameAddr("", place.uri),
            from_=NameAddr("", replace(services.contact, user="payphone")),
            destination=place.destination,
            offer=negotiator.offer(media),
            call_id=call_id,
        )
        line = self.line = Line(
            name=name,
            leg=leg,
            media=media,
            negotiator=negotiator,
            library=services.library,
            timeline=self._timeline,
            clock=services.clock.now,
            on_ringing=self._on_ringing,
        )
        self._lines.create_task(line.run())
        try:
            async with asyncio.timeout(self._ringing):
                is_answered = await line.answered()
        except TimeoutError:
            line.hang_up()
            return Reason.NO_ANSWER
        except asyncio.CancelledError:
            line.hang_up()
            raise
        if is_answered:
            return line
        assert line.ended is not None, "a leg that was not answered has ended"
        return REASONS[line.ended.cause]

    def _find(self, number: str) -> Place | None:
        """The latest registration of the number's account, or the trunk that carries it."""
        services = self._services
        user = services.directory.number(number).user
        if user is not None:
            bindings = services.registrar.bindings(user, services.clock.now())
            return Place(bindings[0].contact, bindings[0].source) if bindings else None
        trunk = services.routes.trunk_for(number)
        if trunk is None:
            return None
        host, port = trunk.address
        return Place(SipUri("sip", number, None, host, port), trunk.address)
