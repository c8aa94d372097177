"""Calls outside the story: a plain bridge to a trunk, and a menu of one key before it.

Nobody is asked, charged or recorded: test numbers, and gateways that bill by themselves.
"""

from __future__ import annotations

import asyncio
from typing import Final

from ivr.keys import exactly
from ivr.ports import HungUpError
from ivr.reasons import Reason
from ledger.money import CallId
from switch.agent.legs import InboundLeg
from switch.call.calling import Calling, Place
from switch.call.line import Line
from switch.call.offers import Negotiator
from switch.call.services import Services
from switch.call.timeline import CALLEE, CALLER, Timeline
from switch.media.control import PortsExhaustedError
from switch.routing.routes import MenuRoute, Trunk
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


class _ServiceCall:
    """Two lines and what frees them."""

    def __init__(self, services: Services, leg: InboundLeg) -> None:
        self._services = services
        self._leg = leg
        self._timeline = Timeline(CallId("service"), services.clock.now, None, is_kept=False)
        self._negotiator = Negotiator(session_id=services.tokens.session_id(), codecs=services.codecs)

    async def _open(self) -> tuple[Line, bytes] | None:
        """The caller's line and our answer to its offer; None: it was refused."""
        try:
            media = await self._services.media.open_leg()
        except PortsExhaustedError:
            self._services.log.error("media_ports_exhausted", remedy="widen media.ports in the configuration")
            self._leg.refuse(503)
            return None
        description = self._negotiator.answer(self._leg.offer, media)
        if description is None:
            self._leg.refuse(488)
            media.close()
            return None
        line = Line(
            name=CALLER,
            leg=self._leg,
            media=media,
            negotiator=self._negotiator,
            library=self._services.library,
            timeline=self._timeline,
            clock=self._services.clock.now,
        )
        return line, description

    def _place(self, number: str, trunk: Trunk) -> Place:
        host, port = trunk.address
        return Place(SipUri("sip", number, None, host, port), trunk.address)

    async def _talk(self, caller: Line, callee: Line) -> None:
        """Bridge until one of both leaves, then release the other."""
        caller.media.stop()
        caller.media.hear(callee.media, with_digits=True)
        callee.media.hear(caller.media, with_digits=True)
        leaving = [asyncio.ensure_future(line.left()) for line in (caller, callee)]
        try:
            await asyncio.wait(leaving, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in leaving:
                waiting.cancel()
            caller.hang_up()
            callee.hang_up()


class BridgeCall(_ServiceCall):
    """Rings the trunk, and answers when it answers."""

    async def run(self, number: str, trunk: Trunk) -> None:
        """Take the call to its end."""
        opened = await self._open()
        if opened is None:
            return
        caller, description = opened
        calling: Calling | None = None
        try:
            async with asyncio.TaskGroup() as lines:
                lines.create_task(caller.run())
                calling = Calling(self._services, self._timeline, lines, ringing=RINGING)
                calling.on_ringing(self._leg.ring)
                ringing = lines.create_task(calling.ring(self._place(number, trunk), name=CALLEE))
                leaving = lines.create_task(caller.left())
                await asyncio.wait({ringing, leaving}, return_when=asyncio.FIRST_COMPLETED)
                leaving.cancel()
                if not ringing.done():
                    ringing.cancel()
                    return
                reached = ringing.result()
                if isinstance(reached, Reason):
                    self._leg.refuse(STATUSES.get(reached, 480))
                    return
                self._leg.answer(description)
                await self._talk(caller, reached)
        finally:
            caller.close()
            if calling is not None and calling.line is not None:
                calling.line.close()


class MenuCall(_ServiceCall):
    """Answers, says its words, takes a key, and bridges to the number it makes."""

    async def run(self, route: MenuRoute, trunk: Trunk) -> None:
        """Take the call to its end."""
        opened = await self._open()
        if opened is None:
            return
        caller, description = opened
        self._leg.answer(description)
        callee: Line | None = None
        try:
            async with asyncio.TaskGroup() as lines:
                lines.create_task(caller.run())
                calling = Calling(self._services, self._timeline, lines, ringing=RINGING)
                try:
                    key = await caller.ask(
                        route.words, is_complete=exactly(1), end="", first=KEY_SECONDS, between=KEY_SECONDS
                    )
                except HungUpError:
                    return
                if key:
                    reached = await calling.ring(self._place(f"{route.bridge_prefix}{key}", trunk), name=CALLEE)
                    callee = calling.line
                    if not isinstance(reached, Reason):
                        await self._talk(caller, reached)
                caller.hang_up()
        finally:
            caller.close()
            if callee is not None:
                callee.close()
