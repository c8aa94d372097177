"""The life of the switch in a scenario: started, stopped, restarted, killed."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, Final

from ledger.store import Book
from scenarios.play.crash import crash, mourn
from scenarios.play.errors import CannotActError, StageError
from scenarios.play.network import SWITCH
from scenarios.play.noise import Noise
from scenarios.sim.loop import VirtualLoop
from switch.app.switch import Switch, running
from switch.app.world import World
from switch.payments.simulated import SimulatedProcessor

BOOK: Final = "book.db"

PAGE_OCTETS: Final = 1024
"""Of a book in virtual time, which begins with a hundred pages; SQLite's own are four times as large."""


_empty: list[bytes] = []


async def open_book(folder: Path) -> Book:
    """The book of a scenario; in virtual time it works on the loop, for time stands still meanwhile anyway."""
    path = folder / BOOK
    if not _is_virtual():
        return await Book.open(str(path))
    if not path.exists():
        path.write_bytes(await _empty_book())
    return await Book.open(str(path), is_inline=True)


async def _empty_book() -> bytes:
    """A book with its tables and nothing else, made once a process: its migrations take a tenth of a short scenario."""
    if not _empty:
        with tempfile.TemporaryDirectory() as made:
            path = Path(made) / BOOK
            await (await Book.open(str(path), is_inline=True)).close()
            _make_small(path)
            _empty.append(path.read_bytes())
    return _empty[0]


def _make_small(path: Path) -> None:
    """Give a book small pages: a scenario writes few rows, and a commit as many pages, however large they are."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            f"PRAGMA journal_mode = DELETE; PRAGMA page_size = {PAGE_OCTETS}; VACUUM; PRAGMA journal_mode = WAL"
        )


def _is_virtual() -> bool:
    return isinstance(asyncio.get_running_loop(), VirtualLoop)


class Life:
    """One switch after another, on one book."""

    def __init__(
        self, *, folder: Path, seed: int, utc: Callable[[], datetime], noise: Noise, beat_seconds: float
    ) -> None:
        self.lives = 0
        self.processor: SimulatedProcessor | None = None
        """Outlives every switch, as a real one does."""
        self.alerts: list[dict[str, Any]] = []
        """What webhooks would have told, in order."""
        self._folder = folder
        self._seed = seed
        self._utc = utc
        self._noise = noise
        self._beat_seconds = beat_seconds
        self._switch: Switch | None = None
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._dead: list[asyncio.Task[None]] = []

    @property
    def is_running(self) -> bool:
        """Whether there is a switch now."""
        return self._switch is not None

    @property
    def switch(self) -> Switch:
        """The running switch.

        Raises:
            CannotActError: It does not run.
        """
        if self._switch is None:
            raise CannotActError("the switch does not run")
        return self._switch

    async def start(self, world: World) -> Switch:
        """Start a switch.

        Raises:
            StageError: It cannot start.
        """
        if self._switch is not None:
            raise CannotActError("the switch runs already")
        loop = asyncio.get_running_loop()
        self.lives += 1
        self._stop = asyncio.Event()
        started: asyncio.Future[Switch] = loop.create_future()
        with loop.network.host(SWITCH).here() if isinstance(loop, VirtualLoop) else nullcontext():
            self._task = loop.create_task(self._live(world, started, self._stop), name=f"switch, life {self.lives}")
        waiting: set[asyncio.Future[Any]] = {self._task, started}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            error = self._task.exception()
            raise StageError(f"the switch cannot start: {error}") from error
        self._switch = started.result()
        return self._switch

    async def stop(self) -> None:
        """Stop it as SIGTERM does: every call is ended and booked."""
        task, self._switch = self._task, None
        self._stop.set()
        if task is not None:
            await task

    async def kill(self, book: Path) -> None:
        """Let it vanish, as kill -9 does; only in virtual time.

        Raises:
            CannotActError: It does not run, or the sockets are real.
        """
        switch, task, loop = self.switch, self._task, asyncio.get_running_loop()
        if not isinstance(loop, VirtualLoop):
            raise CannotActError("the switch is killed in virtual time only; leave `live: true` out")
        assert task is not None, "what runs has a task"
        self._switch = None
        self._noise.mute(self.lives)
        await crash(switch, loop, book)
        task.cancel()
        self._dead.append(task)

    async def mourn(self) -> None:
        """Wait until nothing of killed switches is left."""
        await mourn(self._dead)

    async def _live(self, world: World, started: asyncio.Future[Switch], stop: asyncio.Event) -> None:
        random, log = Random(f"{self._seed}/switch/{self.lives}"), self._noise.logger(self.lives)
        book = await open_book(self._folder)
        payments = world.config.payments
        if self.processor is None and payments.processor is not None:
            self.processor = SimulatedProcessor(self._folder / payments.journal)
        async with running(
            world,
            base=self._folder,
            random=random,
            utc=self._utc(),
            log=log,
            book=book,
            gateway=None if payments.processor is None else self.processor,
            beat_seconds=self._beat_seconds,
            is_inline=_is_virtual(),
            post=self._post,
        ) as switch:
            started.set_result(switch)
            await stop.wait()

    async def _post(self, _url: str, body: bytes, _headers: Mapping[str, str]) -> int:
        """Take what a webhook tells."""
        self.alerts.append(json.loads(body))
        return 204
