"""A small server for phones: it registers and takes calls from who knows the password."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import cast

import structlog

from switch.agent.addresses import Address
from switch.agent.legs import InboundLeg
from switch.agent.user_agent import UserAgent
from switch.sip.digest import Algorithm, PlainPassword, challenge_headers, find_credentials
from switch.sip.message import Request, Response
from switch.sip.nonces import DigestGuard, Verdict
from switch.sip.tokens import Tokens
from switch.sip.uri import SipUri


@dataclass(slots=True)
class Registrar(asyncio.DatagramProtocol):
    """Knows one password for everybody, and the contacts of who gave it."""

    password: str = "secret"
    seconds_min: int = 60
    is_silent: bool = False
    contacts: dict[str, tuple[str, int]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    transport: asyncio.DatagramTransport | None = None
    agent: UserAgent | None = None
    guard: DigestGuard = field(
        default_factory=lambda: DigestGuard(realm="test", secret=b"0123456789abcdef", algorithms=(Algorithm.MD5,))
    )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if not self.is_silent:
            self.agent.receive(data, addr)

    def take_request(self, request: Request, source: Address) -> Response:
        self.requests.append(request)
        refusal = self._challenge(request, "WWW-Authenticate", "Authorization")
        if refusal:
            return self.agent.reply(request, 401, headers=refusal)
        if 0 < request.expires < self.seconds_min:
            return self.agent.reply(request, 423, headers=(("Min-Expires", str(self.seconds_min)),))
        self.contacts[request.to.uri.user] = (str(request.contacts[0].uri), request.expires)
        granted = f"{request.contacts[0]};expires={request.expires}"
        return self.agent.reply(request, 200, headers=(("Contact", granted),))

    def take_invite(self, leg: InboundLeg) -> None:
        refusal = self._challenge(leg.request, "Proxy-Authenticate", "Proxy-Authorization")
        if refusal:
            leg.refuse(407, headers=refusal)
        else:
            leg.refuse(404)

    def _challenge(self, request: Request, asks: str, answers: str) -> tuple[tuple[str, str], ...]:
        """What to ask again, empty for who knows the password."""
        now = self.agent.now()
        credentials = find_credentials(request.headers, answers, "test")
        if credentials is not None:
            verdict = self.guard.judge(credentials, request, secret=PlainPassword(self.password), now=now)
            if verdict is Verdict.RIGHT:
                return ()
        return tuple(challenge_headers(asks, self.guard.challenges(now, str(len(self.requests)))))


async def open_registrar(host: str, port: int = 5060, **facts: object) -> Registrar:
    """Bind it; its owner closes `agent`."""
    registrar = Registrar(**facts)
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: registrar, local_addr=(host, port))
    registrar.agent = UserAgent(
        send=registrar.transport.sendto,
        contact=SipUri(host=host, port=port),
        tokens=Tokens(random.Random("registrar")),
        product="registrar",
        log=structlog.get_logger(),
        methods=("REGISTER",),
    )
    registrar.agent.on_request = registrar.take_request
    registrar.agent.on_invite = registrar.take_invite
    return registrar
