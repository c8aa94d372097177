"""The transactions of an agent: which are running, their timers, and their way to the wire."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Protocol, assert_never

from switch.agent.addresses import Address
from switch.agent.observed import Observed, SipReceived, SipSent, without_secrets
from switch.agent.timers import TimerHeap
from switch.sip.fields import Headers
from switch.sip.headers import CSeq, Via
from switch.sip.message import Request, Response
from switch.sip.tokens import Tokens
from switch.sip.write import write
from switch.transaction.client import Client
from switch.transaction.effects import (
    Abandon,
    Deliver,
    Effect,
    Failed,
    Respond,
    Send,
    TimedOut,
    TransportFailed,
)
from switch.transaction.invite_client import InviteClient, build_cancel
from switch.transaction.invite_server import InviteServer
from switch.transaction.matching import ClientKey, MergeKey, ServerKey, client_key, merge_key, server_key
from switch.transaction.server import Server


class ClientUser(Protocol):
    """Who is told the fate of a request of ours."""

    def take_response(self, response: Response, source: Address) -> None:
        """A response arrived."""

    def take_failure(self, cseq: CSeq) -> None:
        """None will arrive."""


class ServerUser(Protocol):
    """Who answers a request, and takes what belongs to it: its CANCEL, its ACK."""

    def take_request(self, request: Request, source: Address) -> None:
        """A request arrived."""


class ClientRun:
    """A client transaction in its table."""

    __slots__ = ("cseq", "destination", "key", "layer", "machine", "scheduled_at", "user")

    def __init__(
        self,
        layer: Transactions,
        key: ClientKey,
        *,
        machine: InviteClient | Client,
        cseq: CSeq,
        destination: Address,
        user: ClientUser | None,
    ) -> None:
        self.layer = layer
        self.key = key
        self.machine = machine
        self.cseq = cseq
        self.destination = destination
        self.user = user
        self.scheduled_at: float | None = None

    @property
    def deadline(self) -> float | None:
        """The machine's."""
        return self.machine.deadline

    def fire(self, now: float) -> None:
        """Let the machine's timers fire."""
        self.layer.run_client(self, self.machine.expire(now), None)


class ServerRun:
    """A server transaction in its table."""

    __slots__ = ("destination", "key", "layer", "machine", "merge_key", "request", "scheduled_at", "user")

    def __init__(
        self, layer: Transactions, key: ServerKey, machine: InviteServer | Server, destination: Address
    ) -> None:
        self.layer = layer
        self.key = key
        self.machine = machine
        self.destination = destination
        self.user: ServerUser | None = None
        self.merge_key: MergeKey | None = None
        self.scheduled_at: float | None = None

    @property
    def deadline(self) -> float | None:
        """The machine's."""
        return self.machine.deadline

    def fire(self, now: float) -> None:
        """Let the machine's timers fire."""
        self.layer.run_server(self, self.machine.expire(now))


class Transactions:
    """Runs the machines of RFC 3261 §17: matches messages to them and performs what they want."""

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        timers: TimerHeap,
        send: Callable[[bytes, Address], None],
        sent_by: Address,
        tokens: Tokens,
        counters: Counter[str],
    ) -> None:
        self._loop = loop
        self._timers = timers
        self._send = send
        self._sent_by = sent_by
        self._tokens = tokens
        self._counters = counters
        self.observer: Callable[[Observed], None] | None = None
        self.clients: dict[ClientKey, ClientRun] = {}
        self.servers: dict[ServerKey, ServerRun] = {}
        self._merged: dict[MergeKey, ServerKey] = {}

    def __len__(self) -> int:
        return len(self.clients) + len(self.servers)

    # Requests of ours.

    def request(self, request: Request, destination: Address, user: ClientUser | None) -> ClientRun:
        """Add a Via and send the request in a new transaction."""
        branch = self._tokens.branch()
        return self._begin(self._with_via(request, branch), branch, destination, user)

    def cancel(self, run: ClientRun) -> None:
        """Send the CANCEL of a running INVITE, on its branch and its way (§9.1)."""
        assert isinstance(run.machine, InviteClient)
        invite = run.machine.request
        if invite is not None:
            self._begin(build_cancel(invite), run.key[0], run.destination, None)

    def abandon(self, run: ClientRun) -> None:
        """Forget a cancelled INVITE that nobody answered (§9.1)."""
        assert isinstance(run.machine, InviteClient)
        run.user = None
        self.run_client(run, run.machine.handle(Abandon(), self._loop.time()), None)

    def acknowledge(self, ack: Request, destination: Address) -> None:
        """Send the ACK of a 2xx: a transaction of its own that has no machine (§13.2.2.4)."""
        self.put(self._with_via(ack, self._tokens.branch()), destination)

    def take_response(self, response: Response, source: Address) -> bool:
        """Hand a response to its transaction; False if it has none (§17.1.3)."""
        run = self.clients.get(client_key(response))
        if run is None:
            return False
        self.run_client(run, run.machine.handle(response, self._loop.time()), source)
        return True

    def run_client(self, run: ClientRun, effects: list[Effect], source: Address | None) -> None:
        """Perform what a client transaction wants."""
        for effect in effects:
            match effect:
                case Send(message=message):
                    if not self.put(message, run.destination):
                        self._loop.call_soon(self._fail_client, run)
                case Deliver(message=message):
                    assert isinstance(message, Response)
                    if run.user is not None:
                        run.user.take_response(message, source or run.destination)
                case TimedOut() | Failed():
                    self._counters["requests_unanswered"] += 1
                    if run.user is not None:
                        run.user.take_failure(run.cseq)
                case _:
                    assert_never(effect)
        if run.machine.is_over:
            self.clients.pop(run.key, None)
            run.user = None
        else:
            self._timers.watch(run)

    # Requests of theirs.

    def begin_server(self, request: Request, key: ServerKey, destination: Address) -> ServerRun:
        """Start a server transaction; the request is with the caller, who has to see to its answer."""
        is_invite = request.method == "INVITE"
        machine = InviteServer(request, is_reliable=False) if is_invite else Server(request, is_reliable=False)
        run = self.servers[key] = ServerRun(self, key, machine, destination)
        machine.start(self._loop.time())
        self._timers.watch(run)
        return run

    def is_merged(self, run: ServerRun, request: Request) -> bool:
        """Whether this request is already here, having come another way (§8.2.2.2); take note of it if not."""
        key = merge_key(request)
        if key in self._merged:
            return True
        self._merged[key] = run.key
        run.merge_key = key
        return False

    def respond(self, request: Request, response: Response) -> None:
        """Answer a request in its transaction; without one, as the 2xx of a dialog outlives it, do nothing."""
        run = self.servers.get(server_key(request))
        if run is not None:
            self.answer(run, response)

    def answer(self, run: ServerRun, response: Response) -> None:
        """Answer in this transaction."""
        self.run_server(run, run.machine.handle(Respond(response), self._loop.time()))

    def repeat(self, run: ServerRun, request: Request) -> None:
        """Hand over a request that belongs to a running transaction: itself again, or an ACK."""
        self.run_server(run, run.machine.handle(request, self._loop.time()))

    def run_server(self, run: ServerRun, effects: list[Effect]) -> None:
        """Perform what a server transaction wants."""
        for effect in effects:
            match effect:
                case Send(message=message):
                    if not self.put(message, run.destination):
                        self._loop.call_soon(self._fail_server, run)
                case Deliver(message=message):
                    assert isinstance(message, Request)
                    if run.user is not None:  # an ACK of RFC 2543, which shares the INVITE's branch
                        run.user.take_request(message, run.destination)
                case TimedOut() | Failed():
                    self._counters["responses_unconfirmed"] += 1
                case _:
                    assert_never(effect)
        if run.machine.is_over:
            self.servers.pop(run.key, None)
            run.user = None
            if run.merge_key is not None:
                self._merged.pop(run.merge_key, None)
        else:
            self._timers.watch(run)

    def put(self, message: Request | Response, destination: Address) -> bool:
        """Write a message to the wire; False if the transport refused it."""
        try:
            self._send(write(message), destination)
        except OSError:
            self._counters["send_errors"] += 1
            return False
        self._counters["messages_out"] += 1
        if self.observer is not None:
            self.observer(SipSent(self._loop.time(), destination, without_secrets(message)))
        return True

    def show_received(self, message: Request | Response, source: Address) -> None:
        """Show an arrival to the observer."""
        if self.observer is not None:
            self.observer(SipReceived(self._loop.time(), source, without_secrets(message)))

    def clear(self) -> None:
        """Forget everything."""
        self.clients.clear()
        self.servers.clear()
        self._merged.clear()

    def _begin(self, request: Request, branch: str, destination: Address, user: ClientUser | None) -> ClientRun:
        is_invite = request.method == "INVITE"
        machine = InviteClient(request, is_reliable=False) if is_invite else Client(request, is_reliable=False)
        key = (branch, request.method)
        run = self.clients[key] = ClientRun(
            self, key, machine=machine, cseq=request.cseq, destination=destination, user=user
        )
        self.run_client(run, machine.start(self._loop.time()), None)
        return run

    def _with_via(self, request: Request, branch: str) -> Request:
        host, port = self._sent_by
        via = Via("UDP", host, port, (("branch", branch), ("rport", None)))
        headers = Headers.of({"Via": (str(via),), **request.headers.fields})
        headers.typed = {**request.headers.typed, "via": via}
        return Request(request.method, request.uri, headers, request.body)

    def _fail_client(self, run: ClientRun) -> None:
        self.run_client(run, run.machine.handle(TransportFailed(), self._loop.time()), None)

    def _fail_server(self, run: ServerRun) -> None:
        self.run_server(run, run.machine.handle(TransportFailed(), self._loop.time()))
