"""The machine on which the switch runs: it starts there, stops there, and dies there.

To die is to vanish between two steps of the event loop: first nothing can leave any more, neither a datagram
nor a row, then what was running is torn down. What a transaction of the book stored before stays stored.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from sqlalchemy.exc import OperationalError

from ledger.store import Book
from scenarios.sim.datagrams import SimulatedDatagramTransport
from scenarios.sim.loop import VirtualLoop
from scenarios.swarm.plan import SWITCH_HOST, BookTrouble
from scenarios.swarm.processor import Processor
from scenarios.swarm.quiet import QuietDriver
from switch.app.switch import Switch, running
from switch.app.world import World

NOON: Final = datetime(2021, 6, 1, 12, 0, tzinfo=UTC)
PORTS: Final = range(20000, 20040)
BOOK_FILE: Final = "book.db"
SHUTDOWN_SECONDS: Final = 60.0
LIFE: Final[ContextVar[int | None]] = ContextVar("life", default=None)
"""Which life of the switch runs in this context; None: somebody else."""


@dataclass(slots=True)
class Life:
    """One run of the switch, from its start to its end."""

    number: int
    began: float
    utc: datetime
    ended: float | None = None
    is_killed: bool = False

    def loop_time(self, instant: datetime) -> float:
        """The loop's instant of an instant of this life's wall clock."""
        return self.began + (instant - self.utc).total_seconds()


class House:
    """Holds at most one switch at a time."""

    def __init__(self, *, seed: int, world: World, folder: Path, ports: range, has_media: bool, log: Any) -> None:
        self.lives: list[Life] = []
        self.switch: Switch | None = None
        self.taped: list[str] = []
        self.on_start: list[Callable[[Switch], None]] = []
        self.troubles: list[BookTrouble] = []
        self.troubled: list[tuple[float, float]] = []
        """From when to when the book was not what it should be."""
        self.processor: Processor | None = None
        """Who takes cards, where anybody does."""
        self._seed = seed
        self.world = world
        self._folder = folder
        self._ports = ports
        self._has_media = has_media
        self._log = log
        self._task: asyncio.Task[None] | None = None
        self._book: Book | None = None
        self._stopping = asyncio.Event()
        self._dead: list[asyncio.Task[None]] = []
        self._left: dict[BookTrouble, int] = {}

    @property
    def loop(self) -> VirtualLoop:
        """The loop everything runs on."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        return loop

    def is_living(self) -> bool:
        """Whether this code runs in the life of the switch that goes on."""
        return LIFE.get() == len(self.lives) - 1 and not self.lives[-1].is_killed

    async def start(self, step: float = 0.0) -> None:
        """Start the switch; its wall clock is `step` seconds off. There is none afterwards if it died meanwhile."""
        now = self.loop.time()
        number = len(self.lives)
        life = Life(number, now, NOON + timedelta(seconds=now + step))
        ready: asyncio.Future[Switch] = self.loop.create_future()
        self._stopping = asyncio.Event()
        self._book = None
        self.lives.append(life)
        self._task = self.loop.create_task(self._live(life, ready), name=f"life {number}")
        first: set[asyncio.Future[Any]] = {self._task, ready}
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        if life.is_killed:
            return
        if not ready.done():
            self._task.result()
            raise AssertionError("the switch ended before it had started")
        self.switch = ready.result()
        self._trouble(self.switch)
        for listener in self.on_start:
            listener(self.switch)

    async def stop(self) -> None:
        """Stop the switch in good order."""
        if self.switch is None or self._task is None:
            return
        self._stopping.set()
        self.switch = None
        self.lives[-1].ended = self.loop.time()
        async with asyncio.timeout(SHUTDOWN_SECONDS):
            await self._task
        self.bury()  # Where the book failed to the last, its row is still there, and its pid is not.

    async def kill(self) -> bool:
        """Let the switch vanish at this instant; whether there was one."""
        switch = self.switch
        if switch is None:
            return False
        self.vanish()
        # What the book's thread is in the middle of is stored or not before anybody starts again.
        with contextlib.suppress(RuntimeError):
            await switch.services.book._writing.rest()
        self.bury()
        return True

    def vanish(self) -> None:
        """Let the switch vanish in the middle of whatever it does, be it its start. It is still to be buried."""
        task = self._task
        assert task is not None and not self.lives[-1].is_killed, "only who lives can die"
        life = self.lives[-1]
        life.ended, life.is_killed = self.loop.time(), True
        self._sever()
        self.switch = None
        task.cancel()
        self._dead.append(task)

    def bury(self) -> None:
        """Say what the system would say: the pids of all that were registered are other processes now."""
        with contextlib.closing(sqlite3.connect(self._folder / BOOK_FILE, timeout=30)) as connection:
            connection.execute("UPDATE processes SET pid_started = 'gone'")
            connection.commit()

    async def mourn(self) -> None:
        """Wait until nothing of the dead is left in this process."""
        for task in self._dead:
            await asyncio.wait({task})
        self._dead.clear()

    async def _live(self, life: Life, ready: asyncio.Future[Switch]) -> None:
        LIFE.set(life.number)
        random = Random(f"swarm/{self._seed}/life/{life.number}")
        quiet = None if self._has_media else QuietDriver(SWITCH_HOST, self._ports)
        if quiet is not None:
            quiet.taped = self.taped
        book = await Book.open(str(self._folder / BOOK_FILE), is_inline=not self._has_media)
        self._book = book
        async with running(
            self.world,
            base=self._folder,
            random=random,
            utc=life.utc,
            log=self._log,
            media=quiet,
            book=book,
            gateway=self.processor,
            is_inline=True,
        ) as switch:
            ready.set_result(switch)
            await self._stopping.wait()

    def _sever(self) -> None:
        """Let nothing out any more: sockets are gone, and the book takes no more of this process."""
        network = self.loop.network
        for receiver in [*network._receivers.values()]:
            if (
                isinstance(receiver, SimulatedDatagramTransport)
                and receiver.get_extra_info("sockname")[0] == SWITCH_HOST
            ):
                receiver.close()
        if self._book is not None:
            self._book._writer.kill()
        if self.switch is not None:
            self.switch.services.ended.clear()

    def _trouble(self, switch: Switch) -> None:
        """Put troubles of the plan between the book and its thread."""
        writing = switch.services.book._writing
        run = writing.run
        loop = self.loop

        async def troubled(*work: Any, **kwargs: Any) -> Any:
            now = loop.time()
            for trouble in self.troubles:
                left = self._left.get(trouble, trouble.count)
                if trouble.at > now or not left:
                    continue
                self._left[trouble] = left - 1
                self.troubled.append((now, now + max(1.0, trouble.seconds)))
                match trouble.kind:
                    case "slow":
                        await asyncio.sleep(trouble.seconds)
                    case "forgets":
                        await run(*work, **kwargs)
                        raise _broken()
                    case _:
                        raise _broken()
            return await run(*work, **kwargs)

        writing.run = troubled  # type: ignore[method-assign]


def _broken() -> OperationalError:
    return OperationalError("injected", {}, sqlite3.OperationalError("disk I/O error"))
