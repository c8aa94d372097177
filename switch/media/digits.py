"""Keys as named events (RFC 4733): told once each when received, sent with three ends when relayed.

An event is known by its timestamp: every packet of it carries the same one, so one packet that arrives,
whichever it is, tells of the key, and no other packet of it tells again. The marker bit is not needed.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass
from typing import Final

KEYS: Final = "0123456789*#ABCD"
"""The key of each event code from 0 (RFC 4733 §3.2)."""

_PAYLOAD = struct.Struct("!BBH")
_END_BIT = 0x80
_VOLUME = 10
"""Power of the tone, -10 dBm0 (RFC 4733 §2.3.4)."""

SEGMENT_MAX: Final = 0xFFFF
"""The longest duration one segment can tell; a longer event goes on in another (RFC 4733 §2.5.1.3)."""
SEGMENTS_MAX: Final = 16
"""How many segments back a key held down is recognised: 16 of 8.19 s are over two minutes."""

MEMORY: Final = 64
"""Events remembered: at the fastest dialling (80 ms a key) five seconds of it."""
REORDER_MAX: Final = 5 * 8000
"""An event this much older than the newest is no straggler of it; the sender began a new count."""

PRESSES_MAX: Final = 32
"""Keys waiting to be relayed; a person presses none of the later ones."""

_FRAME = 160
_PRESS_FRAMES = 5
"""A relayed key lasts 100 ms; 40 ms must be recognised (ITU-T Q.24), and most receivers want 50."""
_ENDS = 3
"""The last packet is sent three times (RFC 4733 §2.5.1.4)."""
_PAUSE_FRAMES = 3
"""60 ms between two keys; 40 ms must be recognised."""


@dataclass(slots=True)
class _Heard:
    source: int
    timestamp: int
    code: int
    is_ended: bool


class DigitReceiver:
    """Tells each key once, whichever packets of its event arrive, how often and in what order."""

    __slots__ = ("_heard",)

    def __init__(self) -> None:
        self._heard: deque[_Heard] = deque(maxlen=MEMORY)

    def receive(self, source: int, timestamp: int, payload: bytes) -> str | None:
        """Take one event packet of the synchronization source; the key, if it is the first to tell of it.

        Events beyond the sixteen keys and payloads too short are ignored.
        """
        if len(payload) < _PAYLOAD.size:
            return None
        code, flags, _ = _PAYLOAD.unpack_from(payload)
        if code >= len(KEYS):
            return None
        is_ended = bool(flags & _END_BIT)
        if self._heard and self._is_restarted(source, timestamp):
            self._heard.clear()
        for heard in reversed(self._heard):
            if heard.timestamp == timestamp:
                heard.is_ended |= is_ended
                return None
        is_continued = any(_is_same_press(heard, code, timestamp) for heard in self._heard)
        self._heard.append(_Heard(source, timestamp, code, is_ended))
        return None if is_continued else KEYS[code]

    def knows(self, source: int, timestamp: int) -> bool:
        """Whether a packet of this event tells of no key any more."""
        if not self._heard or self._is_restarted(source, timestamp):
            return False
        return any(heard.timestamp == timestamp for heard in self._heard)

    def _is_restarted(self, source: int, timestamp: int) -> bool:
        """Whether the sender counts anew: another source, or time that runs backwards by seconds."""
        newest = self._heard[-1]
        age = (newest.timestamp - timestamp) & 0xFFFFFFFF
        return source != newest.source or REORDER_MAX + SEGMENT_MAX < age < 1 << 31


def _is_same_press(heard: _Heard, code: int, timestamp: int) -> bool:
    """Whether a packet is another segment of an event: each starts where the one before was full."""
    if heard.code != code:
        return False
    ahead = (timestamp - heard.timestamp) & 0xFFFFFFFF
    behind = (heard.timestamp - timestamp) & 0xFFFFFFFF
    if ahead <= SEGMENTS_MAX * SEGMENT_MAX:
        return ahead % SEGMENT_MAX == 0 and not heard.is_ended
    return behind <= SEGMENTS_MAX * SEGMENT_MAX and behind % SEGMENT_MAX == 0


@dataclass(frozen=True, slots=True)
class EventPacket:
    """What takes the place of one audio frame while a key is relayed."""

    payload: bytes
    timestamp: int
    is_marked: bool


class DigitSender:
    """Relays keys one after another, each as a packet per frame, the last one three times."""

    __slots__ = ("_frame", "_keys", "_started_at")

    def __init__(self) -> None:
        self._keys: deque[str] = deque()
        self._frame = 0
        self._started_at = 0

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing left to send and the last pause is over."""
        return not self._keys

    def press(self, key: str) -> None:
        """Send this key after those that wait; beyond `PRESSES_MAX` it is dropped."""
        if len(self._keys) < PRESSES_MAX:
            self._keys.append(key)

    def next_packet(self, timestamp: int) -> EventPacket | None:
        """What to send in the frame that starts at `timestamp`; None where audio goes (the pause).

        Call it once a frame and only while not idle.
        """
        frame, self._frame = self._frame, self._frame + 1
        if frame == 0:
            self._started_at = timestamp
        last = _PRESS_FRAMES + _ENDS - 1
        if frame >= last:
            if frame == last + _PAUSE_FRAMES - 1:
                self._keys.popleft()
                self._frame = 0
            return None
        is_ended = frame >= _PRESS_FRAMES - 1
        duration = _FRAME * min(frame + 1, _PRESS_FRAMES)
        flags = _VOLUME | (_END_BIT if is_ended else 0)
        payload = _PAYLOAD.pack(KEYS.index(self._keys[0]), flags, duration)
        return EventPacket(payload, self._started_at, is_marked=frame == 0)
