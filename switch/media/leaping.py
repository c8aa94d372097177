"""Many steps at once while nothing but plain audio passes: for who knows beforehand what will arrive.

A simulation does, and saves most of the price of a frame. What comes of it is what steps one by one would have
made, to the byte; wherever anything else is to happen (a first packet, a key, a gap, the end of a play, an
overlay), there is no leap and steps are made as always.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from switch.media.control import Address
from switch.media.g711 import MU_LAW, OTHER_LAW_CODES, SILENT_FRAMES, Codes
from switch.media.hearing import CONCEALED_MAX, DEPTH_WANTED, WINDOW_FRAMES
from switch.media.legs import NEVER, RING_FRAMES, LegId, Legs
from switch.media.rota import FRAME_TICKS
from switch.media.sending import Packet, over
from switch.media.taping import RecordedFrames, Taping
from switch.media.wire import FRAME_DTYPE, FRAME_SAMPLES, FRAME_SIZE, HEADER_SIZE, MARKER_BIT, PLAIN_FIRST_BYTE

Numbers = NDArray[np.int64]
_WORDS: Final = np.dtype(">u4")
_NO_MARK: Final = np.array([~(MARKER_BIT << 16) & 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF], np.uint32)

SEEN_BITS: Final = 64
"""Sequence numbers a leg remembers (`Receiver`)."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What arrives for one leg, from one address, in order of the instants."""

    source: Address
    octets: bytes
    """Datagrams of `FRAME_SIZE`, joined."""
    instants: Sequence[float]


@dataclass(frozen=True, slots=True)
class HeardInLeap:
    """What the peer of one leg says during a leap."""

    row: int
    arrived: Codes
    last_at: float
    frames: Codes
    """Shape (steps, 160)."""
    depth_min: int


@dataclass(frozen=True, slots=True)
class Leap:
    """Steps made, but not yet kept: `Leaping.keep` does that."""

    steps: int
    said: list[Packet]
    """Of each leg that sends, its datagrams joined: one of `FRAME_SIZE` in each step."""
    recorded: RecordedFrames | None
    """Of all steps together."""
    heard: dict[int, HeardInLeap]
    last_tick: int


class Leaping:
    """Makes and keeps leaps of the legs that are due together."""

    def __init__(self, legs: Legs, taping: Taping) -> None:
        self._legs = legs
        self._taping = taping

    def steps_max(self, rows: Sequence[int], tick: int) -> int:
        """How many frames of these legs from a tick on are plain, as far as it depends on them."""
        legs = self._legs
        if not rows or len(rows) > legs.few or not self._taping.is_under_way(tick):
            return 0
        if any(row in legs.dialling for row in rows):
            return 0
        # The last frame of a play tells of its end.
        plays = [playing[row] for playing in (legs.playing, legs.overlay) for row in rows if row in playing]
        left = [play.frames_left for play in plays]
        return min((frames - 1 for frames in left if frames is not None), default=NEVER)

    def leap(
        self, rows: Sequence[int], tick: int, instants: Sequence[float], arrived: Mapping[LegId, Incoming]
    ) -> Leap | None:
        """Make steps from this tick on; None where what arrives is not plain. Nothing is changed yet.

        Args:
            rows: The legs due.
            tick: The first step's.
            instants: Of the steps.
            arrived: What arrives before the last step, nothing of it at the very instant of a step.
        """
        legs, count = self._legs, len(instants)
        by_row = {legs.row_of(leg): incoming for leg, incoming in arrived.items()}
        if not by_row.keys() <= set(rows):
            return None
        steps = np.array(instants)
        heard: dict[int, HeardInLeap] = {}
        for row in rows:
            found = self._hear(row, by_row.get(row), steps)
            if found is None:
                return None
            heard[row] = found
        tapes = self._taping.due(tick)
        rows_read = {row for _, tape in tapes for row in (tape.left, tape.right)} | {
            int(legs.hears[row]) for row in rows
        }
        # Who is not due now must have been silent for a frame, as `Sender` and `Taping` see it.
        if any(row >= 0 and row not in heard and legs.heard_at[row] > tick - FRAME_TICKS for row in rows_read):
            return None
        last_tick = tick + (count - 1) * FRAME_TICKS
        said = [packets for row in rows if (packets := self._send(row, heard, count)) is not None]
        return Leap(count, said, self._record(tick, count, heard), heard, last_tick)

    def keep(self, leap: Leap) -> None:
        """Let the legs be as after these steps."""
        legs, count = self._legs, leap.steps
        for row, heard in leap.heard.items():
            if len(heard.arrived):
                self._keep_arrived(row, heard)
                legs.concealed[row] = 0
            else:
                legs.concealed[row] += count
            legs.heard[row] = heard.frames[-1]
            legs.heard_at[row] = leap.last_tick
            legs.depth_min[row] = heard.depth_min
            legs.playhead[row] += count
            for playing in (legs.playing, legs.overlay):
                if row in playing:
                    playing[row].skip(count)
            if legs.is_sending[row]:
                legs.is_marked[row] = False
                legs.sequence[row] = int(legs.sequence[row]) + count & 0xFFFF
                legs.packets_out[row] += count
            legs.timestamp[row] = int(legs.timestamp[row]) + count * FRAME_SAMPLES & 0xFFFFFFFF

    def _keep_arrived(self, row: int, heard: HeardInLeap) -> None:
        legs, count = self._legs, len(heard.arrived)
        frames = legs.newest[row] + 1 + np.arange(count)[-RING_FRAMES:]
        cells = frames % RING_FRAMES
        legs.ring[row, cells] = heard.arrived[-RING_FRAMES:]
        legs.held[row, cells] = frames
        legs.newest[row] += count
        legs.newest_timestamp[row] += count * FRAME_SAMPLES
        legs.highest[row] += count
        seen = (int(legs.seen[row]) << count | (1 << count) - 1) & (1 << SEEN_BITS) - 1
        legs.seen[row] = np.uint64(seen)
        legs.received[row] += count
        legs.packets_in[row] += count
        legs.arrived_at[row] = heard.last_at
        legs.is_lost_told[row] = False
        legs.late_run[row] = 0

    def _hear(self, row: int, incoming: Incoming | None, steps: NDArray[np.float64]) -> HeardInLeap | None:
        """What a leg hears frame by frame; None where one is missing, or anything but the next one arrives."""
        legs, count = self._legs, len(steps)
        newest, playhead = int(legs.newest[row]), int(legs.playhead[row])
        if legs.surplus[row]:
            return None
        if incoming is None:
            arrived, last_at = np.empty((0, FRAME_SAMPLES), np.uint8), 0.0
            depth = newest - playhead - np.arange(count)
            frames = self._hear_buffered(row, depth)
        else:
            taken = self._take(row, incoming)
            if taken is None:
                return None
            arrived, last_at = taken, incoming.instants[-1]
            come = np.searchsorted(np.array(incoming.instants), steps)
            depth = newest + come - playhead - np.arange(count)
            frames = None if depth.min() < 0 else self._hear_through(row, arrived, count)
        depth_min = self._least(row, playhead, depth)
        if frames is None or depth_min is None:
            return None
        return HeardInLeap(row, arrived, last_at, frames, depth_min)

    def _take(self, row: int, incoming: Incoming) -> Codes | None:
        """The payloads of what arrives, None unless each is the next frame of the present source."""
        legs, octets, count = self._legs, incoming.octets, len(incoming.instants)
        if len(octets) != count * FRAME_SIZE or incoming.source != legs.latched[row]:
            return None
        if not legs.has_base[row] or not legs.is_receiving[row]:
            return None
        number = np.arange(1, count + 1)
        wanted = self._headers(
            legs.payload_type[row],
            int(legs.highest[row]) + number,
            int(legs.newest_timestamp[row]) + number * FRAME_SAMPLES,
            int(legs.source[row]),
        )
        words = np.frombuffer(octets, _WORDS).reshape(count, -1)[:, :3]
        if ((words ^ wanted) & _NO_MARK).any():
            return None
        is_even = legs.newest_timestamp[row] == legs.base[row] + legs.newest[row] * FRAME_SAMPLES
        return np.frombuffer(octets, FRAME_DTYPE)["payload"] if is_even else None

    def _headers(self, payload_type: int, sequence: Numbers, timestamp: Numbers, ssrc: int) -> NDArray[np.uint32]:
        """Headers of packets as words, without a mark."""
        words = np.empty((len(sequence), 3), np.uint32)
        words[:, 0] = PLAIN_FIRST_BYTE << 24 | int(payload_type) << 16 | (sequence & 0xFFFF)
        words[:, 1] = timestamp & 0xFFFFFFFF
        words[:, 2] = ssrc
        return words

    def _hear_buffered(self, row: int, depth: NDArray[np.int64]) -> Codes | None:
        """The frames of a leg for which nothing arrives: silence, once what was before has faded."""
        legs = self._legs
        if depth[0] >= 0 or legs.concealed[row] < CONCEALED_MAX:
            return None
        silence = np.frombuffer(SILENT_FRAMES[legs.law[row]], np.uint8)
        return np.broadcast_to(silence, (len(depth), FRAME_SAMPLES))

    def _hear_through(self, row: int, arrived: Codes, count: int) -> Codes | None:
        """The frames of a leg: first those it holds, then those that arrive."""
        legs = self._legs
        waiting = np.arange(legs.playhead[row], legs.newest[row] + 1)[:count]
        cells = waiting % RING_FRAMES
        if (legs.held[row, cells] != waiting).any():
            return None
        return np.concatenate([legs.ring[row, cells], arrived[: count - len(waiting)]])

    def _least(self, row: int, playhead: int, depth: NDArray[np.int64]) -> int | None:
        """The least depth of the window that is open at the end; None where one ends too deep (`Hearing`)."""
        least, start = int(self._legs.depth_min[row]), 0
        ends = range((WINDOW_FRAMES // 2 - playhead) % WINDOW_FRAMES, len(depth), WINDOW_FRAMES)
        for end in ends:
            if min(least, int(depth[start : end + 1].min())) >= DEPTH_WANTED:
                return None
            least, start = NEVER, end + 1
        return min(least, int(depth[start:].min())) if start < len(depth) else least

    def _send(self, row: int, heard: Mapping[int, HeardInLeap], count: int) -> Packet | None:
        """What a leg sends, joined; None where it sends nothing."""
        legs = self._legs
        target, leg = legs.target[row], legs.id_of(row)
        if not legs.is_sending[row] or target is None:
            return None
        number = np.arange(count)
        words = np.empty((count, FRAME_SIZE // 4), _WORDS)
        words[:, :3] = self._headers(
            legs.payload_type[row],
            int(legs.sequence[row]) + number,
            int(legs.timestamp[row]) + number * FRAME_SAMPLES,
            int(legs.ssrc[row]),
        )
        octets = words.view(np.uint8)
        if legs.is_marked[row]:
            octets[0, 1] |= MARKER_BIT
        octets[:, HEADER_SIZE:] = self._mixed(row, self._said(row, heard, count))
        return leg, octets.tobytes(), target

    def _mixed(self, row: int, codes: Codes) -> Codes:
        """What is said to a leg, under its overlay if it has one."""
        overlay = self._legs.overlay.get(row)
        if overlay is None:
            return codes
        audio = overlay.samples_ahead(len(codes)).reshape(codes.shape)
        return over(codes, audio, np.full(len(codes), self._legs.law[row]))

    def _said(self, row: int, heard: Mapping[int, HeardInLeap], count: int) -> Codes:
        legs = self._legs
        law, play, source = int(legs.law[row]), legs.playing.get(row), int(legs.hears[row])
        if play is not None:
            codes = play.codes_ahead(law, count)
        elif source not in heard:
            codes = SILENT_FRAMES[law] * count
        elif legs.law[source] == law:
            return heard[source].frames
        else:
            codes = heard[source].frames.tobytes().translate(OTHER_LAW_CODES[legs.law[source]])
        return np.frombuffer(codes, np.uint8).reshape(count, FRAME_SAMPLES)

    def _record(self, tick: int, count: int, heard: Mapping[int, HeardInLeap]) -> RecordedFrames | None:
        """The frames of all recordings, step after step."""
        tapes = self._taping.due(tick)
        if not tapes:
            return None
        rows = [row for _, tape in tapes for row in (tape.left, tape.right)]
        codes = np.full((count, len(rows), FRAME_SAMPLES), SILENT_FRAMES[MU_LAW][0], np.uint8)
        for side, row in enumerate(rows):
            if row in heard:
                codes[:, side] = heard[row].frames
        laws = bytes(int(self._legs.law[row]) if row in heard else MU_LAW for row in rows)
        first = [(tick - tape.first_tick) // FRAME_TICKS for _, tape in tapes]
        numbers = [number + step for step in range(count) for number in first]
        return RecordedFrames([key for key, _ in tapes] * count, numbers, codes.tobytes(), laws * count)
