"""The state of every leg, as arrays: one row a leg, rows used again under a new generation.

A `LegId` names one life of one row. A row that was freed keeps nothing of its former life, and an id of that
life is answered with `None` by `row_of`: neither a late datagram nor a late command reaches the next tenant.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final, NewType

import numpy as np
from numpy.typing import NDArray

from switch.media.control import Address
from switch.media.digits import DigitReceiver, DigitSender
from switch.media.g711 import SILENCE
from switch.media.playing import Playing
from switch.media.wire import FRAME_SAMPLES

LegId = NewType("LegId", int)
Rows = NDArray[np.int64]
"""Row numbers, each at most once unless said otherwise."""

ROW_BITS: Final = 20
ROW_MASK: Final = (1 << ROW_BITS) - 1

RING_FRAMES: Final = 32
"""Frames a leg can hold unplayed: 640 ms, more than any stall worth hiding; a power of two."""
NEVER: Final = 1 << 62
"""A tick that does not come."""
NO_ROW: Final = -1
FEW: Final = 8
"""Up to so many legs are stepped one by one, more as arrays: below it the calls of numpy cost more than the work
(measured: one leg costs 5 µs alone, a step of arrays 150 µs and little more for each leg)."""
NO_FRAME: Final = -(1 << 40)
"""Before every frame that can be: playheads start a few frames below 0."""


class Legs:
    """Structure of arrays over all legs; `capacity` rows are laid out at the start."""

    def __init__(self, capacity: int, *, few: int = FEW) -> None:
        if not 0 < capacity <= ROW_MASK:
            raise ValueError(f"capacity must be 1 to {ROW_MASK}")
        n = capacity
        self.capacity = n
        self.few = few
        self.generation = np.zeros(n, np.int64)
        self.is_open = np.zeros(n, np.bool_)
        self.is_connected = np.zeros(n, np.bool_)
        self.is_sending = np.zeros(n, np.bool_)
        self.is_receiving = np.zeros(n, np.bool_)
        self.law = np.zeros(n, np.uint8)
        self.payload_type = np.zeros(n, np.int16)
        self.digits_payload_type = np.full(n, -1, np.int16)
        self.own_digits_payload_type = np.full(n, -1, np.int16)

        self.ssrc = np.zeros(n, np.uint32)
        self.sequence = np.zeros(n, np.uint16)
        self.timestamp = np.zeros(n, np.uint32)
        self.is_marked = np.zeros(n, np.bool_)
        self.hears = np.full(n, NO_ROW, np.int64)
        self.relays_digits = np.zeros(n, np.bool_)

        self._lay_out_receiving(n)
        self._lay_out_counters(n)

        self.remote: list[Address | None] = [None] * n
        self.signalled_from: list[str] = [""] * n
        self.latched: list[Address | None] = [None] * n
        self.target: list[Address | None] = [None] * n
        self.rearmed_at: dict[int, float] = {}
        """When another address was agreed in the middle of a stream: what came before it latches nothing."""
        self.playing: dict[int, Playing] = {}
        self.overlay: dict[int, Playing] = {}
        self.dialling: dict[int, DigitSender] = {}
        self.digits: dict[int, DigitReceiver] = {}
        self._free = list(range(n))
        self.cells = Cells(self)

    def _lay_out_receiving(self, n: int) -> None:
        """The stream from the peer and its ring of frames, numbered from its first packet."""
        self.source = np.full(n, -1, np.int64)
        self.has_base = np.zeros(n, np.bool_)
        self.newest_timestamp = np.zeros(n, np.int64)
        self.base = np.zeros(n, np.int64)
        self.newest = np.full(n, NO_FRAME, np.int64)
        self.playhead = np.zeros(n, np.int64)
        self.ring = np.zeros((n, RING_FRAMES, FRAME_SAMPLES), np.uint8)
        self.held = np.full((n, RING_FRAMES), NO_FRAME, np.int64)
        self.late_run = np.zeros(n, np.int16)
        self.depth_min = np.full(n, NEVER, np.int64)
        self.surplus = np.zeros(n, np.int64)
        self.heard = np.zeros((n, FRAME_SAMPLES), np.uint8)
        self.heard_at = np.full(n, -NEVER, np.int64)
        self.concealed = np.zeros(n, np.int64)

    def _lay_out_counters(self, n: int) -> None:
        """What was seen of the peer's stream, and the counters told to others."""
        self.arrived_at = np.zeros(n, np.float64)
        self.is_lost_told = np.zeros(n, np.bool_)
        self.highest = np.zeros(n, np.int64)
        self.seen = np.zeros(n, np.uint64)
        self.first = np.zeros(n, np.int64)
        self.received = np.zeros(n, np.int64)
        self.packets_in = np.zeros(n, np.int64)
        self.packets_out = np.zeros(n, np.int64)
        self.packets_lost = np.zeros(n, np.int64)
        self.packets_late = np.zeros(n, np.int64)
        self.packets_discarded = np.zeros(n, np.int64)

    def open(self) -> LegId:
        """Take the lowest free row.

        Raises:
            IndexError: All rows are taken.
        """
        row = heapq.heappop(self._free)
        self.is_open[row] = True
        return LegId(row | self.cells.generation[row] << ROW_BITS)

    def close(self, leg: LegId) -> None:
        """Free the row and wipe what it held; whoever heard it hears nothing."""
        row = self.row_of(leg)
        if row is None:
            return
        self.hears[self.hears == row] = NO_ROW
        for name, blank in _BLANK.items():
            getattr(self, name)[row] = blank
        for addresses in (self.remote, self.latched, self.target):
            addresses[row] = None
        self.signalled_from[row] = ""
        for by_row in (self.playing, self.overlay, self.dialling, self.digits, self.rearmed_at):
            by_row.pop(row, None)
        self.generation[row] += 1
        heapq.heappush(self._free, row)

    def row_of(self, leg: LegId) -> int | None:
        """The row of a leg that is still open."""
        row = leg & ROW_MASK
        if row < self.capacity and self.cells.is_open[row] and self.cells.generation[row] == leg >> ROW_BITS:
            return row
        return None

    def id_of(self, row: int) -> LegId:
        """Name the life a row has now."""
        return LegId(row | self.cells.generation[row] << ROW_BITS)

    def ids_of(self, rows: Rows) -> list[LegId]:
        """Name the lives several rows have now."""
        ids: list[LegId] = (rows | self.generation[rows] << ROW_BITS).tolist()
        return ids

    def forget_source(self, row: int) -> None:
        """Expect a new sender: whatever was buffered is dropped, its losses are kept in the count."""
        self.settle_losses(row)
        for name in ("source", "has_base", "newest", "held", "late_run", "depth_min", "surplus", "received"):
            getattr(self, name)[row] = _BLANK[name]

    def forget_frames(self, row: int) -> None:
        """Drop what is buffered, and find the place of the next packet of the same sender anew."""
        for name in ("has_base", "newest", "held", "late_run", "depth_min", "surplus"):
            getattr(self, name)[row] = _BLANK[name]

    def settle_losses(self, row: int) -> None:
        """Add to the count what the present source sent and we never saw (RFC 3550 §6.4.1)."""
        self.packets_lost[row] = self.lost(row)
        self.first[row] = self.highest[row] + 1
        self.received[row] = 0

    def lost(self, row: int) -> int:
        """Packets lost until now, over all sources of this leg."""
        expected = int(self.highest[row] - self.first[row]) + 1 if self.source[row] >= 0 else 0
        return int(self.packets_lost[row]) + max(0, expected - int(self.received[row]))

    def hush(self, rows: Rows) -> None:
        """Set what these legs' peers say now to silence."""
        self.heard[rows] = SILENCE[self.law[rows]][:, None]


class Cells:
    """The same arrays, cell by cell: a view gives plain numbers, in a third of the time an array takes.

    `ring`, `held` and `heard` are laid out flat.
    """

    __slots__ = (
        "base",
        "concealed",
        "depth_min",
        "generation",
        "has_base",
        "heard",
        "heard_at",
        "hears",
        "held",
        "highest",
        "is_lost_told",
        "is_marked",
        "is_open",
        "is_receiving",
        "is_sending",
        "late_run",
        "law",
        "newest",
        "newest_timestamp",
        "own_digits_payload_type",
        "packets_in",
        "packets_out",
        "payload_type",
        "playhead",
        "received",
        "ring",
        "seen",
        "sequence",
        "source",
        "ssrc",
        "surplus",
        "timestamp",
    )

    def __init__(self, legs: Legs) -> None:
        for name in self.__slots__:
            setattr(self, name, memoryview(getattr(legs, name).reshape(-1)))

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> memoryview[int]: ...


_BLANK: Final[dict[str, object]] = {
    "is_open": False,
    "is_connected": False,
    "is_sending": False,
    "is_receiving": False,
    "digits_payload_type": -1,
    "own_digits_payload_type": -1,
    "hears": NO_ROW,
    "relays_digits": False,
    "source": -1,
    "has_base": False,
    "newest": NO_FRAME,
    "held": NO_FRAME,
    "late_run": 0,
    "depth_min": NEVER,
    "surplus": 0,
    "heard": 0,
    "heard_at": -NEVER,
    "concealed": 0,
    "is_lost_told": False,
    "highest": 0,
    "seen": 0,
    "first": 0,
    "received": 0,
    "packets_in": 0,
    "packets_out": 0,
    "packets_lost": 0,
    "packets_late": 0,
    "packets_discarded": 0,
}
"""What a row holds before its first packet; the ring needs no wiping, nothing in it is `held`."""
