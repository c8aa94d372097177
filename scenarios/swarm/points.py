"""Every point at which a switch can die, counted; and the death at one of them.

A point lies

* before each step the event loop takes for the switch: a task resumed after an await, a timer, a datagram that
  arrives; and before the first step of anybody else after one of those;
* before each datagram the switch sends;
* in its book before a transaction begins, before each statement, before the commit, and after it, before
  anybody is answered.

Steps of others in between change neither the switch nor its book, and what they send reaches nobody who lives:
to die before the first of them and before the last differ only in the instant, and both are points.

A run repeats exactly, so a number is a point. What dies in the middle of a transaction leaves nothing of it, and
what died neither sends nor books any more, however its tasks end.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from sqlalchemy import Engine, event

from ledger.engine import Session
from ledger.errors import BookClosedError
from scenarios.sim.loop import VirtualLoop
from scenarios.sim.network import Network
from scenarios.swarm.house import LIFE
from scenarios.swarm.plan import SWITCH_HOST


class Kind(Enum):
    """Where a point lies."""

    STEP = "before a step"
    SEND = "before a datagram"
    BEGIN = "before the begin of"
    STATEMENT = "before a statement of"
    COMMIT = "before the commit of"
    COMMITTED = "after the commit of"


IN_BOOK: Final = frozenset({Kind.BEGIN, Kind.STATEMENT, Kind.COMMIT, Kind.COMMITTED})

IDLE_TABLES: Final = frozenset({"processes", "head"})
"""What a heartbeat writes: a transaction that writes nothing else moves no money and no call."""


class VanishedError(BookClosedError):
    """Who asks the book is dead."""


@dataclass(slots=True)
class Point:
    """One point: its number within its life, its kind, its instant, and what would have come next.

    Attributes:
        tables: Of a point in a transaction, the tables written in it, the later ones too.
    """

    number: int
    kind: Kind
    at: float
    what: str
    tables: set[str]

    @property
    def is_money(self) -> bool:
        """Whether it lies in a transaction that moves money or a call."""
        return bool(self.tables - IDLE_TABLES)

    def __str__(self) -> str:
        tables = f" ({', '.join(sorted(self.tables))})" if self.tables else ""
        return f"{self.at:.3f} s, {self.kind.value} {self.what}{tables}"


class Points:
    """Counts the points of one life at a time, and strikes at the one that was asked for.

    Args:
        strike: Lets the switch vanish.
    """

    def __init__(self, loop: VirtualLoop, strike: Callable[[], None]) -> None:
        self.seen: list[Point] = []
        """Points of the life that is counted, if they are wanted."""
        self.struck: Point | None = None
        self.count = 0
        self.dead: set[int] = set()
        self._loop = loop
        self._strike = strike
        self._life: int | None = None
        self._target: int | None = None
        self._is_told = False
        self._was_ours = False
        self._tables: set[str] = set()

    def arm(self, life: int, target: int | None) -> None:
        """Count the points of this life from now on, to die at number `target`; None: note them all."""
        self._life, self._target, self._is_told = life, target, target is None
        self.count, self.seen, self.struck = 0, [], None
        self._was_ours = False

    def disarm(self) -> None:
        """Count no more."""
        self._life = None

    def step(self, handle: asyncio.Handle) -> None:
        """The loop is about to take a step."""
        if self._life is None or handle._cancelled:
            return
        is_ours = _is_arriving(handle) or handle._context.get(LIFE) == self._life  # type: ignore[attr-defined]
        if is_ours or self._was_ours:
            self._pass(Kind.STEP, _describe(handle) if self._is_told else "")
        self._was_ours = is_ours

    def send(self, data: bytes) -> bool:
        """The switch is about to send a datagram; False: it is dead."""
        if LIFE.get() == self._life and self._pass(Kind.SEND, _first_line(data) if self._is_told else ""):
            return False
        return LIFE.get() not in self.dead

    def statement(self, text: str) -> None:
        """A statement is about to run, of whoever asks."""
        kind = Kind.STATEMENT
        if text.startswith("BEGIN"):
            kind = Kind.BEGIN
            self._tables = set()
        else:
            self._tables.update(_written(text))
        self._ask(kind, text)

    def commit(self, kind: Kind) -> None:
        """A commit is about to run, or has just been done."""
        try:
            self._ask(kind, "a transaction")
        finally:
            if kind is Kind.COMMITTED:
                self._tables = set()  # What is read outside of a transaction writes nothing.

    def _ask(self, kind: Kind, text: str) -> None:
        life = LIFE.get()
        if life is None:
            return
        if life == self._life and self._pass(kind, " ".join(text.split()[:7]) if self._is_told else ""):
            raise VanishedError("the process was killed")
        if life in self.dead:
            raise VanishedError("the process was killed before")

    def _pass(self, kind: Kind, what: str) -> bool:
        """Count a point; True: it was the last one."""
        self.count += 1
        point = Point(self.count, kind, self._loop.time(), what, self._tables if kind in IN_BOOK else set())
        if self._is_told:
            self.seen.append(point)
        if self.count != self._target:
            return False
        assert self._life is not None
        self.dead.add(self._life)
        self._life = None
        self.struck = point
        self._strike()
        return True


@contextmanager
def counted(loop: VirtualLoop, strike: Callable[[], None]) -> Iterator[Points]:
    """Put the counter between the loop, the network, the book and whoever uses them."""
    points = Points(loop, strike)
    loop._ready = _Ready(points)
    send = loop.network.send

    def sending(data: bytes, source: Any, *rest: Any) -> None:
        if source[0] != SWITCH_HOST or points.send(data):
            send(data, source, *rest)

    loop.network.send = sending  # type: ignore[method-assign, assignment]
    connected = Session._connected

    def connect(session: Session) -> Any:
        core = connected(session)
        if LIFE.get() is not None and not isinstance(session._driver, _Driver):
            session._driver = _Driver(session._driver, points)
        return core

    def before(_connection: Any, _cursor: Any, text: str, *_rest: Any) -> None:
        points.statement(text)

    Session._connected = connect  # type: ignore[method-assign, assignment]
    event.listen(Engine, "before_cursor_execute", before)
    try:
        yield points
    finally:
        event.remove(Engine, "before_cursor_execute", before)
        Session._connected = connected  # type: ignore[method-assign]


class _Ready(deque[asyncio.Handle]):
    """What the loop runs next; each is taken once, right before it is run."""

    def __init__(self, points: Points) -> None:
        super().__init__()
        self._points = points

    def popleft(self) -> asyncio.Handle:
        handle = super().popleft()
        self._points.step(handle)
        return handle


class _Driver:
    """The driver's connection of a book's writer, each statement of which is a point."""

    def __init__(self, driver: Any, points: Points) -> None:
        self._driver = driver
        self._points = points

    def execute(self, text: str, *parameters: Any) -> Any:
        self._points.statement(text)
        return self._driver.execute(text, *parameters)

    def executemany(self, text: str, lines: Any) -> Any:
        self._points.statement(text)
        return self._driver.executemany(text, lines)

    def commit(self) -> None:
        self._points.commit(Kind.COMMIT)
        self._driver.commit()
        self._points.commit(Kind.COMMITTED)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)


def _is_arriving(handle: Any) -> bool:
    """Whether this step brings a datagram to the switch."""
    return getattr(handle._callback, "__func__", None) is Network.arrive and handle._args[2][0] == SWITCH_HOST


def _describe(handle: Any) -> str:
    callback = handle._callback
    task = getattr(callback, "__self__", None)
    if isinstance(task, asyncio.Task):
        return f"of {getattr(task.get_coro(), '__qualname__', task)}"
    return f"by {getattr(callback, '__qualname__', callback)}"


def _first_line(data: bytes) -> str:
    return data.split(b"\r\n", 1)[0].decode(errors="replace")


def _written(text: str) -> tuple[str, ...]:
    """The table a statement writes."""
    words = text.split(None, 3)
    match [word.upper() for word in words[:2]]:
        case ["INSERT", "INTO"] | ["DELETE", "FROM"]:
            return (words[2],)
        case ["UPDATE", _]:
            return (words[1],)
    return ()
