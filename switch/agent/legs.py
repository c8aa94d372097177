"""One leg as the call sees it: commands down, events up. SIP ends here.

`LegDriver` runs the machine; `InboundLeg` and `OutboundLeg` are what the call holds.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, assert_never

from switch.agent.addresses import Address, address_of
from switch.dialog.dialog import Dialog
from switch.leg.commands import (
    Answer,
    AnswerReoffer,
    Command,
    HangUp,
    Refuse,
    RefuseReoffer,
    Reoffer,
    Ring,
    SendInfo,
)
from switch.leg.effects import (
    AbandonInvite,
    Effect,
    Reply,
    RequestFailed,
    SendAck,
    SendCancel,
    SendRequest,
    Tell,
)
from switch.leg.endpoint import SDP
from switch.leg.events import Ended, LegEvent
from switch.leg.inbound import Inbound
from switch.leg.outbound import Outbound
from switch.sip.headers import CSeq
from switch.sip.message import Request, Response
from switch.sip.uri import Uri

if TYPE_CHECKING:
    from switch.agent.transactions import ClientRun, ServerRun
    from switch.agent.user_agent import UserAgent

EVENTS_MAX: Final = 64
"""Events nobody fetched; a person presses a few keys a second, more than this is a flood of INFO."""


class LegDriver:
    """Runs one leg's machine for its agent: performs effects in order and keeps events until fetched."""

    __slots__ = (
        "_agent",
        "_ended",
        "_events",
        "_invite",
        "_is_pinned",
        "_peer",
        "_waiter",
        "invited_by",
        "key",
        "machine",
        "scheduled_at",
    )

    def __init__(self, agent: UserAgent, machine: Inbound | Outbound, peer: Address, *, is_pinned: bool) -> None:
        self._agent = agent
        self.machine = machine
        self.key = (machine.request.call_id, machine.local_tag)
        self.scheduled_at: float | None = None
        self.invited_by: ServerRun | None = None
        self._peer = peer
        self._is_pinned = is_pinned
        self._invite: ClientRun | None = None
        self._events: deque[LegEvent] = deque()
        self._ended: Ended | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def peer(self) -> Address:
        """Where the far end was last heard."""
        return self._peer

    @property
    def is_ended(self) -> bool:
        """Whether `Ended` was told."""
        return self._ended is not None

    @property
    def deadline(self) -> float | None:
        """The machine's."""
        return self.machine.deadline

    def fire(self, now: float) -> None:
        """Let the machine's timers fire."""
        with self._agent.guarding(self):
            self._perform(self.machine.expire(now))

    def start(self) -> None:
        """Send the INVITE, or 100."""
        self._perform(self.machine.start(self._agent.now()))

    def command(self, command: Command) -> None:
        """Do what the call wants; nothing, where it comes too late."""
        self._perform(self.machine.handle(command, self._agent.now()))

    def take_request(self, request: Request, source: Address) -> None:
        """Take a request of this dialog, or a CANCEL of its INVITE."""
        self._peer = source
        with self._agent.guarding(self):
            self._perform(self.machine.handle(request, self._agent.now()))

    def take_response(self, response: Response, source: Address) -> None:
        """Take a response to a request of this leg."""
        self._peer = source
        with self._agent.guarding(self):
            self._perform(self.machine.handle(response, self._agent.now()))

    def take_failure(self, cseq: CSeq) -> None:
        """Take note that a request of this leg will not be answered."""
        with self._agent.guarding(self):
            self._perform(self.machine.handle(RequestFailed(cseq.method, cseq.number), self._agent.now()))

    def abort(self, ended: Ended, *, status: int) -> None:
        """End the leg for a reason of ours, whatever state it is in: this status, CANCEL or BYE."""
        is_unanswered = isinstance(self.machine, Inbound) and self.machine.session is None
        self._tell(ended)
        self.command(Refuse(status) if is_unanswered else HangUp())

    async def event(self) -> LegEvent:
        """The next event; once `Ended` was fetched, that again."""
        while not self._events:
            if self._ended is not None:
                return self._ended
            assert self._waiter is None, "one coroutine at a time waits for a leg's events"
            self._waiter = self._agent.loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._events.popleft()

    def snapshot(self) -> str:
        """What a later process needs to send BYE; empty while there is no dialog."""
        session = self.machine.session
        if session is None:
            return ""
        next_hop = session.dialog.next_hop
        return json.dumps({"dialog": session.dialog.facts(), "peer": list(self._destination(next_hop))})

    def _perform(self, effects: list[Effect]) -> None:
        transactions = self._agent.transactions
        for effect in effects:
            match effect:
                case Tell(event=event):
                    self._tell(event)
                case Reply(request=request, response=response):
                    transactions.respond(request, response)
                case SendRequest(request=request, next_hop=next_hop):
                    run = transactions.request(request, self._destination(next_hop), self)
                    if request.method == "INVITE":
                        self._invite = run
                case SendAck(request=request, next_hop=next_hop):
                    transactions.acknowledge(request, self._destination(next_hop))
                case SendCancel(number=number):
                    if self._invite is not None and self._invite.cseq.number == number:
                        transactions.cancel(self._invite)
                case AbandonInvite(number=number):
                    if self._invite is not None and self._invite.cseq.number == number:
                        transactions.abandon(self._invite)
                case _:
                    assert_never(effect)
        if self.machine.is_over:
            self._let_go()
        self._agent.timers.watch(self)

    def _let_go(self) -> None:
        """Leave the tables; the INVITE's transaction lingers for 32 s and need not keep the leg alive."""
        self._invite = None
        if self.invited_by is not None:
            self.invited_by.user = None
            self.invited_by = None
        self._agent.forget(self)

    def _destination(self, next_hop: Uri | None) -> Address:
        if next_hop is None or self._is_pinned:
            return self._peer
        return address_of(next_hop, self._peer)

    def _tell(self, event: LegEvent) -> None:
        if self._ended is not None:
            return
        if isinstance(event, Ended):
            self._ended = event
        elif len(self._events) >= EVENTS_MAX:
            self._agent.counters["leg_events_dropped"] += 1
            return
        self._events.append(event)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class InboundLeg:
    """A call that came in."""

    __slots__ = ("_driver", "request", "source")

    def __init__(self, driver: LegDriver, request: Request, source: Address) -> None:
        self._driver = driver
        self.request = request
        self.source = source

    @property
    def offer(self) -> bytes:
        """The description in the INVITE; empty if it asks for ours."""
        return self.request.body if self.request.content_type == SDP else b""

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self._driver.key[0]

    @property
    def peer(self) -> Address:
        """Where the far end was last heard."""
        return self._driver.peer

    @property
    def is_ended(self) -> bool:
        """Whether `Ended` was told."""
        return self._driver.is_ended

    def ring(self, description: bytes = b"", *, status: int = 180) -> None:
        """Send a provisional response."""
        self._driver.command(Ring(status, description))

    def answer(self, description: bytes) -> None:
        """Accept with 200."""
        self._driver.command(Answer(description))

    def refuse(self, status: int, *, reason: str | None = None, headers: Iterable[tuple[str, str]] = ()) -> None:
        """Refuse, redirect or challenge: any status from 300 to 699."""
        assert 300 <= status <= 699, status
        self._driver.command(Refuse(status, reason, tuple(headers)))

    def hang_up(self, *, reason_header: str | None = None) -> None:
        """End the leg: 480 before the answer, BYE after it."""
        self._driver.command(HangUp(_reason(reason_header)))

    def reoffer(self, description: bytes) -> None:
        """Send a re-INVITE."""
        self._driver.command(Reoffer(description))

    def answer_reoffer(self, description: bytes) -> None:
        """Accept the re-INVITE or UPDATE told by `Reoffered`."""
        self._driver.command(AnswerReoffer(description))

    def refuse_reoffer(self, status: int = 488) -> None:
        """Refuse it."""
        self._driver.command(RefuseReoffer(status))

    def send_info(self, key: str) -> None:
        """Send a key as INFO."""
        self._driver.command(SendInfo(key))

    async def event(self) -> LegEvent:
        """Wait for the next event; once `Ended` was fetched, it comes again."""
        return await self._driver.event()

    def snapshot(self) -> str:
        """What a later process needs for `UserAgent.bye_from_snapshot`; empty before the answer."""
        return self._driver.snapshot()


class OutboundLeg:
    """A call that goes out."""

    __slots__ = ("_driver",)

    def __init__(self, driver: LegDriver) -> None:
        self._driver = driver

    @property
    def request(self) -> Request:
        """The INVITE as it was sent last, without its Via."""
        return self._driver.machine.request

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self._driver.key[0]

    @property
    def peer(self) -> Address:
        """Where the far end was last heard."""
        return self._driver.peer

    @property
    def is_ended(self) -> bool:
        """Whether `Ended` was told."""
        return self._driver.is_ended

    def cancel(self) -> None:
        """Give up: CANCEL before the answer, BYE after it."""
        self._driver.command(HangUp())

    def hang_up(self, *, reason_header: str | None = None) -> None:
        """End the leg: BYE after the answer, CANCEL before it."""
        self._driver.command(HangUp(_reason(reason_header)))

    def reoffer(self, description: bytes) -> None:
        """Send a re-INVITE."""
        self._driver.command(Reoffer(description))

    def answer_reoffer(self, description: bytes) -> None:
        """Accept the re-INVITE or UPDATE told by `Reoffered`."""
        self._driver.command(AnswerReoffer(description))

    def refuse_reoffer(self, status: int = 488) -> None:
        """Refuse it."""
        self._driver.command(RefuseReoffer(status))

    def send_info(self, key: str) -> None:
        """Send a key as INFO."""
        self._driver.command(SendInfo(key))

    async def event(self) -> LegEvent:
        """Wait for the next event; once `Ended` was fetched, it comes again."""
        return await self._driver.event()

    def snapshot(self) -> str:
        """What a later process needs for `UserAgent.bye_from_snapshot`; empty before the answer."""
        return self._driver.snapshot()


def read_snapshot(text: str) -> tuple[Dialog, Address]:
    """The dialog of a leg's snapshot, and where its requests go.

    Raises:
        ValueError: The text is not what a leg's `snapshot` returned.
    """
    try:
        facts = json.loads(text)
        host, port = facts["peer"]
        return Dialog.from_facts(facts["dialog"]), (str(host), int(port))
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a snapshot of a leg: {error!r}") from error


def _reason(value: str | None) -> tuple[tuple[str, str], ...]:
    return () if value is None else (("Reason", value),)
