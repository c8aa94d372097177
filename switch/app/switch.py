"""The switch of one process: opens everything, in order, and closes it in the opposite one.

book (with recovery and openings) → media → SIP socket → reception
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, Final

from ledger.chart import Opener
from ledger.errors import LedgerError
from ledger.liveness import this_process
from ledger.outcomes import Refused
from ledger.products.directbill import prepaid_id
from ledger.products.requests import AddNumber
from ledger.requests import Deposit, OpenAccount, Request, RetireProcess
from ledger.store import Book
from switch.agent.limits import Limits
from switch.agent.user_agent import UserAgent
from switch.app.chores import HEARTBEAT_SECONDS, chores, posting_seconds
from switch.app.telephone_tables import MediaTable, SwitchTable
from switch.app.world import World
from switch.call.alerts import Alerts
from switch.call.clock import Clock
from switch.call.reception import Reception
from switch.call.services import Services
from switch.call.settlement import settle_of
from switch.call.webhooks import Post, ThreadedPost, Webhooks
from switch.directory.attempts import Attempts
from switch.directory.blocks import Blocks
from switch.directory.contacts import Contacts
from switch.directory.courtesy import CourtesyCalls
from switch.directory.enrolments import Enrolments
from switch.directory.flags import Flags
from switch.directory.switches import FacilitySwitches
from switch.directory.velocity import Velocity
from switch.media.control import MediaDriver
from switch.media.driver import InProcessDriver
from switch.media.files import raise_file_limit, required_files
from switch.net.udp import Receiver, UdpTransport, open_udp
from switch.payments.gateway import PaymentGateway
from switch.payments.simulated import SimulatedProcessor
from switch.routing.accounts import Accounts
from switch.routing.registrar import Registrar
from switch.sip.tokens import Tokens
from switch.sip.uri import SipUri

PRODUCT: Final = "payphone"
LAST_CARDS_SECONDS: Final = 5.0
"""How long a switch that ends waits for the payment processor."""


class ListenError(Exception):
    """An address of the configuration cannot be listened on."""

    def __init__(self, key: str, host: str, port: int, why: str) -> None:
        super().__init__(f"cannot listen on {host}:{port}: {why}; change {key}, or stop what is there")
        self.key = key


class Switch:
    """A running switch. Make it with `running`."""

    def __init__(self, *, services: Services, reception: Reception, transport: UdpTransport) -> None:
        self.services = services
        self.reception = reception
        self.transport = transport

    @property
    def address(self) -> tuple[str, int]:
        """Where SIP is listened for."""
        return self.transport.address

    def metrics(self) -> dict[str, int]:
        """Counters since the start, and gauges of now, by name."""
        agent, media = self.services.agent, self.services.media
        gauges = {
            "calls": self.reception.call_count,
            "legs": agent.leg_count,
            "transactions": agent.transaction_count,
            "media_ports_free": getattr(media, "ports_free", 0),
            "media_socket_errors": getattr(media, "socket_errors", 0),
            "media_frames_skipped": getattr(media, "frames_skipped", 0),
            "sip_socket_errors": self.transport.counters["socket_errors"],
        }
        return {**agent.counters, **gauges}


@asynccontextmanager
async def running(
    world: World,
    *,
    base: Path,
    random: Random,
    utc: datetime,
    log: Any,
    silence_max: float | None = None,
    media: MediaDriver | None = None,
    book: Book | None = None,
    gateway: PaymentGateway | None = None,
    beat_seconds: float = HEARTBEAT_SECONDS,
    is_inline: bool = False,
    post: Post | None = None,
) -> AsyncIterator[Switch]:
    """Run a switch inside this block, on its own driver of the media step and its own book unless others are given.

    It closes both at the end, those given as well. The payment processor is the configuration's, if none is given.

    A beat longer than a second spares the book; it is how much talk a crash can cost the house. Longer than
    `ledger.liveness.SILENCE_MAX` it may be only where no process of another machine shares the book.

    Webhooks are sent by `post`, or by threads of its own where none is given.

    With `is_inline` its own book and recordings are written on the event loop: for simulations, where nobody waits
    for a disk.

    Raises:
        LedgerError: The book cannot be opened.
        ListenError: An address is taken, or not one of this machine.
        TooFewFilesError: The system allows fewer open files than the media ports need.
    """
    ports = range(world.config.media.ports[0], world.config.media.ports[1] + 1)
    raise_file_limit(required_files(ports))
    probe = await _listen("media.listen", world.config.media.listen, 0, lambda _data, _source: None)
    await probe.close()  # Else a wrong address would be found by the first call.
    clock = Clock(asyncio.get_running_loop().time, utc)
    tokens = Tokens(random)
    async with contextlib.AsyncExitStack() as stack:
        if book is None:
            book = await Book.open(_at(base, world.config.book.url), is_inline=is_inline)
        await stack.enter_async_context(book)
        process = this_process(tokens.tag(), clock.utc(clock.now()))
        await open_accounts(book, world, clock.utc(clock.now()))
        await book.register(process)
        driver = media or _driver(world.config.media, ports, random, silence_max, is_inline=is_inline)
        stack.push_async_callback(driver.close)
        transport, agent, contact = await _agent(world.config.switch, tokens, log, stack)
        services = Services(
            book=book,
            pricing=world.pricing,
            directory=world.directory,
            blocks=Blocks(book),
            enrolments=Enrolments(book),
            switches=FacilitySwitches(book),
            contacts=Contacts(book),
            velocity=Velocity(book),
            attempts=Attempts(book),
            flags=Flags(book),
            controls=world.controls,
            alerts=Alerts(world.controls.watches, world.directory, send=_webhooks(post, log, stack).send, log=log),
            registrar=Registrar(),
            routes=world.routes,
            profiles=world.profiles,
            agent=agent,
            media=driver,
            library=world.library.beside(base / world.config.media.names),
            clock=clock,
            random=random,
            tokens=tokens,
            realm=world.config.switch.realm,
            process_id=process.process_id,
            codecs=world.config.media.codecs,
            recordings=None if world.config.media.recordings is False else base / world.config.media.recordings,
            names=base / world.config.media.names,
            log=log,
            contact=contact,
            courtesy=CourtesyCalls(book),
            deposits=world.deposits,
            gateway=gateway or gateway_of(world, base),
        )
        reception = Reception(services, _accounts(world, random, tokens), calls_max=world.config.switch.calls_max)
        async with chores(services, reception, beat_seconds, posting_seconds(world)):
            try:
                yield Switch(services=services, reception=reception, transport=transport)
            finally:
                await reception.close()
                await _last_cards(services)
        with contextlib.suppress(LedgerError):
            await book.submit(RetireProcess(process.process_id))


def _webhooks(post: Post | None, log: Any, stack: contextlib.AsyncExitStack) -> Webhooks:
    """The webhooks of watched calls; `stack` closes them. Without any, no thread is started."""
    if post is None:
        post = threads = ThreadedPost()
        stack.callback(threads.close)
    webhooks = Webhooks(post, log)
    stack.push_async_callback(webhooks.close)
    return webhooks


def _driver(
    media: MediaTable, ports: range, random: Random, silence_max: float | None, *, is_inline: bool
) -> MediaDriver:
    """The driver of the media step in this process."""
    return InProcessDriver(
        host=media.listen,
        advertised=media.advertised or media.listen,
        ports=ports,
        random=random,
        is_inline=is_inline,
        silence_max=media.silence_max if silence_max is None else silence_max,
    )


async def _agent(
    sip: SwitchTable, tokens: Tokens, log: Any, stack: contextlib.AsyncExitStack
) -> tuple[UdpTransport, UserAgent, SipUri]:
    """The SIP socket, the user agent on it, and where it is reached; `stack` closes them, the agent first."""
    receiver = _Receiver()
    transport = await _listen("switch.listen", *sip.listen, receiver.receive)
    stack.push_async_callback(transport.close)
    host, port = transport.address
    contact = SipUri("sip", None, None, sip.advertised or host, port)
    agent = UserAgent(
        send=transport.send,
        contact=contact,
        tokens=tokens,
        product=PRODUCT,
        log=log,
        limits=Limits(legs=2 * sip.calls_max + 100),
        methods=("REGISTER",),
    )
    receiver.agent = agent
    stack.push_async_callback(agent.close)
    return transport, agent, contact


def _accounts(world: World, random: Random, tokens: Tokens) -> Accounts:
    """The SIP accounts of the configuration."""
    return Accounts(
        world.passwords,
        realm=world.config.switch.realm,
        secret=random.randbytes(32),
        algorithms=world.config.switch.algorithms,
        tokens=tokens,
    )


def gateway_of(world: World, base: Path) -> PaymentGateway | None:
    """The payment processor that the configuration names, None where it names none."""
    payments = world.config.payments
    return None if payments.processor is None else SimulatedProcessor(base / payments.journal)


async def _last_cards(services: Services) -> None:
    """Ask the processor for what the last calls owe it; what is not known in time is left to the next start."""
    try:
        async with asyncio.timeout(LAST_CARDS_SECONDS):
            await settle_of(services)
    except (LedgerError, TimeoutError) as error:
        services.log.warning("cards_left_to_the_next_start", error=str(error))


async def open_accounts(book: Book, world: World, at: datetime) -> None:
    """Open the accounts of the configuration, and book their first deposits, each once for ever.

    What an account on credit had when its invoice was not paid stays with the prepaid one it became (S3-10).

    Raises:
        LedgerError: The book does not answer, or has something else of an account than the configuration.
    """
    requests: list[Request] = []
    deposits: list[Deposit] = []
    for account_id, opening in world.openings.items():
        requests.append(
            OpenAccount(account_id, Opener.AGENT, at, opening.credit_limit, settles_later=opening.settles_later)
        )
        requests += [AddNumber(account_id, number, at, at) for number in opening.numbers]
        if opening.deposit.micros > 0:
            deposit_id = f"opening/{account_id}"
            deposits.append(
                Deposit(deposit_id, account_id, opening.deposit, "configuration", at, memo="opening balance")
            )
    for request, outcome in zip(requests, await book.submit_all(requests), strict=True):
        if isinstance(request, AddNumber) and isinstance(outcome, Refused):
            account_id, number = request.account_id, request.number
            if await book.payer_of(number, at) != prepaid_id(account_id):
                raise LedgerError(f"number {number} of {account_id}: {outcome.why.value}; take it out of [[accounts]]")
    # No money is booked before everything else of the configuration is right.
    for deposit, outcome in zip(deposits, await book.submit_all(deposits), strict=True):
        if isinstance(outcome, Refused):
            raise LedgerError(
                f"the opening balance of {deposit.account_id} was booked before with another amount: "
                "deposit the difference with `payphone deposit`, and leave the configuration as it was"
            )


def _at(base: Path, url: str) -> str:
    """A relative path of a database starts at the configuration's folder."""
    prefix, separator, path = url.partition(":///")
    if not separator or path.startswith("/") or path == ":memory:":
        return url
    return f"{prefix}:///{(base / path).resolve()}"


class _Receiver:
    """Passes datagrams to the agent once there is one."""

    def __init__(self) -> None:
        self.agent: UserAgent | None = None

    def receive(self, data: bytes, source: tuple[str, int]) -> None:
        if self.agent is not None:
            self.agent.receive(data, source)


async def _listen(key: str, host: str, port: int, receiver: Receiver) -> UdpTransport:
    """Bind a socket; `key` names the address in the configuration."""
    try:
        return await open_udp(host, port, receiver)
    except OSError as error:
        raise ListenError(key, host, port, error.strerror or str(error)) from error
