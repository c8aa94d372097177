"""A SIP address of the load: one user agent for many telephones, and the instants at which their messages pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import structlog

from scenarios.load.attempt import Side
from switch.agent.addresses import Address
from switch.agent.observed import Observed, SipReceived, SipSent
from switch.agent.user_agent import UserAgent
from switch.leg.authorizer import Login
from switch.net.udp import UdpTransport, open_udp
from switch.sip.headers import address
from switch.sip.message import Request, Response, make_request
from switch.sip.tokens import Tokens
from switch.sip.uri import SipUri

PRODUCT = "payphone-load"
CHALLENGES = (401, 407)


class Signalling:
    """One socket and one agent. Make it with `open_signalling`."""

    def __init__(self, transport: UdpTransport, random: Random, clock: Callable[[], float]) -> None:
        self.address = transport.address
        self.tokens = Tokens(random)
        self.sides: dict[str, Side] = {}
        """Calls by Call-ID."""
        self.agent = UserAgent(
            send=transport.send,
            contact=SipUri(user="load", host=self.address[0], port=self.address[1]),
            tokens=self.tokens,
            product=PRODUCT,
            log=structlog.get_logger("load"),
        )
        self.agent.observe(self._observe)
        self.statuses: Counter[int] = Counter()
        self._transport = transport
        self._clock = clock
        self._cseq = 0

    async def register(self, user: str, password: str | None, registrar: Address, domain: str, seconds: int) -> int:
        """Register a telephone at this socket; returns for how many seconds.

        Raises:
            ConnectionError: The registrar refused, or was silent.
        """
        identity = address(SipUri(user=user, host=domain))
        self._cseq += 2  # an answer to a challenge uses the number in between (RFC 3261 §22.2)
        contact = SipUri(user=user, host=self.address[0], port=self.address[1])
        request = make_request(
            "REGISTER",
            SipUri(host=domain),
            from_=identity.with_tag(self.tokens.tag()),
            to=identity,
            call_id=self.tokens.call_id(self.address[0]),
            cseq=self._cseq,
            contact=address(contact),
            headers=(("Expires", str(seconds)),),
        )
        response = await self.agent.request(request, registrar, login=login_of(user, password))
        if response.status != 200:
            raise ConnectionError(f"{user} was not registered: {int(response.status)} {response.reason}")
        for granted in response.contacts:
            expires = granted.param("expires")
            if granted.uri == contact and expires is not None and expires.isdigit():
                return int(expires)
        return seconds if response.expires is None else response.expires

    async def close(self) -> None:
        """End what lives, and free the port."""
        await self.agent.close()
        await self._transport.close()

    def _observe(self, observed: Observed) -> None:
        message = observed.message
        side = self.sides.get(message.call_id)
        if side is None:
            return
        if isinstance(message, Response):
            if isinstance(observed, SipReceived):
                self._take_response(side, message)
        elif message.method == "BYE":
            self._take_bye(side, message, observed)

    def _take_response(self, side: Side, response: Response) -> None:
        method, now, attempt = response.cseq.method, self._clock(), side.attempt
        status = int(response.status)
        attempt.is_heard = attempt.is_heard or attempt.caller_side is side
        if method == "BYE":
            if status not in CHALLENGES and side.bye_answered is not None and not side.bye_answered.done():
                side.bye_answered.set_result(now)
        elif method == "INVITE" and attempt.caller_side is side and status > 100 and attempt.answered_at is None:
            if attempt.rung_at is None and (180 <= status < 300):
                attempt.rung_at = now
            if 200 <= status < 300:
                attempt.answered_at = now
            elif status >= 300 and status not in CHALLENGES:
                attempt.status = status
            if status >= 200 and status not in CHALLENGES:
                self.statuses[status] += 1

    def _take_bye(self, side: Side, _bye: Request, observed: Observed) -> None:
        now = self._clock()
        if isinstance(observed, SipSent):
            if side.bye_sent_at is None:
                side.bye_sent_at = now
        elif side.bye_received_at is None:
            side.bye_received_at = now


def login_of(user: str, password: str | None) -> Login | None:
    """What a telephone answers to challenges."""
    return None if password is None else Login.with_password(user, password)


async def open_signalling(listen: Address, random: Random, clock: Callable[[], float]) -> Signalling:
    """Bind a socket and start an agent on it.

    Raises:
        OSError: The address is taken or not ours.
    """
    inbox = _Inbox()
    transport = await open_udp(*listen, inbox.receive)
    signalling = inbox.signalling = Signalling(transport, random, clock)
    return signalling


class _Inbox:
    """Passes datagrams on once there is an agent."""

    def __init__(self) -> None:
        self.signalling: Signalling | None = None

    def receive(self, data: bytes, source: Address) -> None:
        if self.signalling is not None:
            self.signalling.agent.receive(data, source)
