"""Two or more user agents on one wire in memory, which delays, drops and remembers what they say."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from random import Random

import structlog

from switch.agent.legs import InboundLeg, OutboundLeg
from switch.agent.limits import Limits
from switch.agent.user_agent import UserAgent
from switch.leg.authorizer import Login
from switch.leg.events import Ended, LegEvent
from switch.sip.fields import Headers
from switch.sip.headers import NameAddr
from switch.sip.message import Request, Response
from switch.sip.parse import RejectedError, parse_datagram
from switch.sip.tokens import Tokens
from switch.sip.uri import SipUri
from tests.support.sip_messages import SDP, summary

Address = tuple[str, int]
CALLER_AT: Address = ("192.0.2.1", 5060)
CALLEE_AT: Address = ("192.0.2.2", 5060)
STRANGER_AT: Address = ("192.0.2.66", 5099)

Drop = Callable[[str, int], bool]
"""Whether to lose a message, by its summary and how many of the kind were sent before."""


def nothing(_kind: str, _nth: int) -> bool:
    return False


def the_first(*kinds: str) -> Drop:
    return lambda kind, nth: nth == 0 and kind in kinds


def every(*kinds: str) -> Drop:
    return lambda kind, _: kind in kinds


def some(share: float, seed: int) -> Drop:
    chance = Random(seed)
    return lambda _kind, _nth: chance.random() < share


class Wire:
    """Delivers between the agents on it; what goes to anybody else is kept in `to_strangers`."""

    def __init__(self, *, delay: float = 0.01, drop: Drop = nothing) -> None:
        self.drop = drop
        self.delay = delay
        self.log: list[tuple[float, Address, str]] = []
        self.to_strangers: list[tuple[Address, Request | Response]] = []
        self._agents: dict[Address, UserAgent] = {}
        self._sent: Counter[str] = Counter()

    def agent(
        self,
        address: Address,
        *,
        limits: Limits | None = None,
        methods: tuple[str, ...] = (),
        extensions: tuple[str, ...] = (),
    ) -> UserAgent:
        host, port = address
        agent = self._agents[address] = UserAgent(
            send=lambda data, destination: self._carry(address, data, destination),
            contact=SipUri(user="u", host=host, port=port),
            tokens=Tokens(Random(f"{address}")),
            product="payphone-test",
            log=structlog.get_logger(),
            limits=limits,
            methods=methods,
            extensions=extensions,
        )
        return agent

    def kinds(self) -> list[str]:
        """What was sent, in order, in short."""
        return [kind for _, _, kind in self.log]

    def times(self, kind: str) -> list[float]:
        """When messages of this kind were sent, to the millisecond."""
        return [round(at, 3) for at, _, sent in self.log if sent == kind]

    def _carry(self, source: Address, data: bytes, destination: Address) -> None:
        message = _read(data)
        kind = summary(message)
        loop = asyncio.get_running_loop()
        self.log.append((loop.time(), source, kind))
        nth = self._sent[kind]
        self._sent[kind] += 1
        if self.drop(kind, nth):
            return
        if destination in self._agents:
            loop.call_later(self.delay, self._agents[destination].receive, data, source)
        else:
            self.to_strangers.append((destination, message))


def _read(data: bytes) -> Request | Response:
    """What was sent; the answer to a malformed request repeats its faults, so only the status is read."""
    try:
        return parse_datagram(data)
    except RejectedError:
        _, status, reason = data.partition(b"\r\n")[0].decode().split(" ", 2)
        headers = Headers([("Via", "SIP/2.0/UDP x"), ("CSeq", "1 MALFORMED"), ("To", "<sip:x>;tag=unread")])
        return Response(int(status), reason, headers)


class Callee:
    """Rings, answers after a while, and keeps what happens. A plan of None is to ring for ever."""

    def __init__(self, agent: UserAgent, *, answer_after: float | None = 2.0) -> None:
        self.events: list[LegEvent] = []
        self.legs: list[InboundLeg] = []
        self._answer_after = answer_after
        agent.on_invite = self._take

    def _take(self, leg: InboundLeg) -> None:
        self.legs.append(leg)
        leg.ring()
        if self._answer_after is not None:
            asyncio.get_running_loop().call_later(self._answer_after, leg.answer, SDP)
        self._task = asyncio.ensure_future(collect(leg, self.events))


async def collect(leg: InboundLeg | OutboundLeg, events: list[LegEvent]) -> list[LegEvent]:
    """Take every event down to the last."""
    while not (events and isinstance(events[-1], Ended)):
        events.append(await leg.event())
    return events


def call(
    agent: UserAgent,
    destination: Address = CALLEE_AT,
    *,
    login: Login | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> OutboundLeg:
    host, port = destination
    uri = SipUri(user="callee", host=host, port=port)
    return agent.invite(
        uri=uri,
        to=NameAddr("", uri),
        from_=NameAddr("", SipUri(user="caller", host="192.0.2.1")),
        destination=destination,
        offer=SDP,
        headers=headers,
        login=login,
    )
