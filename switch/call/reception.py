"""The reception: who calls, whether they may, and what kind of call it is.

Every INVITE comes through here, and every call runs as one task that is kept and, at the end, cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from ledger.money import CallId
from switch.agent.complaints import Complaints
from switch.agent.legs import InboundLeg
from switch.agent.observed import Observed, SipSent
from switch.call.call import StationCall
from switch.call.service_call import BridgeCall, MenuCall
from switch.call.services import Services
from switch.call.timeline import CALLER, SWITCH, Kind, Timeline
from switch.routing.accounts import Accounts, Denied
from switch.routing.registration import register
from switch.routing.routes import BridgeRoute, MenuRoute
from switch.sip.errors import SipError
from switch.sip.message import Request, Response
from switch.sip.uri import SipUri

ASK_EVERYTHING: Final = "0"
"""Dialled by a station that wants to be asked for who pays and for the number."""


class Reception:
    """Takes INVITE and REGISTER from the user agent."""

    def __init__(self, services: Services, accounts: Accounts, *, calls_max: int) -> None:
        self._services = services
        self._accounts = accounts
        self._calls_max = calls_max
        self._calls: set[asyncio.Task[None]] = set()
        self._complaints = Complaints(services.agent.counters, services.log)
        services.agent.on_invite = self._invited
        services.agent.on_request = self._asked
        services.agent.observe(self._observed)

    @property
    def call_count(self) -> int:
        """Calls that are going on."""
        return len(self._calls)

    async def close(self) -> None:
        """End every call; each is booked before this returns."""
        for task in self._calls:
            task.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    def _invited(self, leg: InboundLeg) -> None:
        services = self._services
        if len(self._calls) >= self._calls_max:
            services.log.warning("call_refused", why="calls_max", limit=self._calls_max)
            leg.refuse(503, headers=(("Retry-After", "5"),))
            return
        request = leg.request
        dialled = request.uri.user if isinstance(request.uri, SipUri) else None
        who = self._who(leg)
        if isinstance(who, Denied):
            if who.status == 403:
                self._note("call_refused", leg.source, f"wrong password for {request.from_.uri}")
            leg.refuse(who.status, headers=who.headers)
            return
        if not dialled:
            leg.refuse(484)
            return
        match services.routes.service(dialled):
            case BridgeRoute() as route:
                self._run(BridgeCall(services, leg).run(dialled, services.routes.trunk(route.trunk)))
                return
            case MenuRoute() as route:
                self._run(MenuCall(services, leg).run(route, services.routes.trunk(route.trunk)))
                return
        station = services.directory.station(who)
        if station is None:
            services.log.warning("call_refused", why="not a station", user=who, dialled=dialled)
            leg.refuse(403, reason="Only Stations May Call")
            return
        now = services.clock.now()
        call_id = CallId(f"{services.clock.utc(now):%Y%m%dT%H%M%S}-{services.tokens.tag()[:8]}")
        timeline = Timeline(call_id, services.clock.now, services.watch)
        timeline.add(Kind.SIP, CALLER, SWITCH, message_text(request))
        services.timelines.show(leg.call_id, timeline, CALLER)
        services.log.info("call_started", call_id=call_id, station=station.station_id, dialled=dialled)
        call = StationCall(services, leg, call_id=call_id, station=station, timeline=timeline)
        self._run(call.run(None if dialled == ASK_EVERYTHING else dialled))

    def _who(self, leg: InboundLeg) -> str | Denied:
        """The account that calls: believed from a trusted address, else proved by digest."""
        sender = leg.request.from_.uri
        if self._services.routes.is_trusted(leg.source[0]) and isinstance(sender, SipUri):
            return sender.user or ""
        return self._accounts.authenticate(leg.request, self._services.clock.now())

    def _asked(self, request: Request, source: tuple[str, int]) -> Response | None:
        if request.method != "REGISTER":
            return None
        services = self._services
        response = register(
            request,
            source,
            accounts=self._accounts,
            registrar=services.registrar,
            tokens=services.tokens,
            now=services.clock.now(),
        )
        if response.status == 403:
            self._note("register_refused", source, f"{response.reason} for {request.to.uri}")
        return response

    def _note(self, kind: str, source: tuple[str, int], fault: str) -> None:
        """Count a refusal for who somebody claimed to be; guessing often does not fill the log."""
        self._complaints.note(kind, source, self._services.clock.now(), fault=fault[:200])

    def _run(self, call: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(call)
        self._calls.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._services.log.error("call_task_failed", exc_info=error)

    def _observed(self, observed: Observed) -> None:
        """Note a message in the timeline of its call; what answers a garbled request may name none."""
        try:
            shown = self._services.timelines.find(observed.message.call_id)
            text = message_text(observed.message) if shown is not None else ""
        except SipError:
            return
        if shown is None:
            return
        timeline, party = shown
        source, target = (SWITCH, party) if isinstance(observed, SipSent) else (party, SWITCH)
        timeline.add(Kind.SIP, source, target, text)


def message_text(message: Request | Response) -> str:
    """A SIP message in a line: `INVITE (SDP)`, `200 OK to INVITE (SDP)`."""
    if isinstance(message, Request):
        text = message.method
    else:
        text = f"{message.status} {message.reason} to {message.cseq.method}"
    return f"{text} (SDP)" if message.body and message.content_type == "application/sdp" else text
