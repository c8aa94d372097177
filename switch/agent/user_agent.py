"""The user agent: the asyncio shell around transactions, dialogs and legs, for the switch and for phones.

Datagrams come in through `receive`, which never raises. Everything else is a call downward (a leg's
commands) or an event upward (a leg's `event`). There is one timer for all machines and no task per
message; a task runs only for a handler that answers later.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import Final

from structlog.typing import FilteringBoundLogger

from switch.agent.addresses import Address, address_of, response_address, stamped
from switch.agent.asking import Asking
from switch.agent.complaints import Complaints
from switch.agent.legs import InboundLeg, LegDriver, OutboundLeg, read_snapshot
from switch.agent.limits import CLOSE_TIME, Limits
from switch.agent.observed import Observed
from switch.agent.replies import Replies
from switch.agent.timers import TimerHeap
from switch.agent.transactions import ServerRun, Transactions
from switch.leg.authorizer import Authorizer, Login
from switch.leg.commands import Fields
from switch.leg.endpoint import METHODS, Endpoint
from switch.leg.events import Cause, Ended
from switch.leg.inbound import Inbound
from switch.leg.outbound import Outbound
from switch.sip.headers import NameAddr
from switch.sip.message import Request, Response, respond
from switch.sip.parse import RejectedError, is_keep_alive, parse_datagram
from switch.sip.tokens import Tokens
from switch.sip.uri import SipUri, Uri
from switch.transaction.matching import server_key

CSEQ_GAP: Final = 1_000
"""Added to CSeq when a dialog is resumed: requests sent after the snapshot was written used some numbers."""

InviteHandler = Callable[[InboundLeg], None]
RequestHandler = Callable[[Request, Address], Response | Awaitable[Response] | None]
Screen = Callable[[Request, Address], Response | None]


class UserAgent:
    """One SIP address: places and takes calls, answers and asks.

    Args:
        send: Puts a datagram on the wire; may raise OSError.
        contact: Where we are reached; its host and port also stand in Via.
        tokens: Makes branches, tags and Call-IDs.
        product: For Server and User-Agent.
        log: Where faults and strangers' garbage are noted.
        limits: Upper bounds.
        methods: Methods besides those of legs that `on_request` answers, `REGISTER` for instance.
        extensions: Option tags we understand in Require.
    """

    def __init__(
        self,
        *,
        send: Callable[[bytes, Address], None],
        contact: SipUri,
        tokens: Tokens,
        product: str,
        log: FilteringBoundLogger,
        limits: Limits | None = None,
        methods: tuple[str, ...] = (),
        extensions: tuple[str, ...] = (),
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.counters: Counter[str] = Counter()
        self.on_screen: Screen | None = None
        self.on_invite: InviteHandler | None = None
        self.on_request: RequestHandler | None = None
        self.timers = TimerHeap(self.loop)
        self.transactions = Transactions(
            loop=self.loop,
            timers=self.timers,
            send=send,
            sent_by=(contact.host, contact.port or 5060),
            tokens=tokens,
            counters=self.counters,
        )
        self._contact = contact
        self._tokens = tokens
        self._chance = Random(tokens.session_id())
        self._endpoint = Endpoint(f"<{contact}>", product)
        self._log = log
        self._limits = limits or Limits()
        self._replies = Replies(
            key=tokens.call_id(contact.host).encode(),
            product=product,
            methods=(*METHODS, *methods),
            extensions=extensions,
        )
        self._legs: dict[tuple[str, str], LegDriver] = {}
        self._asks: set[asyncio.Future[Response]] = set()
        self._is_closing = False
        self._is_closed = False
        self._all_gone: asyncio.Future[None] | None = None
        self._complaints = Complaints(self.counters, log)

    # What the owner asks.

    def now(self) -> float:
        """The loop's clock."""
        return self.loop.time()

    @property
    def leg_count(self) -> int:
        """Legs that are not over."""
        return len(self._legs)

    @property
    def transaction_count(self) -> int:
        """Transactions that have not terminated: 32 s after the last message there are none."""
        return len(self.transactions)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left: no leg, no transaction, no handler at work."""
        return not self._legs and not len(self.transactions) and not self._asks

    def observe(self, observer: Callable[[Observed], None] | None) -> None:
        """Show every message to this function, without secrets."""
        self.transactions.observer = observer

    def invite(
        self,
        *,
        uri: Uri,
        to: NameAddr,
        from_: NameAddr,
        destination: Address,
        offer: bytes,
        headers: Fields = (),
        login: Login | None = None,
        call_id: str | None = None,
    ) -> OutboundLeg:
        """Place a call; the INVITE is on its way when this returns."""
        machine = Outbound(
            uri=uri,
            from_=from_ if from_.tag else from_.with_tag(self._tokens.tag()),
            to=to,
            call_id=call_id or self._tokens.call_id(self._contact.host),
            offer=offer,
            headers=headers,
            endpoint=self._endpoint,
            chance=self._chance,
            authorizer=self._authorizer(login),
        )
        # A URI that does not name where its bearer is reached: a phone behind a NAT, registered from elsewhere.
        driver = LegDriver(self, machine, destination, is_pinned=address_of(uri, destination) != destination)
        self._legs[driver.key] = driver
        self.counters["legs_out"] += 1
        driver.start()
        return OutboundLeg(driver)

    async def request(self, request: Request, destination: Address, *, login: Login | None = None) -> Response:
        """Ask outside of calls, without a Via; silence is answered by a 408 of our own."""
        asking = Asking(self.transactions, self.loop, request, destination, self._authorizer(login))
        asking.start()
        return await asking.answer

    async def bye_from_snapshot(self, snapshot: str, *, reason_header: str | None = None) -> Response:
        """Send BYE in a dialog of an earlier process; 481 means that the peer knew it was over.

        Raises:
            ValueError: The text is not what a leg's `snapshot` returned.
        """
        dialog, peer = read_snapshot(snapshot)
        dialog.local_cseq += CSEQ_GAP
        reason = () if reason_header is None else (("Reason", reason_header),)
        bye = dialog.request("BYE", headers=(("User-Agent", self._endpoint.product), *reason))
        return await self.request(bye, peer)

    def reply(
        self, request: Request, status: int, *, headers: Fields = (), body: bytes = b"", reason: str | None = None
    ) -> Response:
        """Build a response with a tag of ours, for `on_screen` and `on_request` to return."""
        return self._replies.reply(request, status, headers=headers, body=body, reason=reason)

    async def close(self, *, within: float = CLOSE_TIME) -> None:
        """Refuse new calls, end those that live, wait a little for the answers, and forget everything.

        After it datagrams are dropped.
        """
        self._is_closing = True
        for driver in list(self._legs.values()):
            with self.guarding(driver):
                driver.abort(Ended(Cause.NORMAL), status=503)
        if self._legs:
            self._all_gone = self.loop.create_future()
            try:
                async with asyncio.timeout(within):
                    await self._all_gone
            except TimeoutError:
                self.counters["legs_left_at_close"] += len(self._legs)
        for task in self._asks:
            task.cancel()
        await asyncio.gather(*self._asks, return_exceptions=True)
        self._is_closed = True
        self._legs.clear()
        self.transactions.clear()
        self.timers.close()

    # What arrives.

    def receive(self, data: bytes, source: Address) -> None:
        """Take a datagram. Never raises: what is wrong is answered or dropped, and counted."""
        try:
            self._receive(data, source)
        except Exception:  # noqa: BLE001 - a fault of ours must not stop the socket; the trace is kept
            self.counters["faults"] += 1
            self._log.exception("datagram_failed", source=source)

    def _receive(self, data: bytes, source: Address) -> None:
        if self._is_closed or is_keep_alive(data):
            self.counters["ignored"] += 1
            return
        try:
            message = parse_datagram(data)
        except RejectedError as error:
            self._refuse_malformed(error, source)
            return
        self.counters["messages_in"] += 1
        self.transactions.show_received(message, source)
        if isinstance(message, Request):
            self._take_request(stamped(message, source), source)
        elif not self.transactions.take_response(message, source):
            self._drop("stray_response", source)

    def _refuse_malformed(self, error: RejectedError, source: Address) -> None:
        """Answer what can be answered, without a transaction (§8.2.7, §21.4.1)."""
        self._drop("malformed", source, fault=str(error)[:200])
        if error.request is None or error.via is None:
            return
        response = respond(error.request, error.status, to_tag=self._tokens.tag(), reason=None)
        self.transactions.put(response, response_address(error.via, source))

    def _take_request(self, request: Request, source: Address) -> None:
        key = server_key(request)
        run = self.transactions.servers.get(key)
        if run is not None:
            self.transactions.repeat(run, request)
            return
        if request.method == "ACK":
            driver = self._legs.get((request.call_id, request.to.tag or ""))
            if driver is not None:
                driver.take_request(request, source)
            elif not self._replies.is_ack_of_reply(request):
                self._drop("stray_ack", source)
            return
        destination = response_address(request.via, source)
        if len(self.transactions) >= self._limits.transactions:
            self._drop("over_limit", source)
            self.transactions.put(self._replies.busy(request), destination)
            return
        refusal = self._screen(request, source)
        if refusal is not None:
            self.counters["invites_screened_out"] += 1
            self.transactions.put(refusal, destination)
            return
        run = self.transactions.begin_server(request, key, destination)
        try:
            response = self._judge(request, source, run)
        except Exception:  # noqa: BLE001 - a fault of ours ends this request, not the agent
            response = self._fail(request)
        if response is not None and not run.machine.is_answered:
            self.transactions.answer(run, response)

    def _screen(self, request: Request, source: Address) -> Response | None:
        """The answer to a new INVITE that is refused before anything is kept of it (§8.2.7)."""
        if self.on_screen is None or request.method != "INVITE" or request.to.tag is not None:
            return None
        if request.max_forwards == 0 or self._replies.unsupported(request) is not None:
            return None  # `_judge` will say so
        try:
            return self.on_screen(request, source)
        except Exception:  # noqa: BLE001 - a fault of ours ends this request, not the agent
            return self._fail(request)

    def _fail(self, request: Request) -> Response:
        """Keep the trace of a fault of ours that is being handled, and make its answer."""
        self.counters["faults"] += 1
        self._log.exception("request_failed", method=request.method, call_id=request.call_id)
        return self.reply(request, 500)

    def _judge(self, request: Request, source: Address, run: ServerRun) -> Response | None:
        """Hand a new request to whom it concerns, or return its answer (§8.2, §12.2.2)."""
        if request.method == "CANCEL":
            return self._take_cancel(request, source, run)
        refusal = self._replies.unsupported(request)
        if refusal is not None:
            self.counters[f"refused_{int(refusal.status)}"] += 1
            return refusal
        to_tag = request.to.tag
        if to_tag is not None:
            driver = self._legs.get((request.call_id, to_tag))
            if driver is None:
                self._drop("unknown_dialog", source)
                return self.reply(request, 481)
            if request.method == "INVITE":
                run.user = driver  # for its CANCEL
            driver.take_request(request, source)
            # A leg that just failed could not answer. One that lives may take its time with a re-INVITE.
            is_lost = driver.is_ended and not run.machine.is_answered
            return self.reply(request, 500) if is_lost else None
        if request.max_forwards == 0:
            return self.reply(request, 483)
        if self.transactions.is_merged(run, request):
            return self.reply(request, 482)
        if request.method == "INVITE":
            return self._take_invite(request, source, run)
        return self._take_other(request, source, run)

    def _take_cancel(self, request: Request, source: Address, run: ServerRun) -> Response | None:
        """Pass CANCEL to the leg of its INVITE; 200 if that is answered already, 481 without one (§9.2)."""
        invite = self.transactions.servers.get(server_key(request, "INVITE"))
        if invite is None:
            return self.reply(request, 481)
        if invite.user is not None:
            invite.user.take_request(request, source)
        return None if run.machine.is_answered else self.reply(request, 200)

    def _take_invite(self, request: Request, source: Address, run: ServerRun) -> Response | None:
        if self.on_invite is None:
            return self.reply(request, 480)
        if self._is_closing or len(self._legs) >= self._limits.legs:
            self._drop("over_limit", source)
            return self._replies.busy(request)
        machine = Inbound(request, local_tag=self._tokens.tag(), endpoint=self._endpoint, chance=self._chance)
        driver = LegDriver(self, machine, source, is_pinned=request.via.host != source[0])
        run.user = self._legs[driver.key] = driver
        driver.invited_by = run
        self.counters["legs_in"] += 1
        driver.start()
        with self.guarding(driver):
            self.on_invite(InboundLeg(driver, request, source))
        return None

    def _take_other(self, request: Request, source: Address, run: ServerRun) -> Response | None:
        outcome = None if self.on_request is None else self.on_request(request, source)
        if isinstance(outcome, Response):
            return outcome
        if outcome is not None:
            if len(self._asks) >= self._limits.asks:
                self._drop("over_limit", source)
                if asyncio.iscoroutine(outcome):
                    outcome.close()
                return self._replies.busy(request)
            task = asyncio.ensure_future(outcome, loop=self.loop)
            self._asks.add(task)
            task.add_done_callback(partial(self._answer_late, run, request))
            return None
        return self._replies.by_method(request)

    def _answer_late(self, run: ServerRun, request: Request, task: asyncio.Future[Response]) -> None:
        self._asks.discard(task)
        if task.cancelled():
            return
        fault = task.exception()
        if fault is not None:
            self.counters["faults"] += 1
            self._log.error("request_failed", call_id=request.call_id, exc_info=fault)
        self.transactions.answer(run, self.reply(request, 500) if fault is not None else task.result())

    # What legs ask.

    def forget(self, driver: LegDriver) -> None:
        """Take a leg that is over out of the table."""
        self._legs.pop(driver.key, None)
        if not self._legs and self._all_gone is not None and not self._all_gone.done():
            self._all_gone.set_result(None)

    @contextmanager
    def guarding(self, driver: LegDriver) -> Iterator[None]:
        """End the leg, and only the leg, if a fault of ours shows in this block."""
        try:
            yield
        except Exception:  # noqa: BLE001 - the shell is where faults of ours end a call, with their trace
            self.counters["faults"] += 1
            self._log.exception("leg_failed", call_id=driver.key[0])
            try:
                driver.abort(Ended(Cause.FAILED, 500), status=500)
            except Exception:  # noqa: BLE001 - the machine itself is broken
                self._log.exception("leg_abandoned", call_id=driver.key[0])
                self.forget(driver)

    def _authorizer(self, login: Login | None) -> Authorizer | None:
        return None if login is None else Authorizer(login, self._tokens)

    def _drop(self, kind: str, source: Address, *, fault: str = "") -> None:
        self._complaints.note(kind, source, self.loop.time(), fault=fault)
