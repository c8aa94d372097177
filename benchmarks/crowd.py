"""Many telephones in one process: one user agent signals for all, one `Chatter` speaks for all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any, cast

import structlog

from benchmarks.chatter import Chatter, Leg
from scenarios.phones.bargain import Bargain
from scenarios.phones.codec import Law
from switch.agent.legs import InboundLeg, OutboundLeg
from switch.agent.observed import Observed, SipReceived
from switch.agent.user_agent import UserAgent
from switch.leg.events import Answered, Ended
from switch.net.udp import UdpTransport, open_udp
from switch.sip.headers import address
from switch.sip.message import Request
from switch.sip.tokens import Tokens
from switch.sip.uri import SipUri

Address = tuple[str, int]
HOST = "127.0.0.1"


class Talker:
    """One party of one call."""

    def __init__(self, sip: InboundLeg | OutboundLeg, sound: Leg) -> None:
        self.sip = sip
        self.sound = sound
        self.answered = asyncio.Event()
        self.ended: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self.bye_at: float | None = None
        """When the BYE of the switch arrived."""


class Crowd:
    """Places calls, and takes every call it gets. Make it with `gathered`."""

    def __init__(self, transport: UdpTransport, chatter: Chatter, random: Random) -> None:
        self.chatter = chatter
        self.agent = UserAgent(
            send=transport.send,
            contact=SipUri("sip", "crowd", None, *transport.address),
            tokens=Tokens(random),
            product="crowd",
            log=structlog.get_logger("crowd"),
        )
        self.agent.on_invite = self._take
        self.agent.observe(self._observe)
        self.address = transport.address
        self._tokens = Tokens(random)
        self._talkers: dict[str, Talker] = {}
        self._rung: dict[str, asyncio.Future[Talker]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def dial(self, user: str, number: str, server: Address) -> Talker:
        """Call a number as this user; returns once the switch answered."""
        sound = self.chatter.leg()
        bargain = self._bargain()
        uri = SipUri("sip", number, None, *server)
        leg = self.agent.invite(
            uri=uri,
            to=address(uri),
            from_=address(SipUri("sip", user, None, server[0])),
            destination=server,
            offer=bargain.offer(),
        )
        talker = self._follow(leg, sound, bargain)
        answered = asyncio.create_task(talker.answered.wait())
        ends: set[asyncio.Future[Any]] = {answered, talker.ended}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        answered.cancel()
        assert talker.answered.is_set(), f"{number} was not answered: {talker.ended.result()}"
        return talker

    async def taken(self, number: str) -> Talker:
        """The call that arrives for a number; it is answered at once."""
        return await self._ringing(number)

    def join(self, one: Talker, other: Talker) -> None:
        """Say that these two are to hear each other."""
        one.sound.partner, other.sound.partner = other.sound, one.sound

    async def close(self) -> None:
        """End every call."""
        await self.agent.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ringing(self, number: str) -> asyncio.Future[Talker]:
        return self._rung.setdefault(number, asyncio.get_running_loop().create_future())

    def _take(self, leg: InboundLeg) -> None:
        uri = leg.request.uri
        assert isinstance(uri, SipUri) and uri.user is not None
        sound = self.chatter.leg()
        bargain = self._bargain()
        description, path = bargain.answer(leg.offer)
        leg.ring()
        leg.answer(description)
        self.chatter.connect(sound, path.remote, path.payload_type, path.digits_payload_type)
        talker = self._follow(leg, sound, bargain)
        talker.answered.set()
        self._ringing(uri.user).set_result(talker)

    def _follow(self, leg: InboundLeg | OutboundLeg, sound: Leg, bargain: Bargain) -> Talker:
        talker = self._talkers[leg.call_id] = Talker(leg, sound)
        task = asyncio.create_task(self._events(talker, bargain))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return talker

    async def _events(self, talker: Talker, bargain: Bargain) -> None:
        while True:
            event = await talker.sip.event()
            if isinstance(event, Answered):
                path = bargain.accept(event.description)
                self.chatter.connect(talker.sound, path.remote, path.payload_type, path.digits_payload_type)
                talker.answered.set()
            elif isinstance(event, Ended):
                self.chatter.disconnect(talker.sound)
                talker.ended.set_result(event)
                return

    def _observe(self, observed: Observed) -> None:
        message = observed.message
        if isinstance(observed, SipReceived) and isinstance(message, Request) and message.method == "BYE":
            talker = self._talkers.get(message.call_id)
            if talker is not None and talker.bye_at is None:
                talker.bye_at = observed.at

    def _bargain(self) -> Bargain:
        return Bargain(
            session_id=self._tokens.session_id(), address=self.chatter.address, laws=(Law.PCMU,), takes_events=True
        )


class _Inbox:
    """Passes datagrams on once there is a crowd."""

    def __init__(self) -> None:
        self.crowd: Crowd | None = None

    def receive(self, data: bytes, source: Address) -> None:
        cast(Crowd, self.crowd).agent.receive(data, source)


@asynccontextmanager
async def gathered(random: Random) -> AsyncIterator[Crowd]:
    """A crowd inside this block."""
    inbox = _Inbox()
    transport = await open_udp(HOST, 0, inbox.receive)
    chatter = Chatter(HOST)
    crowd = inbox.crowd = Crowd(transport, chatter, random)
    try:
        yield crowd
    finally:
        await crowd.close()
        chatter.close()
        await transport.close()
