"""Many steps at once while nothing happens that is told of: for who knows beforehand what will arrive.

A simulation does, and saves most of the price of a frame. What comes of it is what steps one by one would have
made, to the byte; wherever anything else is to happen (a first packet, a new key, a jump, the end of a play), there
is no leap and steps are made as always.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import lt
from typing import Final

import numpy as np

from switch.media.control import Address
from switch.media.g711 import HALVED_CODES, MU_LAW, OTHER_LAW_CODES, SILENT_FRAMES, Codes
from switch.media.hearing import CONCEALED_MAX, DEPTH_WANTED, WINDOW_FRAMES
from switch.media.legs import NEVER, RING_FRAMES, LegId, Legs
from switch.media.rota import FRAME_TICKS
from switch.media.sending import over
from switch.media.taping import RecordedFrames, Taping
from switch.media.wire import FRAME_SAMPLES, AnyPacket, RtpPacket

SEEN_BITS: Final = 64
"""Sequence numbers a leg remembers (`Receiver`)."""

STEP_MAX: Final = 32
"""Packets missing before one that are left to steps."""

Row = tuple[AnyPacket, Sequence[float]]
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
    early: int = 0
    """Packets of keys, before the first one of audio."""
    frames: list[range] = field(default_factory=list)
    """The numbers of the frames of audio."""
    instants: list[float] = field(default_factory=list)
    """When each of them arrives."""
    payloads: list[bytes] = field(default_factory=list)
    keys: list[AnyPacket] = field(default_factory=list)

    def add_audio(self, first: int, payload: bytes, instants: Sequence[float]) -> None:
        """Add frames, the first of this number."""
        self.frames.append(range(first, first + len(instants)))
        self.newest = first + len(instants) - 1
        self.instants += instants
        self.payloads.append(payload)

    def count_in(self, step: int, count: int) -> None:
        """Count packets, the first of them `step` after the highest."""
        self.count += count
        self.highest += step + count - 1
        seen = self.seen << step + count - 1 | (1 << count) - 1
        self.seen = seen & (1 << SEEN_BITS) - 1


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
        heard: dict[int, HeardInLeap] = {}
        for row in rows:
            found = self._hear(row, by_row.get(row), instants)
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
        for run, payload in zip(arrived.frames, arrived.payloads, strict=True):
            self._put(row, run[-RING_FRAMES:], payload[-RING_FRAMES * FRAME_SAMPLES :])
        if arrived.frames:
            cells.newest_timestamp[row] += (arrived.newest - cells.newest[row]) * FRAME_SAMPLES
            cells.newest[row] = arrived.newest
            cells.late_run[row] = 0
        cells.highest[row] = arrived.highest
        cells.seen[row] = arrived.seen
        cells.received[row] += arrived.count
        cells.packets_in[row] += arrived.count + arrived.early
        legs.arrived_at[row] = arrived.last_at
        cells.is_lost_told[row] = False
        for key in arrived.keys:
            told = legs.digits[row].receive(key.ssrc, key.timestamp, key.payload)
            assert told is None, "this key was told of"

    def _put(self, row: int, frames: range, payload: bytes) -> None:
        """Put frames into the ring, no more than it has room for."""
        ring, held = self._legs.cells.ring, self._legs.cells.held
        cell = row * RING_FRAMES + frames.start % RING_FRAMES
        room = (row + 1) * RING_FRAMES - cell
        size = room * FRAME_SAMPLES
        for first, part in ((cell, payload[:size]), (row * RING_FRAMES, payload[size:])):
            ring[first * FRAME_SAMPLES : first * FRAME_SAMPLES + len(part)] = part
        for number in frames:
            held[row * RING_FRAMES + number % RING_FRAMES] = number

    def _hear(self, row: int, incoming: Incoming | None, steps: Sequence[float]) -> HeardInLeap | None:
        """What a leg hears frame by frame; None where anything but frames and known keys arrives in order."""
        if self._legs.cells.surplus[row]:
            return None
        arrived = None if incoming is None else self._take(row, incoming)
        if arrived is None and incoming is not None:
            return None
        instants, runs, payloads = (
            ([], [], []) if arrived is None else (arrived.instants, arrived.frames, arrived.payloads)
        )
        depth_min = self._depth_min(row, instants, runs, steps)
        if depth_min is None:
            return None
        octets, concealed = self._hear_through(row, runs, payloads, len(steps))
        return HeardInLeap(arrived, octets, depth_min, concealed)

    def _take(self, row: int, incoming: Incoming) -> _Arrived | None:
        """What arrives, None unless it is of the present source and in order, and tells of no new key."""
        cells = self._legs.cells
        if incoming.source != self._legs.latched[row] or not cells.is_receiving[row]:
            return None
        arrived = _Arrived(cells.highest[row], cells.seen[row], cells.newest[row])
        newest_timestamp, base = cells.newest_timestamp[row], cells.base[row]
        for packet, instants in incoming.rows:
            if not self.is_plain(row, packet):
                return None
            is_audio = packet.payload_type == cells.payload_type[row]
            if not is_audio:
                arrived.keys.append(packet)
            arrived.last_at = instants[-1]
            if packet.ssrc != cells.source[row]:
                arrived.early += 1
                continue
            step = packet.sequence - arrived.highest & 0xFFFF
            if not 0 < step <= STEP_MAX or not (is_audio or len(instants) == 1):
                return None
            arrived.count_in(step, len(instants))
            if not is_audio:
                continue
            ahead = packet.timestamp - newest_timestamp & 0xFFFFFFFF
            frame, remainder = divmod(newest_timestamp + ahead - base, FRAME_SAMPLES)
            if (
                remainder
                or ahead >= 1 << 31
                or frame <= arrived.newest
                or len(packet.payload) != len(instants) * FRAME_SAMPLES
            ):
                return None
            arrived.add_audio(frame, packet.payload, instants)
        return arrived

    def is_plain(self, row: int, packet: AnyPacket) -> bool:
        """Whether a packet is of audio that goes on, or of a key that was told of."""
        cells, receiver = self._legs.cells, self._legs.digits.get(row)
        if self._legs.latched[row] is None:
            return False
        if packet.payload_type == cells.payload_type[row]:
            return bool(cells.has_base[row]) and packet.ssrc == cells.source[row]
        is_event = packet.payload_type == cells.own_digits_payload_type[row]
        return is_event and receiver is not None and receiver.knows(packet.ssrc, packet.timestamp)

    def _hear_through(
        self, row: int, runs: Sequence[range], payloads: Sequence[bytes], count: int
    ) -> tuple[bytes, int]:
        """The frames of a leg, first those it holds, then those that arrive; how many at the end hide a gap."""
        cells = self._legs.cells
        playhead, law, concealed = cells.playhead[row], cells.law[row], cells.concealed[row]
        end = min(cells.newest[row] + 1, playhead + count)
        ring = [self._held(row, number) for number in range(playhead, end)]
        if not runs and not any(ring) and concealed >= CONCEALED_MAX:
            return SILENT_FRAMES[law] * count, concealed + count
        if all(ring) and len(ring) == max(0, end - playhead):
            if end == playhead + count:
                return b"".join(ring), 0
            if len(runs) == 1 and runs[0].start == end and runs[0].stop >= playhead + count:
                return b"".join([*ring, payloads[0]])[: count * FRAME_SAMPLES], 0
        known = dict(zip(range(playhead, end), ring, strict=True))
        for run, payload in zip(runs, payloads, strict=True):
            known |= {number: payload[n * FRAME_SAMPLES : (n + 1) * FRAME_SAMPLES] for n, number in enumerate(run)}
        frames = [bytes(cells.heard[row * FRAME_SAMPLES : (row + 1) * FRAME_SAMPLES])]
        for number in range(playhead, playhead + count):
            frame = known.get(number)
            concealed = 0 if frame else concealed + 1
            # As `Hearing` hides a gap.
            hidden = frames[-1].translate(HALVED_CODES[law]) if concealed <= CONCEALED_MAX else SILENT_FRAMES[law]
            frames.append(frame or hidden)
        return b"".join(frames[1:]), concealed

    def _held(self, row: int, number: int) -> bytes:
        """A frame of the ring, nothing where it is not there."""
        cells, cell = self._legs.cells, row * RING_FRAMES + number % RING_FRAMES
        if cells.held[cell] != number:
            return b""
        return bytes(cells.ring[cell * FRAME_SAMPLES : (cell + 1) * FRAME_SAMPLES])

    def _depth_min(
        self, row: int, instants: Sequence[float], runs: Sequence[range], steps: Sequence[float]
    ) -> int | None:
        """The least depth of the window that is open at the end.

        None where a window ends too deep (`Hearing`), or a frame comes after its turn or before there is room for it.
        """
        cells, count = self._legs.cells, len(steps)
        playhead, newest, least = cells.playhead[row], cells.newest[row], cells.depth_min[row]
        ends = range((WINDOW_FRAMES // 2 - playhead) % WINDOW_FRAMES, count, WINDOW_FRAMES)
        waiting = bisect_left(instants, steps[0])
        depth = newest + waiting - playhead
        if _is_even(runs, newest + 1, instants[waiting:], steps) and 0 <= depth < (
            DEPTH_WANTED if ends else RING_FRAMES
        ):
            # One frame comes for each that is heard, as nearly always: the depth is the same at every step.
            if not ends:
                return min(least, depth)
            return depth if ends[-1] + 1 < count else NEVER
        numbers, at = list(chain(*runs)), 0
        for step, instant in enumerate(steps):
            while at < len(numbers) and instants[at] < instant:
                newest = numbers[at]
                if not 0 <= newest - playhead - step < RING_FRAMES:
                    return None
                at += 1
            least = min(least, newest - playhead - step)
            if step in ends:
                if DEPTH_WANTED <= least < NEVER:
                    return None
                least = NEVER
        return least

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
        codes = _codes(octets)
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
                codes[:, side] = _codes(heard[row].octets)
        laws = bytes(int(self._legs.law[row]) if row in heard else MU_LAW for row in rows)
        first = [(tick - tape.first_tick) // FRAME_TICKS for _, tape in tapes]
        numbers = [number + step for step in range(count) for number in first]
        return RecordedFrames([key for key, _ in tapes] * count, numbers, codes.tobytes(), laws * count)


def _codes(octets: bytes) -> Codes:
    """As frames."""
    return np.frombuffer(octets, np.uint8).reshape(-1, FRAME_SAMPLES)


def _is_even(runs: Sequence[range], first: int, instants: Sequence[float], steps: Sequence[float]) -> bool:
    """Whether frames go on from the first one, and one arrives between any two steps."""
    if len(runs) != 1 or runs[0].start != first or len(instants) != len(steps) - 1:
        return False
    return all(map(lt, steps, instants)) and all(map(lt, instants, steps[1:]))
