"""Many steps at once while nothing happens that is told of: for who knows beforehand what will arrive.

A simulation does, and saves most of the price of a frame. What comes of it is what steps one by one would have
made, to the byte; wherever anything else is to happen (a first packet, a new key, a jump, the end of a play), there
is no leap and steps are made as always.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from switch.media.control import Address
from switch.media.g711 import HALVED_CODES, MU_LAW, OTHER_LAW_CODES, SILENCE, SILENT_FRAMES, Codes
from switch.media.hearing import CONCEALED_MAX, DEPTH_WANTED, WINDOW_FRAMES
from switch.media.legs import NEVER, RING_FRAMES, LegId, Legs
from switch.media.rota import FRAME_TICKS
from switch.media.sending import over
from switch.media.taping import RecordedFrames, Taping
from switch.media.wire import FRAME_SAMPLES, RtpPacket

Numbers = NDArray[np.int64]

SEEN_BITS: Final = 64
"""Sequence numbers a leg remembers (`Receiver`)."""

STEP_MAX: Final = 32
"""Packets missing before one that are left to steps."""

Row = tuple[RtpPacket, Sequence[float]]
"""Packets that follow each other, as the first with the payloads of all, joined, and an instant for each: audio of 160
samples each, or one packet of a key."""

Said = tuple[LegId, RtpPacket, Address]
"""The leg whose socket sends, a packet of audio in each step, their payloads joined, and where to."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What arrives for one leg, from one address, in order of the instants."""

    source: Address
    rows: Sequence[Row]


@dataclass(slots=True)
class _Arrived:
    """What came of the rows of one leg."""

    highest: int
    seen: int
    newest: int
    last_at: float = 0.0
    count: int = 0
    frames: list[range] = field(default_factory=list)
    """The numbers of the frames of audio."""
    instants: list[float] = field(default_factory=list)
    """When each of them arrives."""
    payloads: list[bytes] = field(default_factory=list)
    keys: list[RtpPacket] = field(default_factory=list)

    def add_audio(self, first: int, payload: bytes, instants: Sequence[float]) -> None:
        """Add frames, the first of this number."""
        self.frames.append(range(first, first + len(instants)))
        self.newest = first + len(instants) - 1
        self.instants += instants
        self.payloads.append(payload)

    def count_in(self, step: int, instants: Sequence[float]) -> None:
        """Count packets, the first of them `step` after the highest."""
        count = len(instants)
        self.count += count
        self.highest += step + count - 1
        seen = self.seen << step + count - 1 | (1 << count) - 1
        self.seen = seen & (1 << SEEN_BITS) - 1
        self.last_at = instants[-1]


@dataclass(frozen=True, slots=True)
class HeardInLeap:
    """What the peer of one leg says during a leap."""

    arrived: _Arrived | None
    octets: bytes
    """Codes of all frames, one a step."""
    depth_min: int
    concealed: int


@dataclass(frozen=True, slots=True)
class Leap:
    """Steps made, but not yet kept: `Leaping.keep` does that."""

    steps: int
    said: list[Said]
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
        legs, cells, count = self._legs, self._legs.cells, leap.steps
        for row, heard in leap.heard.items():
            if heard.arrived is not None:
                self._keep_arrived(row, heard.arrived)
            cells.concealed[row] = heard.concealed
            cells.heard[row * FRAME_SAMPLES : (row + 1) * FRAME_SAMPLES] = heard.octets[-FRAME_SAMPLES:]
            cells.heard_at[row] = leap.last_tick
            cells.depth_min[row] = heard.depth_min
            cells.playhead[row] += count
            for playing in (legs.playing, legs.overlay):
                if row in playing:
                    playing[row].skip(count)
            if cells.is_sending[row]:
                cells.is_marked[row] = False
                cells.sequence[row] = cells.sequence[row] + count & 0xFFFF
                cells.packets_out[row] += count
            cells.timestamp[row] = cells.timestamp[row] + count * FRAME_SAMPLES & 0xFFFFFFFF

    def _keep_arrived(self, row: int, arrived: _Arrived) -> None:
        legs, cells = self._legs, self._legs.cells
        if arrived.frames:
            numbers = _numbers(arrived.frames)[-RING_FRAMES:]
            places = numbers % RING_FRAMES
            legs.ring[row, places] = _codes(arrived.payloads)[-RING_FRAMES:]
            legs.held[row, places] = numbers
            cells.newest_timestamp[row] += (arrived.newest - cells.newest[row]) * FRAME_SAMPLES
            cells.newest[row] = arrived.newest
            cells.late_run[row] = 0
        cells.highest[row] = arrived.highest
        cells.seen[row] = arrived.seen
        cells.received[row] += arrived.count
        cells.packets_in[row] += arrived.count
        legs.arrived_at[row] = arrived.last_at
        cells.is_lost_told[row] = False
        for key in arrived.keys:
            told = legs.digits[row].receive(key.ssrc, key.timestamp, key.payload)
            assert told is None, "this key was told of"

    def _hear(self, row: int, incoming: Incoming | None, steps: NDArray[np.float64]) -> HeardInLeap | None:
        """What a leg hears frame by frame; None where anything but frames and known keys arrives in order."""
        cells, count = self._legs.cells, len(steps)
        if cells.surplus[row]:
            return None
        playhead = cells.playhead[row]
        arrived = None if incoming is None else self._take(row, incoming)
        if arrived is None and incoming is not None:
            return None
        newest: int | Numbers = cells.newest[row]
        if arrived is not None and arrived.frames:
            numbers, instants = _numbers(arrived.frames), np.array(arrived.instants)
            if (numbers - np.searchsorted(steps, instants)).min() < playhead:
                return None  # One comes after its turn.
            newest = np.concatenate([[newest], numbers])[np.searchsorted(instants, steps)]
        depth = newest - playhead - np.arange(count)
        depth_min = self._least(row, playhead, depth)
        if depth_min is None or depth.max() >= RING_FRAMES:
            return None
        heard, concealed = self._hear_through(row, arrived, count)
        return HeardInLeap(arrived, heard, depth_min, concealed)

    def _take(self, row: int, incoming: Incoming) -> _Arrived | None:
        """What arrives, None unless it is of the present source and in order, and tells of no new key."""
        cells = self._legs.cells
        if incoming.source != self._legs.latched[row] or not cells.has_base[row] or not cells.is_receiving[row]:
            return None
        arrived = _Arrived(cells.highest[row], cells.seen[row], cells.newest[row])
        newest_timestamp, base = cells.newest_timestamp[row], cells.base[row]
        for packet, instants in incoming.rows:
            step = packet.sequence - arrived.highest & 0xFFFF
            if packet.ssrc != cells.source[row] or not 0 < step <= STEP_MAX:
                return None
            arrived.count_in(step, instants)
            if packet.payload_type != cells.payload_type[row]:
                if len(instants) > 1 or not self.is_known(row, packet):
                    return None
                arrived.keys.append(packet)
                continue
            ahead = packet.timestamp - newest_timestamp & 0xFFFFFFFF
            frame, remainder = divmod(newest_timestamp + ahead - base, FRAME_SAMPLES)
            if remainder or ahead >= 1 << 31 or frame <= arrived.newest or len(packet.payload) != len(instants) * 160:
                return None
            arrived.add_audio(frame, packet.payload, instants)
        return arrived

    def is_known(self, row: int, packet: RtpPacket) -> bool:
        """Whether a packet is of a key that was told of."""
        receiver = self._legs.digits.get(row)
        is_event = packet.payload_type == self._legs.cells.own_digits_payload_type[row]
        return is_event and receiver is not None and receiver.knows(packet.ssrc, packet.timestamp)

    def _hear_through(self, row: int, arrived: _Arrived | None, count: int) -> tuple[bytes, int]:
        """The frames of a leg, first those it holds, then those that arrive; how many at the end hide a gap."""
        legs, cells = self._legs, self._legs.cells
        playhead, newest = cells.playhead[row], cells.newest[row]
        held = np.arange(playhead, min(newest + 1, playhead + count))
        places = held % RING_FRAMES
        is_held = legs.held[row, places] == held
        runs = [] if arrived is None else arrived.frames
        if not runs and not is_held.any() and cells.concealed[row] >= CONCEALED_MAX:
            return SILENT_FRAMES[cells.law[row]] * count, cells.concealed[row] + count
        frames = np.empty((count, FRAME_SAMPLES), np.uint8)
        is_there = np.zeros(count, np.bool_)
        is_there[: len(held)] = is_held
        frames[: len(held)] = legs.ring[row, places]
        if arrived is not None:
            for run, payload in zip(runs, arrived.payloads, strict=True):
                start = run.start - playhead
                part = slice(start, min(start + len(run), count))
                frames[part] = np.frombuffer(payload, np.uint8).reshape(-1, FRAME_SAMPLES)[: max(0, count - start)]
                is_there[part] = True
        concealed = 0 if is_there.all() else self._conceal(row, frames, is_there)
        return frames.tobytes(), concealed

    def _conceal(self, row: int, frames: Codes, is_there: NDArray[np.bool_]) -> int:
        """Hide gaps as `Hearing` does; how many frames at the end do."""
        law, run = self._legs.cells.law[row], self._legs.cells.concealed[row]
        for number, is_heard in enumerate(is_there.tolist()):
            run = 0 if is_heard else run + 1
            if run > CONCEALED_MAX:
                frames[number] = SILENCE[law]
            elif run:
                before = frames[number - 1] if number else self._legs.heard[row]
                frames[number] = np.frombuffer(before.tobytes().translate(HALVED_CODES[law]), np.uint8)
        return run

    def _least(self, row: int, playhead: int, depth: Numbers) -> int | None:
        """The least depth of the window that is open at the end; None where one ends too deep (`Hearing`)."""
        least, start = self._legs.cells.depth_min[row], 0
        ends = range((WINDOW_FRAMES // 2 - playhead) % WINDOW_FRAMES, len(depth), WINDOW_FRAMES)
        for end in ends:
            if DEPTH_WANTED <= min(least, int(depth[start : end + 1].min())) < NEVER:
                return None
            least, start = NEVER, end + 1
        return min(least, int(depth[start:].min())) if start < len(depth) else least

    def _send(self, row: int, heard: Mapping[int, HeardInLeap], count: int) -> Said | None:
        """What a leg sends, joined; None where it sends nothing."""
        cells, target = self._legs.cells, self._legs.target[row]
        if not cells.is_sending[row] or target is None:
            return None
        packet = RtpPacket(
            payload_type=cells.payload_type[row],
            sequence=cells.sequence[row],
            timestamp=cells.timestamp[row],
            ssrc=cells.ssrc[row],
            payload=self._mixed(row, self._said(row, heard, count)),
            is_marked=bool(cells.is_marked[row]),
        )
        return self._legs.id_of(row), packet, target

    def _mixed(self, row: int, octets: bytes) -> bytes:
        """What is said to a leg, under its overlay if it has one."""
        overlay = self._legs.overlay.get(row)
        if overlay is None:
            return octets
        codes = np.frombuffer(octets, np.uint8).reshape(-1, FRAME_SAMPLES)
        audio = overlay.samples_ahead(len(codes)).reshape(codes.shape)
        return over(codes, audio, np.full(len(codes), self._legs.law[row])).tobytes()

    def _said(self, row: int, heard: Mapping[int, HeardInLeap], count: int) -> bytes:
        cells, play = self._legs.cells, self._legs.playing.get(row)
        law, source = cells.law[row], cells.hears[row]
        if play is not None:
            return play.codes_ahead(law, count)
        if source not in heard:
            return SILENT_FRAMES[law] * count
        octets = heard[source].octets
        return octets if cells.law[source] == law else octets.translate(OTHER_LAW_CODES[cells.law[source]])

    def _record(self, tick: int, count: int, heard: Mapping[int, HeardInLeap]) -> RecordedFrames | None:
        """The frames of all recordings, step after step."""
        tapes = self._taping.due(tick)
        if not tapes:
            return None
        rows = [row for _, tape in tapes for row in (tape.left, tape.right)]
        codes = np.full((count, len(rows), FRAME_SAMPLES), SILENT_FRAMES[MU_LAW][0], np.uint8)
        for side, row in enumerate(rows):
            if row in heard:
                codes[:, side] = _codes([heard[row].octets])
        laws = bytes(int(self._legs.law[row]) if row in heard else MU_LAW for row in rows)
        first = [(tick - tape.first_tick) // FRAME_TICKS for _, tape in tapes]
        numbers = [number + step for step in range(count) for number in first]
        return RecordedFrames([key for key, _ in tapes] * count, numbers, codes.tobytes(), laws * count)


def _numbers(runs: Sequence[range]) -> Numbers:
    """All numbers of these runs."""
    if len(runs) == 1:
        return np.arange(runs[0].start, runs[0].stop)
    return np.concatenate([np.arange(run.start, run.stop) for run in runs])


def _codes(payloads: Sequence[bytes]) -> Codes:
    """Frames of all payloads."""
    return np.frombuffer(b"".join(payloads), np.uint8).reshape(-1, FRAME_SAMPLES)
