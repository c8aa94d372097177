"""The log of a scenario's switch and telephones: kept, not printed."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final

import structlog

LINES_MAX: Final = 2_000
"""Lines kept: a scenario has some tens, one that goes wrong in a loop has enough with these."""


class Noise:
    """Collects what is logged."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._muted: set[int] = set()

    def logger(self, life: int) -> Any:
        """A logger that collects here what the switch of this life says."""
        return structlog.wrap_logger(
            _Nowhere(), processors=[self._keep], wrapper_class=structlog.BoundLogger, life=life
        )

    def mute(self, life: int) -> None:
        """Hear no more of a life: its switch was killed."""
        self._muted.add(life)

    def _keep(self, _logger: object, level: str, event: MutableMapping[str, Any]) -> str:
        if event.get("life") in self._muted:
            raise structlog.DropEvent
        facts = " ".join(f"{key}={value}" for key, value in event.items() if key not in {"event", "exc_info", "life"})
        error = event.get("exc_info")
        shown = f" ({error!r})" if isinstance(error, BaseException) else ""
        line = f"{level}: {event.get('event')} {facts}{shown}".rstrip()
        if len(self.lines) < LINES_MAX:
            self.lines.append(line)
            if level in {"error", "exception", "critical"}:
                self.errors.append(line)
        raise structlog.DropEvent


class _Nowhere:
    """Where nothing is printed."""

    def msg(self, _text: str) -> None:
        """Take a line."""

    debug = info = warning = error = critical = exception = log = msg


def silence() -> None:
    """Drop what modules log by themselves, so that a run prints its own lines alone."""

    def drop(_logger: object, _level: str, _event: MutableMapping[str, Any]) -> str:
        raise structlog.DropEvent

    structlog.configure(processors=[drop])
