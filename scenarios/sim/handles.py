"""What the virtual loop runs: asyncio's handles, without what they ask of the loop each time, and passing datagrams."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any


class SoonHandle(asyncio.Handle):
    """A callback to run next; knows nothing of where it was asked for, which stock ones note for debugging."""

    __slots__ = ()
    _source_traceback = None

    def __init__(
        self,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: contextvars.Context | None,
    ) -> None:
        self._context = contextvars.copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = None


class AtHandle(asyncio.TimerHandle):
    """A callback to run at an instant; the same."""

    __slots__ = ()
    _source_traceback = None

    def __init__(
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: contextvars.Context | None,
    ) -> None:
        self._context = contextvars.copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = None
        self._when = when
        self._scheduled = True


class Passing:
    """A timer that costs a third of the stock one: most timers of a call with audio are datagrams on their way."""

    __slots__ = ("_args", "_callback", "_loop", "_scheduled", "_when")
    _cancelled = False
    _context = contextvars.Context()

    def __init__(
        self, loop: asyncio.AbstractEventLoop, when: float, take: Callable[..., object], args: tuple[Any, ...]
    ) -> None:
        self._loop = loop
        self._when = when
        self._callback = take
        self._args = args

    def cancelled(self) -> bool:
        """Tell that it never is."""
        return False

    def when(self) -> float:
        """Return its instant."""
        return self._when

    def _run(self) -> None:
        try:
            self._callback(*self._args)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - as asyncio.Handle does.
            self._loop.call_exception_handler(
                {"message": "Exception in a datagram's arrival", "exception": error, "handle": self}
            )
