"""Calls outside the story: a plain bridge to a trunk, a menu of one key before it, and the family's line.

Nobody is charged for these calls, and none is recorded: test numbers, and gateways that bill by themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from ivr.account_line import account_line
from ivr.keys import exactly
from ivr.ports import HungUpError
from ivr.presence import staying
from ivr.reasons import Reason
from ivr.words import Words
from ledger.money import CallId
from switch.agent.legs import InboundLeg
from switch.call.calling import Calling, Place
from switch.call.holder_desk import HolderDesk
from switch.call.line import Line
from switch.call.offers import Negotiator, refused
from switch.call.services import Services
from switch.call.timeline import CALLEE, CALLER, Timeline
from switch.directory.people import FacilityId
from switch.media.control import MediaLeg, PortsExhaustedError
from switch.routing.routes import AccountRoute, BridgeRoute, MenuRoute, Route
from switch.sip.uri import SipUri

RINGING: Final = 60.0
"""How long a plain bridge rings; the caller's own patience ends it before that."""
KEY_SECONDS: Final = 10.0

STATUSES: Final[dict[Reason, int]] = {
    Reason.BUSY: 486,
    Reason.NO_ANSWER: 480,
    Reason.REFUSED: 603,
    Reason.NO_ROUTE: 404,
    Reason.UNREACHABLE: 503,
}
"""What a caller who is still ringing is told of a callee that was not reached."""


class ServiceCall:
    """A call to a number of a service route. However it ends, both lines are hung up and their ports freed."""

    def __init__(self, services: Services, leg: InboundLeg, *, route: Route, dialled: str, who: str) -> None:
        self._services = services
        self._leg = leg
        self._route = route
        self._dialled = dialled
        self._who = who
        self._timeline = Timeline(CallId("service"), services.clock.now, None, is_kept=False)
        self._negotiator = Negotiator(session_id=services.tokens.session_id(), codecs=services.codecs)
        self._calling: Calling | None = None
        self._work: asyncio.Task[None] | None = None
        self._is_stopping = False

    def stop(self) -> None:
        """End the call as soon as may be."""
        self._is_stopping = True
        if self._work is not None:
            self._work.cancel()

    async def run(self) -> None:
        """Take the call to its end."""
        try:
            media = await self._services.media.open_leg()
        except PortsExhaustedError:
            self._services.log.error("media_ports_exhausted", remedy="widen media.ports in the configuration")
            self._leg.refuse(503)
            return
        try:
            description = self._negotiator.prepare(self._leg.offer, media)
            if description is None:
                self._services.log.warning("offer_refused", who=self._who, **refused(self._leg.offer))
                self._leg.refuse(488)
                return
            await self._follow(self._line(media), description)
        finally:
            media.close()
            if self._calling is not None and self._calling.line is not None:
                self._calling.line.close()

    async def _follow(self, caller: Line, description: bytes) -> None:
        """Converse while both lines are followed; whatever ends it, hang up on both."""
        self._work = asyncio.create_task(self._both(caller, description))
        if self._is_stopping:
            self._work.cancel()
        try:
            await asyncio.wait({self._work})
        finally:
            self._work.cancel()
            self._hang_up(caller)
        if not self._work.cancelled():
            self._work.result()

    async def _both(self, caller: Line, description: bytes) -> None:
        async with asyncio.TaskGroup() as lines:
            lines.create_task(caller.run())
            calling = self._calling = Calling(self._services, self._timeline, lines, ringing=RINGING)
            try:
                async with staying(caller):
                    match self._route:
                        case BridgeRoute() as route:
                            await self._bridge(route, caller, description, calling)
                        case MenuRoute() as route:
                            await self._ask(route, caller, description, calling)
                        case AccountRoute() as route:
                            await self._tell_account(route, caller, description, calling)
            except HungUpError:
                pass
            self._hang_up(caller)

    async def _bridge(self, route: BridgeRoute, caller: Line, description: bytes, calling: Calling) -> None:
        """Ring the trunk, and answer when it answers."""
        calling.on_ringing(self._leg.ring)
        reached = await calling.ring(self._place(route.trunk, self._dialled), name=CALLEE)
        if isinstance(reached, Reason):
            self._leg.refuse(STATUSES.get(reached, 480))
            return
        self._answer(caller, description)
        await self._talk(caller, reached)

    async def _ask(self, route: MenuRoute, caller: Line, description: bytes, calling: Calling) -> None:
        """Answer, say the words, take a key, and bridge to the number it makes."""
        self._answer(caller, description)
        key = await caller.ask(route.words, is_complete=exactly(1), end="", first=KEY_SECONDS, between=KEY_SECONDS)
        if not key:
            return
        reached = await calling.ring(self._place(route.trunk, f"{route.bridge_prefix}{key}"), name=CALLEE)
        if not isinstance(reached, Reason):
            await self._talk(caller, reached)

    async def _tell_account(self, route: AccountRoute, caller: Line, description: bytes, calling: Calling) -> None:
        """Answer, and let the holder of an account ask for what they like."""
        self._answer(caller, description)
        services = self._services
        number = services.directory.number_of_user(self._who)
        facility = services.directory.facility(FacilityId(route.facility))
        say = Words(services.profiles[facility.profile], None if number is None else number.language)

        async def connect() -> bool:
            assert route.trunk is not None, "customer service is offered where there is a trunk to it"
            reached = await calling.ring(self._place(route.trunk, route.service), name=CALLEE)
            if isinstance(reached, Reason):
                return False
            await self._talk(caller, reached)
            return True

        if number is None:
            await account_line(caller, None, say)
            return
        desk = HolderDesk(
            services,
            number.number,
            caller=caller,
            facility=facility,
            profile=say.profile,
            timeline=self._timeline,
            connect=connect if route.trunk else None,
        )
        try:
            await account_line(caller, desk, say)
        finally:
            await desk.close()

    def _hang_up(self, caller: Line) -> None:
        caller.hang_up()
        if self._calling is not None and self._calling.line is not None:
            self._calling.line.hang_up()

    def _line(self, media: MediaLeg) -> Line:
        return Line(
            name=CALLER,
            leg=self._leg,
            media=media,
            negotiator=self._negotiator,
            library=self._services.library,
            timeline=self._timeline,
            clock=self._services.clock.now,
        )

    def _answer(self, caller: Line, description: bytes) -> None:
        """Answer; only now is the caller sent audio: before, it would silence the tone of its own phone."""
        self._negotiator.connect(caller.media, self._leg.peer)
        self._leg.answer(description)

    def _place(self, trunk: str, number: str) -> Place:
        address = self._services.routes.trunk(trunk).address
        return Place(SipUri("sip", number, None, *address), address)

    async def _talk(self, caller: Line, callee: Line) -> None:
        """Bridge until the callee leaves or nothing is heard of one any more; `staying` watches the caller."""
        caller.media.stop()
        caller.media.hear(callee.media, with_digits=True)
        callee.media.hear(caller.media, with_digits=True)
        lost = asyncio.Event()
        for line in (caller, callee):
            line.on_lost(lost.set)
        ends: Sequence[asyncio.Task[object]] = [asyncio.create_task(callee.left()), asyncio.create_task(lost.wait())]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
