"""A media driver without media: for runs of signalling and money alone.

Words take the time they take, nothing is sent, and nothing that arrives is heard: keys come as INFO.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from switch.media.control import (
    Address,
    Audio,
    LegStatistics,
    MediaEvent,
    MediaLeg,
    PlayEnded,
    PlayId,
    PortsExhaustedError,
    Recording,
    Stream,
)

SAMPLES_PER_SECOND: Final = 8000


class QuietDriver:
    """Lends ports nobody binds, and times words (`switch.media.control.MediaDriver`).

    `taped` names every file that would have been recorded.
    """

    def __init__(self, host: str, ports: range) -> None:
        self.taped: list[str] = []
        self._host = host
        self._free = deque(port for port in ports if port % 2 == 0)
        self._legs: set[QuietLeg] = set()

    @property
    def ports_free(self) -> int:
        """Ports of the pool nobody has."""
        return len(self._free)

    async def open_leg(self) -> MediaLeg:
        """Lend the next port.

        Raises:
            PortsExhaustedError: None is free.
        """
        if not self._free:
            raise PortsExhaustedError
        leg = QuietLeg(self, (self._host, self._free.popleft()))
        self._legs.add(leg)
        return leg

    def record(self, left: MediaLeg, right: MediaLeg, path: Path) -> Recording:
        """Note that this would be recorded."""
        assert left is not right
        self.taped.append(path.name)
        return _QuietRecording()

    async def close(self) -> None:
        """Take every port back."""
        for leg in list(self._legs):
            leg.close()

    def forget(self, leg: QuietLeg) -> None:
        """Take the port of one leg back."""
        self._legs.discard(leg)
        self._free.append(leg.address[1])


class QuietLeg:
    """A leg on which words only take time."""

    def __init__(self, driver: QuietDriver, address: Address) -> None:
        self.address = address
        self._driver = driver
        self._loop = asyncio.get_running_loop()
        self._listener: Callable[[MediaEvent], None] | None = None
        self._plays = 0
        self._timer: asyncio.TimerHandle | None = None
        self._is_closed = False

    def on_event(self, listener: Callable[[MediaEvent], None] | None) -> None:
        """Tell this listener from now on."""
        self._listener = listener

    def connect(self, stream: Stream) -> None:
        """Nothing is sent to anybody."""

    def play(self, audio: Sequence[Audio], *, is_looped: bool = False) -> PlayId:
        """Let the time of these words pass."""
        self.stop()
        self._plays += 1
        play = PlayId(self._plays)
        if not is_looped:
            seconds = sum(map(len, audio)) / SAMPLES_PER_SECOND
            self._timer = self._loop.call_later(seconds, self._played, play)
        return play

    def overlay(self, audio: Sequence[Audio]) -> PlayId:
        """Overlays end unheard, and nobody waits for them."""
        assert audio
        self._plays += 1
        return PlayId(self._plays)

    def stop(self) -> None:
        """Stop the words."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def hear(self, source: MediaLeg | None, *, with_digits: bool = False) -> None:
        """Nobody hears anybody."""

    def listen_for_third_party(self) -> None:
        """Nothing is heard here."""

    def listen_for_machine(self, speech_seconds: float | None) -> None:
        """Nothing is heard here."""

    def statistics(self) -> LegStatistics:
        """Nothing arrived, nothing left."""
        return LegStatistics(0, 0, 0, 0, 0)

    def close(self) -> None:
        """Give the port back."""
        if not self._is_closed:
            self._is_closed = True
            self.stop()
            self._listener = None
            self._driver.forget(self)

    def _played(self, play: PlayId) -> None:
        self._timer = None
        if self._listener is not None:
            self._listener(PlayEnded(play, self._loop.time()))


class _QuietRecording:
    """A recording of nothing."""

    def stop(self) -> None:
        """End it."""

    async def completed(self) -> bool:
        """There is no file."""
        return False
