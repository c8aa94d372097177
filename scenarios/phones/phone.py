"""A softphone: it registers, calls and is called. It knows its server's address and nothing of its insides.

async with Phone(Line(user="jordan", password="7341", server=("10.0.0.1", 5060)), chance) as phone:
    await phone.register()
    call = await phone.dial("12125550123")
    await call.answered()
    await call.press("5")
    ended = await call.wait_for_end()
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, cast

import structlog

from scenarios.phones.bargain import Bargain
from scenarios.phones.call import PhoneCall
from scenarios.phones.codec import Law
from scenarios.phones.errors import RegistrationError
from scenarios.phones.keys import KeyStyle
from scenarios.phones.rtp import open_sound
from switch.agent.addresses import address_of
from switch.agent.legs import InboundLeg
from switch.agent.observed import Observed
from switch.agent.user_agent import UserAgent
from switch.leg.authorizer import Login
from switch.sip.headers import address
from switch.sip.message import Response, make_request
from switch.sip.tokens import Tokens
from switch.sip.uri import SipUri, parse_uri

Address = tuple[str, int]

PRODUCT = "payphone-softphone"
BUSY = 486
INTERVAL_TOO_BRIEF = 423
REGISTRATION_SECONDS = 3600

CALLS_WAITING_MAX = 16
"""Incoming calls nobody looked at: a phone has a few keys for lines, more is a scenario gone wrong."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a phone is told.

    Attributes:
        user: Its name at the server, and in its address.
        password: For challenges.
        server: Registrar and proxy; without one only SIP URIs can be dialled.
        domain: The host of its address, the server's if not given.
        host: Where it receives signalling and audio.
        port: Where it receives signalling; 0 takes any free port.
        display_name: What the other side may show.
        laws: What it speaks, best first.
        takes_events: Whether it offers and takes telephone events.
        has_audio: Whether it takes part in audio; without, it offers and answers `inactive`.
        style: How it sends keys.
        is_ringing: Whether incoming calls ring at once.
        calls_max: Calls at a time; one more is busy.
    """

    user: str
    password: str = ""
    server: Address | None = None
    domain: str | None = None
    host: str = "127.0.0.1"
    port: int = 0
    display_name: str = ""
    laws: tuple[Law, ...] = (Law.PCMU, Law.PCMA)
    takes_events: bool = True
    has_audio: bool = True
    style: KeyStyle = field(default_factory=KeyStyle)
    is_ringing: bool = True
    calls_max: int = 1


class Phone(asyncio.DatagramProtocol):
    """A softphone, alive inside its `async with`; leaving that hangs up and frees its ports.

    Args:
        line: What it is told.
        chance: Gives every id, so that a run with the same seed has the same messages.
    """

    def __init__(self, line: Line, chance: random.Random) -> None:
        self.line = line
        self.is_watched = True
        self.calls: list[PhoneCall] = []
        self._chance = chance
        self._tokens = Tokens(chance)
        self._group = asyncio.TaskGroup()
        self._incoming: asyncio.Queue[PhoneCall] = asyncio.Queue(CALLS_WAITING_MAX)
        self._transport: asyncio.DatagramTransport | None = None
        self._agent: UserAgent | None = None
        self._is_gone = False
        self._lines_used = 0
        self._cseq = 0
        self._registration_id = ""

    async def __aenter__(self) -> Self:
        """Bind the socket."""
        loop = asyncio.get_running_loop()
        await self._group.__aenter__()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(self.line.host, self.line.port))
        self._agent = UserAgent(
            send=self._send,
            contact=self.contact,
            tokens=self._tokens,
            product=PRODUCT,
            log=structlog.get_logger("phone").bind(user=self.line.user),
        )
        self._agent.on_invite = self._take_invite
        self._registration_id = self._tokens.call_id(self.line.host)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up what lives, and free the ports."""
        try:
            await (self.agent.close(within=0) if self._is_gone else self.agent.close())
        finally:
            try:
                await self._group.__aexit__(kind, error, trace)
            finally:
                if self._transport is not None:
                    self._transport.close()

    @property
    def agent(self) -> UserAgent:
        """The signalling underneath, for those who judge it."""
        assert self._agent is not None, "the phone is used outside of its `async with`"
        return self._agent

    @property
    def address(self) -> Address:
        """Where it receives signalling."""
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")[:2]
        return (host, port)

    @property
    def contact(self) -> SipUri:
        """Its URI for everybody who can reach it directly."""
        host, port = self.address
        return SipUri(user=self.line.user, host=host, port=port)

    @property
    def identity(self) -> SipUri:
        """Its address of record."""
        if self.line.domain is not None:
            return SipUri(user=self.line.user, host=self.line.domain)
        server = self.line.server
        return self.contact if server is None else SipUri(user=self.line.user, host=server[0])

    @property
    def is_idle(self) -> bool:
        """Whether no call and no transaction is left."""
        return self.agent.is_idle

    def observe(self, observer: Callable[[Observed], None] | None) -> None:
        """Show every message of this phone to a function, without secrets."""
        self.agent.observe(observer)

    async def register(self, *, seconds: int = REGISTRATION_SECONDS) -> int:
        """Register, and return for how many seconds; a registrar that wants longer gets it.

        Raises:
            RegistrationError: It refuses or is silent.
        """
        response = await self._ask_registrar(seconds)
        if response.status == INTERVAL_TOO_BRIEF and response.min_expires is not None:
            response = await self._ask_registrar(response.min_expires)
        if response.status != 200:
            raise RegistrationError(response.status, response.reason)
        return self._granted(response, seconds)

    async def unregister(self) -> None:
        """Remove the registration; raises what `register` raises."""
        response = await self._ask_registrar(0)
        if response.status != 200:
            raise RegistrationError(response.status, response.reason)

    async def dial(self, number: str, *, headers: tuple[tuple[str, str], ...] = ()) -> PhoneCall:
        """Call a number at the server, or a SIP URI; the INVITE is on its way when this returns."""
        uri = self._uri(number)
        self._lines_used += 1
        sound = await open_sound(self.line.host, 0, self._chance)
        bargain = self._bargain(sound.address)
        leg = self.agent.invite(
            uri=uri,
            to=address(uri),
            from_=address(self.identity, display_name=self.line.display_name),
            destination=self.line.server or address_of(uri, self.address),
            offer=bargain.offer(),
            headers=headers,
            login=self._login(),
        )
        call = PhoneCall(leg, sound, bargain, self.line.style)
        self._follow(call)
        return call

    async def next_call(self) -> PhoneCall:
        """Wait for the next incoming call."""
        return await self._incoming.get()

    def drop_off(self) -> None:
        """Vanish from the network in the middle of whatever it does: no BYE, no audio, no answers."""
        self._is_gone = True
        for call in self.calls:
            call.vanish()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast(asyncio.DatagramTransport, transport)  # uvloop's are no subclass

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Take signalling."""
        if not self._is_gone and self._agent is not None:
            self._agent.receive(data, (addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:
        """Go on: transactions notice by their timers."""

    def _send(self, data: bytes, target: Address) -> None:
        if not self._is_gone and self._transport is not None:
            self._transport.sendto(data, target)

    def _take_invite(self, leg: InboundLeg) -> None:
        if self._lines_used >= self.line.calls_max or self._incoming.full():
            leg.refuse(BUSY)
            return
        self._lines_used += 1
        self._group.create_task(self._receive_call(leg), name=f"{self.line.user}: incoming call")

    async def _receive_call(self, leg: InboundLeg) -> None:
        sound = await open_sound(self.line.host, 0, self._chance)
        call = PhoneCall(leg, sound, self._bargain(sound.address), self.line.style)
        if call.prepare():
            if self.line.is_ringing and not leg.is_ended:
                call.ring()
            self._incoming.put_nowait(call)
        self._follow(call)

    def _follow(self, call: PhoneCall) -> None:
        self.calls.append(call)
        task = self._group.create_task(call.follow(), name=f"{self.line.user}: call {call.call_id}")
        task.add_done_callback(lambda _: self._forget(call))

    def _forget(self, call: PhoneCall) -> None:
        self.calls.remove(call)
        self._lines_used -= 1

    def _bargain(self, where: Address) -> Bargain:
        return Bargain(
            session_id=self._tokens.session_id(),
            address=where,
            laws=self.line.laws,
            takes_events=self.line.takes_events,
            has_audio=self.line.has_audio,
        )

    async def _ask_registrar(self, seconds: int) -> Response:
        assert self.line.server is not None, "a phone without a server cannot register"
        identity = address(self.identity)
        # An answer to a challenge uses the number in between (RFC 3261 §22.2).
        self._cseq += 2
        request = make_request(
            "REGISTER",
            SipUri(host=self.identity.host),
            from_=identity.with_tag(self._tokens.tag()),
            to=identity,
            call_id=self._registration_id,
            cseq=self._cseq,
            contact=address(self.contact),
            headers=(("Expires", str(seconds)),),
        )
        return await self.agent.request(request, self.line.server, login=self._login())

    def _granted(self, response: Response, asked: int) -> int:
        """Return what the registrar granted: the contact's own word before the header's (RFC 3261 §10.2.4)."""
        for contact in response.contacts:
            expires = contact.param("expires")
            if contact.uri == self.contact and expires is not None and expires.isdigit():
                return int(expires)
        return asked if response.expires is None else response.expires

    def _login(self) -> Login | None:
        return Login.with_password(self.line.user, self.line.password) if self.line.password else None

    def _uri(self, number: str) -> SipUri:
        if number.startswith("sip:"):
            uri = parse_uri(number)
            assert isinstance(uri, SipUri)
            return uri
        assert self.line.server is not None, "a phone without a server dials SIP URIs only"
        host, port = self.line.server
        return SipUri(user=number, host=self.line.domain or host, port=None if port == 5060 else port)
