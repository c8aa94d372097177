"""The little the simulated network needs of an event loop."""

from asyncio import TimerHandle
from collections.abc import Callable
from contextvars import Context
from typing import Any, Protocol


class Timers(Protocol):
    """Time, and calls at an instant: any asyncio loop."""

    def time(self) -> float:
        """Return the present instant."""

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> TimerHandle:
        """Call back at an instant."""
