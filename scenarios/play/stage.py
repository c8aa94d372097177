"""The stage of one scenario: a switch with its book, every telephone, and the network between them.

It stands on whatever loop runs it: virtual time and a simulated network, or real time and sockets of
this machine.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from ledger.chart import advancepay, debit, parse_account
from ledger.errors import MalformedAccountError
from ledger.money import AccountId
from ledger.records import CallRecord
from ledger.rows import Account
from ledger.store import Book
from scenarios.phones.errors import PhoneError
from scenarios.phones.handset import Handset
from scenarios.play.actor import Actor
from scenarios.play.amending import SWITCH_HOST
from scenarios.play.errors import CannotActError, NotHappenedError, StageError
from scenarios.play.life import BOOK, Life, open_book
from scenarios.play.network import SWITCH, Wires
from scenarios.play.noise import Noise
from scenarios.play.setting import Setting
from scenarios.play.softphones import Shelf
from scenarios.play.traces import Epoch, Traces
from scenarios.sim.loop import VirtualLoop
from switch.app.chores import HEARTBEAT_SECONDS
from switch.app.switch import Switch
from switch.app.world import World

SETTLING_SECONDS: Final = 60.0
"""How long the switch may take to book the last call: it plays a reason of some seconds, and retries the book."""

LAST_WORDS_SECONDS: Final = 30.0
"""How long the switch may take, after the script, to tell somebody why there is no talk: some seconds of words."""

LOOK_SECONDS: Final = 0.1

LAST_MESSAGES_SECONDS: Final = 33.0
"""64·T1 and a second: after that no transaction is left (RFC 3261 §17)."""


QUIET_BEAT_SECONDS: Final = 60.0
"""How far apart heartbeats are where nobody kills the switch, and so nobody ever asks for the last one: a tenth of a
scenario's processor time went into them."""


class Stage:
    """Everything a scenario's steps act on. Make it with `staged`."""

    def __init__(self, setting: Setting, *, folder: Path, seed: int) -> None:
        self.setting = setting
        self.folder = folder
        self.seed = seed
        self.loop = asyncio.get_running_loop()
        self.began_at = self.loop.time()
        self.traces = Traces()
        self.noise = Noise()
        self.actors: dict[str, Actor] = {}
        self.world = setting.world
        self.wires: Wires | None = None
        self.clock_step = timedelta(0)
        self.ports = 0
        self.requests = 0
        self._opening = asyncio.Lock()
        self._other: Book | None = None
        is_safe = not (setting.is_live or setting.may_kill)
        beat_seconds = QUIET_BEAT_SECONDS if is_safe else HEARTBEAT_SECONDS
        self.life = Life(folder=folder, seed=seed, utc=self.utc, noise=self.noise, beat_seconds=beat_seconds)

    @property
    def now(self) -> float:
        """Seconds since the scenario began."""
        return self.loop.time() - self.began_at

    @property
    def switch(self) -> Switch:
        """The running switch."""
        return self.life.switch

    def utc(self) -> datetime:
        """The wall clock of the switch's machine."""
        return self.setting.begins + timedelta(seconds=self.now) + self.clock_step

    def actor(self, name: str) -> Actor:
        """The owner of a telephone."""
        return self.actors[name]

    # The switch.

    async def start_switch(self, world: World | None = None) -> None:
        """Start the switch, on the world of the setting or another one, and register the telephones again."""
        self.world = world or self.world
        epoch = Epoch(self.loop.time(), self.utc())
        switch = await self.life.start(self.world)
        self.ports = switch.metrics()["media_ports_free"]
        self.traces.follow(switch.services, epoch)
        for actor in self.actors.values():
            actor.phone.line = replace(actor.phone.line, server=switch.address)

    async def register_telephones(self) -> None:
        """Let every called telephone register that does so."""
        for actor in self.actors.values():
            if actor.telephone.is_registered:
                try:
                    await actor.phone.register()
                except PhoneError as error:
                    raise StageError(f"{actor.name} cannot register: {error}") from error

    async def stop_switch(self) -> None:
        """Stop the switch as SIGTERM does."""
        self._check_running()
        await self.life.stop()

    async def kill_switch(self) -> None:
        """Kill the switch: nothing is said to anybody, the book stays."""
        self._check_running()
        self.traces.abandon()
        await self.life.kill(self.folder / BOOK)

    # The book, as another program sees it.

    @asynccontextmanager
    async def book(self) -> AsyncIterator[Book]:
        """The book, as another program has it open at the same time: one for all that is asked of it."""
        async with self._opening:
            if self._other is None:
                self._other = await open_book(self.folder)
        yield self._other

    async def close(self) -> None:
        """Close what is open."""
        if self._other is not None:
            await self._other.close()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Book]:
        """The book for a look at it: the running switch's own connections, or else another program's."""
        if self.life.is_running:
            yield self.switch.services.book
            return
        async with self.book() as book:
            yield book

    def account_id(self, owner: str) -> AccountId:
        """The account of a called number, of a person's id, of a telephone's name, or by its own id.

        Raises:
            CannotActError: Nobody has such an account.
        """
        telephone = self.setting.telephones.get(owner)
        if telephone is not None and telephone.number is not None:
            return advancepay(telephone.number)
        try:
            if ":" in owner:
                return parse_account(owner)
            return advancepay(owner) if owner.startswith("+") else debit(owner)
        except MalformedAccountError as error:
            raise CannotActError(str(error)) from error

    def number(self, name: str) -> str:
        """The number of a telephone by its name; a number is itself."""
        telephone = self.setting.telephones.get(name)
        return name if telephone is None or telephone.number is None else telephone.number

    async def account(self, owner: str) -> Account | None:
        """The account as it stands, None where there is none."""
        async with self.reading() as book:
            return await book.balance(self.account_id(owner))

    async def record(self, of: str | None = None) -> CallRecord:
        """The record of a telephone's last call, or of the call that began last; waits until it is booked.

        Raises:
            NotHappenedError: The call goes on.
        """
        call = None if of is None else self.actor(of).call
        for _ in range(round(SETTLING_SECONDS / LOOK_SECONDS)):
            traces = list(self.traces)
            trace = self.traces.of(call) if call is not None else traces[-1] if traces else None
            if trace is not None and trace.record is not None:
                return trace.record
            await asyncio.sleep(LOOK_SECONDS)
        raise NotHappenedError("a call ends", "it goes on" if len(self.traces) else "there is none")

    def next_request(self, verb: str) -> str:
        """An id for what customer service asks of the book."""
        self.requests += 1
        return f"scenario/{verb}/{self.requests}"

    # Messages.

    def messages(self) -> Counter[str]:
        """Messages at every telephone, `INVITE to family`, without retransmissions."""
        counts: Counter[str] = Counter()
        for actor in self.actors.values():
            seen: set[tuple[str, ...]] = set()
            for message in actor.messages:
                if message.identity not in seen:
                    seen.add(message.identity)
                    counts[f"{message.name} {'from' if message.is_sent else 'to'} {actor.name}"] += 1
        return counts

    # The end.

    async def clear(self) -> None:
        """Let the switch end what is no talk any more, and everybody hang up who still talks; all is booked."""
        for _ in range(round(LAST_WORDS_SECONDS / LOOK_SECONDS)):
            if not self._is_ending():
                break
            await asyncio.sleep(LOOK_SECONDS)
        for actor in self.actors.values():
            for call in actor.phone.calls[:]:
                with suppress(PhoneError, TimeoutError):
                    async with asyncio.timeout(1):
                        await call.hang_up()
        for speech in [speech for actor in self.actors.values() for speech in actor.speeches]:
            speech.cancel()
            with suppress(asyncio.CancelledError):
                await speech
        await self.settled()

    async def settled(self) -> None:
        """Wait until no call goes on in the switch."""
        for _ in range(round(SETTLING_SECONDS / LOOK_SECONDS)):
            if not self.life.is_running or not self.switch.reception.call_count:
                return
            await asyncio.sleep(LOOK_SECONDS)

    def _is_ending(self) -> bool:
        """Whether a call lives that is no talk: its last words are said, or nobody accepts it."""
        alive = [call for actor in self.actors.values() for call in actor.phone.calls]
        traces = [self.traces.of(call) for call in alive]
        return any(trace is None or trace.accepted_at is None for trace in traces)

    def _check_running(self) -> None:
        _ = self.life.switch


@asynccontextmanager
async def staged(setting: Setting, *, folder: Path, seed: int, is_traced: bool = True) -> AsyncIterator[Stage]:
    """Set the stage, and clear it at the end. With `is_traced` every datagram is noted (`Wires.fingerprint`).

    Raises:
        StageError: The switch cannot start, or a telephone cannot register.
    """
    stage = Stage(setting, folder=folder, seed=seed)
    loop = stage.loop
    if isinstance(loop, VirtualLoop):
        loop.network.host(SWITCH, SWITCH_HOST)
        for telephone in setting.telephones.values():
            loop.network.host(telephone.name, telephone.line.host)
        stage.wires = Wires(loop.network, setting.telephones, is_traced=is_traced)
        stage.wires.change(setting.scenario.header.network)
        for name in (name for name, home in setting.scenario.header.network.items() if home.behind_nat):
            stage.wires.hide(name)
    homes: list[asyncio.Task[None]] = []
    leaving = asyncio.Event()
    try:
        await stage.start_switch()
        shelf = Shelf(setting.phones, setting.scenario.actors(), seed)
        for telephone in setting.telephones.values():
            phone = shelf.take(telephone.name, replace(telephone.line, server=stage.switch.address))
            ready: asyncio.Future[None] = loop.create_future()
            homes.append(loop.create_task(_live(phone, ready, leaving), name=f"{telephone.name} at home"))
            await asyncio.wait({ready, homes[-1]}, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                raise StageError(f"{telephone.name} has no telephone: {homes[-1].exception()}")
            stage.actors[telephone.name] = Actor(telephone, phone, setting.ears, stage.traces.expect)
        await stage.register_telephones()
        yield stage
    finally:
        leaving.set()
        await asyncio.gather(*homes, return_exceptions=True)
        if stage.life.is_running:
            await stage.life.stop()
        await stage.life.mourn()
        await stage.close()


async def _live(phone: Handset, ready: asyncio.Future[None], leaving: asyncio.Event) -> None:
    """Keep a phone alive until everybody leaves: opened and closed by one task, as task groups want it."""
    async with phone:
        ready.set_result(None)
        await leaving.wait()
