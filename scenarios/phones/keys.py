"""Keys as a phone sends them: telephone events, frame by frame (RFC 4733)."""

import asyncio
from dataclasses import dataclass, field
from typing import NamedTuple

from scenarios.phones.packets import FRAME_SAMPLES, FRAME_SECONDS, KeyEvent, write_event

END_PACKETS = 3
"""The last packet of an event is sent three times (RFC 4733 §2.5.1.4)."""


@dataclass(frozen=True, slots=True)
class KeyStyle:
    """How a phone sends keys as telephone events; the defaults follow RFC 4733, the rest is seen in the wild.

    Attributes:
        seconds: How long a key is held.
        pause_seconds: How long nothing is pressed after it.
        is_marked: Whether the first packet carries the marker bit.
        first_lost: Packets at the start that never leave, as if the network lost them.
        ends_lost: Packets of the three at the end that never leave.
        with_audio: Whether audio packets go on during the event.
    """

    seconds: float = 0.1
    pause_seconds: float = 0.1
    is_marked: bool = True
    first_lost: int = 0
    ends_lost: int = 0
    with_audio: bool = False


class EventPacket(NamedTuple):
    """One packet of a key; a lost one only takes its number."""

    payload: bytes
    is_marked: bool
    is_lost: bool


@dataclass(slots=True)
class PressedKey:
    """A key being sent, frame by frame."""

    key: str
    style: KeyStyle
    pressed: asyncio.Future[None] | None
    """Done after the pause behind the key; None where nobody waits for that."""
    frames: int = 0
    """Those it had, its pause included."""
    timestamp: int = 0
    held: int = field(init=False)
    """Frames for which it is held."""
    _last: int = field(init=False)

    def __post_init__(self) -> None:
        self.held = max(1, round(self.style.seconds / FRAME_SECONDS))
        self._last = self.held + round(self.style.pause_seconds / FRAME_SECONDS)

    @property
    def frames_left(self) -> int:
        """Frames to come, its pause included."""
        return max(1, self._last - self.frames)

    @property
    def is_over(self) -> bool:
        """Whether its pause is over, too."""
        return self.frames >= self._last

    @property
    def told_in(self) -> int | None:
        """Frames before that of the first packet that leaves; None once it is sent, and where none ever leaves."""
        held, style = self.held, self.style
        first = style.first_lost + 1
        is_told = first < held or (first == held and style.ends_lost < END_PACKETS)
        return first - 1 - self.frames if is_told and self.frames < first else None

    @property
    def silenced(self) -> int:
        """Frames to come before the next one of audio."""
        return 0 if self.style.with_audio else max(0, self.held - self.frames)

    def next_packets(self, timestamp: int) -> list[EventPacket]:
        """Return the packets of the frame that begins at `timestamp`; none in the pause, in which audio goes on."""
        held, style = self.held, self.style
        self.frames += 1
        if self.frames == 1:
            self.timestamp = timestamp
        is_lost = self.frames <= style.first_lost
        if self.frames < held:
            return [EventPacket(self._payload(is_ended=False), style.is_marked and self.frames == 1, is_lost)]
        if self.frames > held:
            return []
        payload = self._payload(is_ended=True)
        return [EventPacket(payload, False, number < style.ends_lost or is_lost) for number in range(END_PACKETS)]

    def _payload(self, *, is_ended: bool) -> bytes:
        return write_event(KeyEvent(self.key, self.frames * FRAME_SAMPLES, is_ended=is_ended))
