"""When a book looks for what others have changed.

Whoever shares a book with other processes looks again and again. A book that works on the event loop, in a simulation,
shares it with other books of this loop alone: they tell each other, and it looks only at the turns at which there is
something to find, the same turns, so that nobody hears of anything earlier or later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from ledger.errors import LedgerUnavailableError
from ledger.group import Committed

_open: Final[dict[tuple[asyncio.AbstractEventLoop, Path | None], set[Neighbours]]] = {}
"""The books that are open, by their loop and file."""


class Neighbours:
    """One book, as those on the same file know it. `leave` when it closes.

    Args:
        path: Its file, if it is one.
        changes: The number of the last change it has seen.
        are_all: Whether nobody but books of this loop changes the file.
    """

    def __init__(self, path: Path | None, changes: int, *, are_all: bool) -> None:
        self._are_all = are_all
        self._reached = changes
        self._changed = asyncio.Event()
        self._key = (asyncio.get_running_loop(), path)
        _open.setdefault(self._key, set()).add(self)

    def leave(self) -> None:
        """Be told nothing any more. Leaving again changes nothing."""
        if self._key in _open:
            _open[self._key].discard(self)
            if not _open[self._key]:
                del _open[self._key]

    def committed(self, committed: Committed) -> None:
        """Tell the others, where a commit was more than a heartbeat."""
        if committed.changes > self._reached:
            self._reached = committed.changes
            for other in _open.get(self._key, ()):
                if other is not self:
                    other._changed.set()

    async def watch(self, poll: Callable[[], Awaitable[None]], seconds: float) -> None:
        """Poll every so many seconds, or at those of these turns before which a neighbour changed something."""
        loop = asyncio.get_running_loop()
        while True:
            self._changed.clear()
            try:
                await poll()
            except LedgerUnavailableError:
                # A database that does not answer now is asked again at the next turn, which tells all.
                self._changed.set()
            turn = loop.time() + seconds
            if self._are_all:
                await self._changed.wait()
                while turn <= loop.time():  # What happens at the instant of a turn is found at the next one.
                    turn += seconds
            await _reach(turn)


async def _reach(instant: float) -> None:
    """Sleep until an instant of the loop's clock: to the microsecond, where it was added up from many turns."""
    reached = asyncio.Event()
    timer = asyncio.get_running_loop().call_at(instant, reached.set)
    try:
        await reached.wait()
    finally:
        timer.cancel()
