"""The little the simulated network needs of its event loop."""

from asyncio import TimerHandle
from collections.abc import Callable
from contextvars import Context
from typing import Any, Protocol


class Timers(Protocol):
    """Time, and calls at an instant."""

    def time(self) -> float:
        """Return the present instant."""

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> TimerHandle:
        """Call back at an instant."""

    def pass_at(self, when: float, take: Callable[..., object], *args: Any) -> None:
        """Call back at an instant, in no context of its own."""
