"""Work asked of other threads, whose answers a virtual loop hands out in a repeatable order.

A database driver answers from a thread of its own, at an instant the machine decides. Two rules keep a run
the same run: an answer is taken only when the loop has nothing else to do, and answers are taken in the order
they were asked. The loop notices a question by the module that creates the future (`ASKING_MODULES`) or by
`run_in_executor`, and the answer by the future handed to `call_soon_threadsafe`.
"""

from asyncio import Future, Handle
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from scenarios.sim.stalled import StalledError

ASKING_MODULES = frozenset({"aiosqlite.core"})
"""Modules that create a future on the loop exactly when they hand work to a thread of theirs."""

PATIENCE_SECONDS = 1.0
"""Real seconds the oldest question may keep younger answers waiting.

A statement that waits for another connection's lock cannot be answered before that connection goes on. SQLite
itself waits 5 s before it gives up, so one leaves it time; ordinary statements take milliseconds.
"""

ANSWER_SECONDS_MAX = 60.0
"""Real seconds without any answer after which the work counts as dead: far beyond SQLite's own 5 s."""


class ForeignWork:
    """Questions under way, and the calls of other threads not yet taken.

    Args:
        is_awake: Says whether the loop has something to run, asked after each `wake`.
    """

    def __init__(self, is_awake: Callable[[], bool]) -> None:
        self._is_awake = is_awake
        self._asked: dict[Future[Any], None] = {}
        self._answered: dict[Future[Any], Handle] = {}
        self._inbox: SimpleQueue[tuple[Future[Any] | None, Handle | None]] = SimpleQueue()

    @property
    def outstanding(self) -> int:
        """How many questions have not been answered to the loop."""
        return len(self._asked)

    @property
    def is_quiet(self) -> bool:
        """Whether no question is open and nobody called."""
        return not self._asked and self._inbox.empty()

    def ask(self, future: Future[Any]) -> None:
        """Note that `future` will be answered by another thread."""
        self._asked[future] = None

    def deliver(self, handle: Handle, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        """Take a call of another thread; may be called from any thread.

        The call answers the future it is a method of (`future.set_result`) or gets first (aiosqlite).
        """
        candidates = (getattr(callback, "__self__", None), *args[:1])
        future = next((candidate for candidate in candidates if isinstance(candidate, Future)), None)
        self._inbox.put((future, handle))

    def wake(self) -> None:
        """Let a waiting `take` return, for example because a signal handler scheduled something."""
        self._inbox.put((None, None))

    def take(self) -> Handle | None:
        """Return the next call to run; wait in real time while a question is outstanding.

        Returns:
            None when nothing is outstanding and nobody called, or when a `wake` gave the loop something to run.

        Raises:
            StalledError: A question was not answered within `ANSWER_SECONDS_MAX`.
        """
        waited = 0.0
        while True:
            if self._asked:
                oldest = next(iter(self._asked))
                if oldest in self._answered:
                    return self._hand_out(oldest)
            try:
                future, handle = self._inbox.get(block=bool(self._asked), timeout=PATIENCE_SECONDS)
            except Empty:
                if not self._asked:
                    return None
                if self._answered:
                    return self._hand_out(next(question for question in self._asked if question in self._answered))
                waited += PATIENCE_SECONDS
                if waited >= ANSWER_SECONDS_MAX:
                    raise StalledError(f"{len(self._asked)} questions to other threads stay unanswered") from None
                continue
            if handle is None:
                if self._is_awake():
                    return None
                continue
            if future is None or future not in self._asked:
                return handle
            self._answered[future] = handle

    def _hand_out(self, question: Future[Any]) -> Handle:
        del self._asked[question]
        return self._answered.pop(question)
