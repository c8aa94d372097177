"""An event loop whose time is virtual, whose network is simulated and whose threads are waited for.

Time stands still while anything is ready to run, and jumps to the next timer when nothing is. An hour of
waiting costs nothing, and the same program with the same seed runs the same way every time:

* sockets created through the loop cross `scenarios.sim.network` and never the kernel;
* answers of other threads (the database driver, executors) are taken when the loop is otherwise idle, in the
  order they were asked, and time does not move while one is outstanding (`scenarios.sim.foreign`);
* tasks hash by the order of their creation, so sets of tasks (task groups, `asyncio.wait`) iterate alike.

A loop on which nothing can ever happen again raises `StalledError` and names the tasks that wait.
"""

import asyncio
import concurrent.futures
import contextvars
import heapq
import itertools
import math
import random
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Generator
from operator import itemgetter
from typing import Any, TypeVar

from scenarios.sim.datagrams import open_datagram_endpoint
from scenarios.sim.foreign import ASKING_MODULES, ForeignWork
from scenarios.sim.handles import AtHandle, Passing, SoonHandle
from scenarios.sim.network import Network, UnknownHostError
from scenarios.sim.stalled import StalledError, describe_waiting
from scenarios.sim.streams import SimulatedServer, connect, listen

_T = TypeVar("_T")

ROUNDS_STANDING_MAX = 1_000_000
"""Rounds of the loop at one instant that count as stalled: some seconds of real time, while a scenario with a
thousand phones takes a few hundred rounds an instant. Coroutines that wake each other for ever would hang."""

EXECUTOR_THREADS = 4
"""Threads of the default executor: their answers are ordered by the loop, so more change nothing but speed."""


TIMERS_KEPT = 100
"""Timers among which cancelled ones may stay until their turn: what asyncio keeps, too."""


class VirtualTask(asyncio.Task[_T]):
    """A task that hashes by its number, so that sets of tasks have an order that repeats."""

    def __init__(self, coro: Any, *, number: int, **kwargs: Any) -> None:
        self._number = number
        super().__init__(coro, **kwargs)

    def __hash__(self) -> int:
        return self._number


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs coroutines on virtual time over a simulated network.

    Args:
        network: What datagrams and streams cross; a fresh one of seed 0 if not given.
        start: Virtual time of the first instant, in seconds.
        limit: Virtual time at which the run counts as stalled: a periodic timer alone keeps a loop going.
    """

    # What the base class keeps and its stubs do not tell.
    _ready: deque[asyncio.Handle]
    _stopping: bool
    _closed: bool
    _timer_cancelled_count: int
    _check_closed: Callable[[], None]

    def __init__(self, network: Network | None = None, *, start: float = 0.0, limit: float | None = None) -> None:
        super().__init__()
        self.network = Network(random.Random(0)) if network is None else network
        self.leaping: Callable[[], bool] | None = None
        """Called when time is to jump with nothing ready to run: may do what timers would, and say so."""
        self._now = start
        self._limit = limit
        self._rounds_standing = 0
        self._owner = threading.get_ident()
        self._foreign = ForeignWork(lambda: bool(self._ready))
        self._task_numbers = itertools.count(1)
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._timer_numbers = itertools.count(1)
        self._signals: dict[int, Callable[[], object]] = {}
        self._executor: concurrent.futures.Executor | None = None
        self.set_task_factory(self._create_numbered_task)

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._now

    @property
    def pending_timers(self) -> list[asyncio.TimerHandle]:
        """The timers set and not cancelled, the next one first; those of one instant in the order they were set."""
        return [timer for _, _, timer in sorted(self._timers, key=itemgetter(0, 1)) if not timer.cancelled()]

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        """Run `callback` at an instant, after what was set for that instant before (as uvloop does)."""
        if self._closed:
            self._check_closed()
        timer = AtHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._timer_numbers), timer))
        return timer

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        """Run `callback` in the next round."""
        if self._closed:
            self._check_closed()
        handle = SoonHandle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def pass_at(self, when: float, take: Callable[..., object], *args: Any) -> None:
        """Run `take` at an instant, as `call_at`, in no context of its own and never to be cancelled."""
        passing: Any = Passing(self, when, take, args)
        heapq.heappush(self._timers, (when, next(self._timer_numbers), passing))

    @property
    def limit(self) -> float:
        """When the run counts as stalled."""
        return math.inf if self._limit is None else self._limit

    @property
    def timers(self) -> list[tuple[float, int, Any]]:
        """What is to happen, the next first and the rest in no order; cancelled ones are among them.

        Each is its instant, the number by which those of one instant take turns, and a `TimerHandle` or `Passing`.
        """
        return self._timers

    def take_away(self, done: Collection[int]) -> None:
        """Take timers away by their numbers: what they would do is done."""
        kept = [entry for entry in self._timers if entry[1] not in done]
        self._timers[:] = kept
        heapq.heapify(self._timers)

    def create_future(self) -> asyncio.Future[Any]:
        """Create a future, and note it as foreign work if a database driver's module asks for it."""
        future: asyncio.Future[Any] = asyncio.Future(loop=self)
        if sys._getframe(1).f_globals.get("__name__") in ASKING_MODULES:
            self._foreign.ask(future)
        return future

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Let an error of a callback end the run: logged and passed over, it would hide from every test.

        The same happens to what is no ordinary exception, as the timeout of a test. Who sets an exception
        handler hears of errors as on any loop.
        """
        error = context.get("exception")
        is_heard = self.get_exception_handler() is not None or "handle" not in context
        is_cancellation = isinstance(error, asyncio.CancelledError)
        if isinstance(error, BaseException) and not is_cancellation and not (isinstance(error, Exception) and is_heard):
            raise error
        super().call_exception_handler(context)

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        """Run `callback` when the loop is idle (at once in turn if the loop's own thread asks)."""
        self._check_closed()
        if threading.get_ident() == self._owner:
            handle = self.call_soon(callback, *args, context=context)
            self._foreign.wake()
            return handle
        handle = asyncio.Handle(callback, args, self, context)
        self._foreign.deliver(handle, callback, args)
        return handle

    def run_in_executor(  # type: ignore[override]
        self, executor: concurrent.futures.Executor | None, func: Callable[..., _T], *args: Any
    ) -> asyncio.Future[_T]:
        """Run `func` in a thread; virtual time waits for its answer."""
        self._check_closed()
        if executor is None:
            if self._executor is None:
                self._executor = concurrent.futures.ThreadPoolExecutor(EXECUTOR_THREADS)
            executor = self._executor
        answer: asyncio.Future[_T] = asyncio.Future(loop=self)
        self._foreign.ask(answer)

        def pass_on(work: concurrent.futures.Future[_T]) -> None:
            handle = asyncio.Handle(_settle, (answer, work), self)
            self._foreign.deliver(handle, _settle, (answer,))

        executor.submit(func, *args).add_done_callback(pass_on)
        return answer

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109 - the loop's signature
        """Wait for the threads of `run_in_executor` to end."""
        if self._executor is not None:
            self._executor.shutdown(wait=True)
            self._executor = None

    def close(self) -> None:
        """Close the loop and let go of its threads."""
        if self._executor is not None and not self.is_running():
            self._executor.shutdown(wait=False)
            self._executor = None
        self._timers.clear()
        super().close()

    async def getaddrinfo(self, host: Any, port: Any, **hints: Any) -> list[Any]:
        """Resolve numeric addresses and the names of the simulated network's hosts.

        Raises:
            socket.gaierror: Nobody has this name.
        """
        try:
            address = self.network.resolve(host)
        except UnknownHostError as error:
            raise socket.gaierror(socket.EAI_NONAME, str(error)) from None
        kind = hints.get("type") or socket.SOCK_DGRAM
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, kind, hints.get("proto", 0), "", (address, int(port or 0)))]

    async def create_datagram_endpoint(self, protocol_factory: Any, *args: Any, **kwargs: Any) -> Any:
        """Open a datagram socket on the simulated network; takes what the stock loops take."""
        return open_datagram_endpoint(self, self.network, protocol_factory, *args, **kwargs)

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **kwargs: Any) -> Any:
        """Connect a stream over the simulated network; `ssl` is refused."""
        return await connect(self, self.network, protocol_factory, host, port, **kwargs)

    async def create_server(  # type: ignore[override]
        self, protocol_factory: Any, host: Any = None, port: Any = None, **kwargs: Any
    ) -> SimulatedServer:
        """Listen for streams on the simulated network; `ssl` is refused."""
        return listen(self, self.network, protocol_factory, host, port, **kwargs)

    def add_signal_handler(  # type: ignore[override]
        self, sig: int, callback: Callable[..., object], *args: Any
    ) -> None:
        """Note what to do when `raise_signal` is called; no real signal is caught."""
        self._signals[sig] = lambda: self.call_soon(callback, *args)

    def remove_signal_handler(self, sig: int) -> bool:
        """Forget what was noted for `sig`."""
        return self._signals.pop(sig, None) is not None

    def raise_signal(self, sig: int) -> None:
        """Act as if the process had received `sig`.

        Raises:
            KeyError: Nobody handles it.
        """
        self._signals[sig]()

    def _create_numbered_task(
        self,
        _loop: asyncio.AbstractEventLoop,
        coro: Coroutine[Any, Any, _T] | Generator[Any, None, _T],
        **kwargs: Any,
    ) -> VirtualTask[_T]:
        return VirtualTask(coro, number=next(self._task_numbers), loop=self, **kwargs)

    def _run_once(self) -> None:
        """Let time jump if nothing is ready, then run what is, and no more: what that asks for is the next round's.

        It does what the base class does, which sleeps in a selector instead, at a third of the price.
        """
        ready, timers = self._ready, self._timers
        if timers and (timers[0][2]._cancelled or len(timers) > TIMERS_KEPT):
            self._drop_cancelled()
        if ready or self._stopping:
            self._rounds_standing += 1
            if self._rounds_standing > ROUNDS_STANDING_MAX:
                raise StalledError(f"time stands still at {self._now:.3f} s; waiting:\n{describe_waiting(self)}")
        else:
            self._rounds_standing = 0
            self._wait()
        now = self._now
        while timers and timers[0][0] <= now:
            timer: Any = heapq.heappop(timers)[2]
            timer._scheduled = False
            ready.append(timer)
        for _ in range(len(ready)):
            handle: Any = ready.popleft()
            if not handle._cancelled:
                handle._run()

    def _wait(self) -> None:
        """Take an answer of another thread, or let time jump to the next timer.

        Raises:
            StalledError: Nothing is ready and nothing ever will be, or `limit` was passed.
        """
        if not self._foreign.is_quiet:
            handle = self._foreign.take()
            if handle is not None:
                self._ready.append(handle)
            if self._ready or self._stopping:
                return
        if not self._timers:
            raise StalledError(f"nothing can happen any more at {self._now:.3f} s; waiting:\n{describe_waiting(self)}")
        if self.leaping is not None and self.leaping():
            self._drop_cancelled()
        following = self._timers[0][0]
        if self._limit is not None and following > self._limit:
            raise StalledError(f"virtual time would pass {self._limit:.3f} s; waiting:\n{describe_waiting(self)}")
        self._now = max(self._now, following)

    def _drop_cancelled(self) -> None:
        """Drop cancelled timers where one is next, and all once they are half of many."""
        timers = self._timers
        if len(timers) > TIMERS_KEPT and self._timer_cancelled_count * 2 > len(timers):
            for _, _, timer in timers:
                if timer.cancelled():
                    timer._scheduled = False  # type: ignore[attr-defined]
            timers[:] = [entry for entry in timers if not entry[2].cancelled()]
            heapq.heapify(timers)
            self._timer_cancelled_count = 0
        while timers and timers[0][2]._cancelled:
            self._timer_cancelled_count -= 1
            heapq.heappop(timers)[2]._scheduled = False  # type: ignore[attr-defined]

    def _write_to_self(self) -> None:
        self._foreign.wake()


def _settle(answer: asyncio.Future[_T], work: concurrent.futures.Future[_T]) -> None:
    if answer.cancelled():
        return
    if work.cancelled():
        answer.cancel()
        return
    error = work.exception()
    if error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(work.result())
