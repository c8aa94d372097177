"""The reception: who calls, whether they may, and what kind of call it is.

Every new INVITE is screened here before anything is kept of it; every call runs as one task. Whoever closes
the reception stops the calls and waits until each is booked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from ivr.reasons import Reason
from ledger.errors import LedgerError
from ledger.money import CallId
from switch.agent.complaints import Complaints
from switch.agent.legs import InboundLeg
from switch.agent.observed import Observed, SipSent
from switch.call.call import RETRY_AFTER, StationCall
from switch.call.service_call import ServiceCall
from switch.call.services import Services
from switch.call.suspicions import tells_of_forwarding
from switch.call.timeline import CALLEE, CALLER, SWITCH, Kind, Timeline
from switch.directory.flags import Source, Suspicion
from switch.directory.people import Station
from switch.routing.accounts import Accounts, Denied
from switch.routing.registration import register
from switch.sip.errors import SipError
from switch.sip.message import Request, Response
from switch.sip.uri import SipUri

ASK_EVERYTHING: Final = "0"
"""Dialled by a station that wants to be asked for who pays and for the number."""


class Call(Protocol):
    """A call of any kind."""

    async def run(self) -> None:
        """Take it to its end."""

    def stop(self) -> None:
        """End it as soon as may be; `run` returns soon after."""


Begin = Callable[[InboundLeg], Call]


class Reception:
    """Takes INVITE and REGISTER from the user agent."""

    def __init__(self, services: Services, accounts: Accounts, *, calls_max: int) -> None:
        self._services = services
        self._accounts = accounts
        self._calls_max = calls_max
        self._calls: dict[asyncio.Task[None], Call] = {}
        self._admitted: tuple[Request, Begin] | None = None
        self._is_closing = False
        self._blocks_changed = asyncio.Event()
        services.book.on_rows(self._blocks_changed.set)
        self._complaints = Complaints(services.agent.counters, services.log)
        services.agent.on_screen = self._screen
        services.agent.on_invite = self._invited
        services.agent.on_request = self._asked
        services.agent.observe(self._observed)

    @property
    def call_count(self) -> int:
        """Calls that are going on."""
        return len(self._calls)

    async def close(self) -> None:
        """Take no more calls and end those that are; each is booked before this returns."""
        self._is_closing = True
        for call in self._calls.values():
            call.stop()
        await asyncio.gather(*self._calls, return_exceptions=True)

    async def cut_blocked(self) -> None:
        """Wait until blocks may have changed, and end the calls whose number was blocked since they were admitted.

        A block is not for the next call only; nor is a facility that was turned off together with its calls. To be
        called again and again: a call that is not admitted yet may be, by what it read before.

        Raises:
            LedgerError: The book does not answer.
        """
        await self._blocks_changed.wait()
        calls = self._station_calls()
        self._blocks_changed.clear()
        try:
            latest = await self._services.blocks.latest() if calls else ()
            switches = await self._services.switches.all() if calls else {}
        except LedgerError:
            self._blocks_changed.set()
            raise
        for call in calls:
            if any(map(call.is_blocked_by, latest)):
                call.cut(Reason.BLOCKED)
            elif call.is_switched_off(switches):
                call.cut(Reason.STATION_OFF)
        if any(call.may_be_admitted for call in calls):
            self._blocks_changed.set()

    def suspect(self, number: str, suspicion: Suspicion, source: Source = Source.INJECTED) -> int:
        """Let a third party be suspected on the calls to a number; how many there are."""
        calls = [call for call in self._station_calls() if call.is_to(number)]
        for call in calls:
            call.suspect(suspicion, source)
        return len(calls)

    def _station_calls(self) -> list[StationCall]:
        """The calls of the story that go on."""
        return [call for call in self._calls.values() if isinstance(call, StationCall)]

    def _screen(self, request: Request, source: tuple[str, int]) -> Response | None:
        """Refuse an INVITE of which nothing need be kept; else decide what kind of call it is.

        The agent hands an INVITE that may pass to `_invited` at once.
        """
        agent = self._services.agent
        if len(self._calls) >= self._calls_max:
            self._note("call_over_limit", source, f"calls_max is {self._calls_max}")
            return agent.reply(request, 503, headers=RETRY_AFTER)
        who = self._who(request, source)
        if isinstance(who, Denied):
            if who.status == 403:
                self._note("call_refused", source, f"wrong password for {request.from_.uri}")
            return agent.reply(request, who.status, headers=who.headers)
        dialled = request.uri.user if isinstance(request.uri, SipUri) else None
        if not dialled:
            return agent.reply(request, 484)
        begin = self._service(who, dialled) or self._story(who, dialled)
        if begin is None:
            self._note("call_not_of_station", source, f"{who} is no station, and dialled {dialled}")
            return agent.reply(request, 403, reason="Only Stations May Call")
        if self._is_closing:  # last: an INVITE refused before, and repeated by the network, is refused as before
            return agent.reply(request, 503, headers=RETRY_AFTER)
        self._admitted = (request, begin)
        return None

    def _invited(self, leg: InboundLeg) -> None:
        admitted, self._admitted = self._admitted, None
        assert admitted is not None and admitted[0] is leg.request, "an INVITE came past the screen"
        call = admitted[1](leg)
        task = asyncio.create_task(call.run())
        self._calls[task] = call
        task.add_done_callback(self._done)

    def _service(self, who: str, dialled: str) -> Begin | None:
        """A call of a number outside the story."""
        route = self._services.routes.service(dialled)
        return None if route is None else partial(ServiceCall, self._services, route=route, dialled=dialled, who=who)

    def _story(self, who: str, dialled: str) -> Begin | None:
        """A call of the story; None for an account that is no station."""
        station = self._services.directory.station(who)
        return None if station is None else partial(self._begin_story, station, dialled)

    def _begin_story(self, station: Station, dialled: str, leg: InboundLeg) -> StationCall:
        services = self._services
        now = services.clock.now()
        call_id = CallId(f"{services.clock.utc(now):%Y%m%dT%H%M%S}-{services.tokens.tag()[:8]}")
        timeline = Timeline(call_id, services.clock.now, services.watch)
        timeline.add(Kind.SIP, CALLER, SWITCH, message_text(leg.request))
        services.timelines.show(leg.call_id, timeline, CALLER)
        services.log.info("call_started", call_id=call_id, station=station.station_id, dialled=dialled)
        number = None if dialled == ASK_EVERYTHING else dialled
        return StationCall(services, leg, call_id=call_id, station=station, timeline=timeline, dialled=number)

    def _who(self, request: Request, source: tuple[str, int]) -> str | Denied:
        """The account that calls: believed from a trusted address, else proved by digest."""
        sender = request.from_.uri
        if self._services.routes.is_trusted(source[0]) and isinstance(sender, SipUri):
            return sender.user or ""
        return self._accounts.authenticate(request, self._services.clock.now())

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

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._calls[task]
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
        message = observed.message
        if source == CALLEE and isinstance(message, Response) and tells_of_forwarding(message):
            for call in self._station_calls():
                if call.is_shown_in(timeline):
                    call.suspect(Suspicion.FORWARDED, Source.SIP)


def message_text(message: Request | Response) -> str:
    """A SIP message in a line: `INVITE (SDP)`, `200 OK to INVITE (SDP)`."""
    if isinstance(message, Request):
        text = message.method
    else:
        text = f"{message.status} {message.reason} to {message.cseq.method}"
    return f"{text} (SDP)" if message.body and message.content_type == "application/sdp" else text
