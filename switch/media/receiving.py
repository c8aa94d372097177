"""From datagrams to rings: what is valid, whose it is, and at which frame it belongs.

A plain 20 ms packet of the expected source, at a place of the ring that is still to be played, goes the fast
way, all legs in one go. Everything else goes through `_receive_slowly`, one by one: first packets, keys, other
packet times, header extensions, jumps, garbage.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from switch.media.control import Address, DigitPressed, MediaEvent, MediaStarted
from switch.media.digits import DigitReceiver, DigitSender
from switch.media.g711 import SILENCE
from switch.media.legs import NO_FRAME, RING_FRAMES, ROW_BITS, ROW_MASK, LegId, Legs, Rows
from switch.media.sources import Standing, standing_of
from switch.media.wire import (
    FRAME_DTYPE,
    FRAME_SAMPLES,
    FRAME_SIZE,
    HEADER,
    HEADER_SIZE,
    PLAIN_FIRST_BYTE,
    MalformedPacketError,
    RtpPacket,
    parse,
)

DELAY_FRAMES: Final = 3
"""A stream starts to be played 60 to 80 ms after its first packet: a packet may be 60 ms later than the
first was, so jitter of ±30 ms loses nothing."""
DROPOUT_MAX: Final = 3000
"""Sequence numbers a source may jump ahead and still be itself (RFC 3550 A.1): a minute."""
DISORDER_MAX: Final = 100
"""Sequence numbers a packet may be behind (RFC 3550 A.1)."""
BEHIND_MAX: Final = 250
"""Frames a packet may be too late and count as late; farther behind the clock of the source jumped."""
LATE_RUN_MAX: Final = 3
"""Newest packets in a row that come too late before the playing waits for the source."""
ARRIVALS_MAX: Final = 48
"""Datagrams of one leg taken in one step: 20 ms hold one, a stall of a second fifty. The rest is a flood."""
PAYLOAD_MAX: Final = 960
"""Samples of one packet: 120 ms. Nobody sends more than 60."""

STRANGER_PACKETS: Final = 25
"""Packets of a source that nothing speaks for, half a second of audio, before its keys count."""

Events = list[tuple[LegId, MediaEvent]]
Number = TypeVar("Number", int, NDArray[np.int64])


class Arrival(NamedTuple):
    """One datagram as the socket gave it. A plain tuple of this shape will do as well."""

    leg: LegId
    datagram: bytes
    source: Address
    at: float


class Receiver:
    """Takes arrivals into the state of the legs."""

    def __init__(self, legs: Legs) -> None:
        self._legs = legs
        self._jumped_to: dict[int, tuple[int, int]] = {}

    def receive(self, arrived: Sequence[tuple[LegId, bytes, Address, float]], events: Events) -> None:
        """Sort out everything that arrived since the last step, adding to `events`."""
        legs = self._legs
        plain: list[int] = []
        plain_rows: list[int] = []
        slow: list[int] = []
        latched, capacity = legs.latched, legs.capacity
        is_few = len(arrived) <= legs.few
        for i, arrival in enumerate(arrived):
            row = arrival[0] & ROW_MASK
            if len(arrival[1]) != FRAME_SIZE or row >= capacity or arrival[2] != latched[row]:
                slow.append(i)
            elif not is_few:
                plain.append(i)
                plain_rows.append(row)
            elif not self._receive_frame(row, arrival):
                slow.append(i)
        if plain:
            slow += self._receive_frames(arrived, np.array(plain), np.array(plain_rows))
            slow.sort()
        taken: dict[int, int] = {}
        for i in slow:
            leg, datagram, source, at = arrived[i]
            known = legs.row_of(leg)
            if known is None:
                continue
            taken[known] = taken.get(known, 0) + 1
            if taken[known] > ARRIVALS_MAX:
                legs.packets_discarded[known] += 1
                continue
            self._receive_slowly(known, datagram, source, at, events)

    def _receive_frames(
        self, arrived: Sequence[tuple[LegId, bytes, Address, float]], indexes: Rows, rows: Rows
    ) -> list[int]:
        """Take packets of 172 bytes; the indexes of those that need a closer look."""
        legs = self._legs
        frames = np.frombuffer(b"".join([arrived[i][1] for i in indexes]), FRAME_DTYPE)
        at = np.array([arrived[i][3] for i in indexes])
        generation = np.array([arrived[i][0] for i in indexes]) >> ROW_BITS
        fits = (
            (frames["first"] == PLAIN_FIRST_BYTE)
            & (frames["second"] & 0x7F == legs.payload_type[rows])
            & (frames["ssrc"] == legs.source[rows])
            & (legs.generation[rows] == generation)
            & legs.has_base[rows]
            & legs.is_receiving[rows]
        )
        slow = [indexes[~fits]]
        pending = np.flatnonzero(fits)
        rounds = 0
        while len(pending):
            rounds += 1
            if rounds > ARRIVALS_MAX:
                np.add.at(legs.packets_discarded, rows[pending], 1)
                break
            _, firsts = np.unique(rows[pending], return_index=True)
            if len(firsts) == len(pending):
                now, pending = pending, pending[:0]
            else:
                now, pending = pending[firsts], np.delete(pending, firsts)
            refused = self._place(rows[now], frames[now], at[now])
            if refused.any():
                slow.append(indexes[now[refused]])
        return [int(i) for part in slow for i in part]

    def _receive_frame(self, row: int, arrival: tuple[LegId, bytes, Address, float]) -> bool:
        """Take one packet of 172 bytes as `_receive_frames` does; False: it needs a closer look."""
        leg, datagram, _, at = arrival
        cells = self._legs.cells
        first, second, sequence, timestamp, ssrc = HEADER.unpack_from(datagram)
        if (
            first != PLAIN_FIRST_BYTE
            or second & 0x7F != cells.payload_type[row]
            or ssrc != cells.source[row]
            or leg >> ROW_BITS != cells.generation[row]
            or not cells.has_base[row]
            or not cells.is_receiving[row]
        ):
            return False
        newest = cells.newest_timestamp[row]
        timestamp = newest + ((timestamp - newest + 0x80000000) & 0xFFFFFFFF) - 0x80000000  # `_signed_32`
        frame, remainder = divmod(timestamp - cells.base[row], FRAME_SAMPLES)
        step = ((sequence - cells.highest[row] + 0x8000) & 0xFFFF) - 0x8000  # `_signed_16`
        if remainder or not 0 <= frame - cells.playhead[row] < RING_FRAMES or not -DISORDER_MAX < step < DROPOUT_MAX:
            return False
        cells.packets_in[row] += self._count_one(row, step)
        cell = row * RING_FRAMES + frame % RING_FRAMES
        cells.ring[cell * FRAME_SAMPLES : (cell + 1) * FRAME_SAMPLES] = memoryview(datagram)[HEADER_SIZE:]
        cells.held[cell] = frame
        cells.newest[row] = max(cells.newest[row], frame)
        if timestamp > newest:
            cells.newest_timestamp[row] = timestamp
        self._legs.arrived_at[row] = at
        cells.is_lost_told[row] = False
        cells.late_run[row] = 0
        return True

    def _place(self, rows: Rows, frames: NDArray[np.void], at: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Put one packet a leg into the rings; which of them have no plain place there."""
        legs = self._legs
        newest = legs.newest_timestamp[rows]
        timestamp = newest + _signed_32(frames["timestamp"].astype(np.int64) - newest)
        offset = timestamp - legs.base[rows]
        frame = offset // FRAME_SAMPLES
        ahead = frame - legs.playhead[rows]
        step = _signed_16(frames["sequence"].astype(np.int64) - legs.highest[rows])
        fits = (offset % FRAME_SAMPLES == 0) & (ahead >= 0) & (ahead < RING_FRAMES)
        fits &= (step < DROPOUT_MAX) & (step > -DISORDER_MAX)
        refused = ~fits
        if refused.any():
            rows, frames, at, timestamp, frame, step = (
                part[fits] for part in (rows, frames, at, timestamp, frame, step)
            )
        is_new = self._count(rows, step)
        cell = frame % RING_FRAMES
        legs.ring[rows, cell] = frames["payload"]
        legs.held[rows, cell] = frame
        legs.newest[rows] = np.maximum(legs.newest[rows], frame)
        legs.newest_timestamp[rows] = np.maximum(legs.newest_timestamp[rows], timestamp)
        legs.arrived_at[rows] = at
        legs.is_lost_told[rows] = False
        legs.late_run[rows] = 0
        legs.packets_in[rows] += is_new
        return np.asarray(refused)

    def _count(self, rows: Rows, step: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Note sequence numbers `step` after the highest; which of them were not seen before.

        A leg remembers the 64 last numbers as bits, the highest at bit 0.
        """
        legs = self._legs
        seen = legs.seen[rows]
        forward = np.clip(step, 0, 63).astype(np.uint64)
        shifted = np.where(step > 63, np.uint64(0), seen << forward)
        bit = np.uint64(1) << np.clip(-step, 0, 63).astype(np.uint64)
        is_new = (shifted & bit) == 0
        legs.seen[rows] = shifted | bit
        legs.highest[rows] += np.maximum(step, 0)
        legs.received[rows] += is_new
        return np.asarray(is_new)

    def _receive_slowly(self, row: int, datagram: bytes, source: Address, at: float, events: Events) -> None:
        """Judge one datagram alone: parse, check, latch, then take the key or the samples."""
        legs = self._legs
        try:
            packet = parse(datagram)
        except MalformedPacketError:
            legs.packets_discarded[row] += 1
            return
        is_audio = packet.payload_type == legs.payload_type[row]
        is_event = packet.payload_type == legs.own_digits_payload_type[row]
        latched = legs.latched[row]
        standing = self._standing(row, source)
        may_latch = latched is None or standing > self._standing(row, latched)
        is_ours = source == latched or (may_latch and at >= legs.rearmed_at.get(row, 0.0))
        may_press = standing is not Standing.NONE or legs.received[row] >= STRANGER_PACKETS
        if (
            not legs.is_receiving[row]
            or not is_ours
            or not (is_audio or (is_event and may_press))
            or not 0 < len(packet.payload) <= PAYLOAD_MAX
        ):
            legs.packets_discarded[row] += 1
            return
        if is_audio and not self._follow(row, packet):
            legs.packets_discarded[row] += 1
            return
        if latched != source:
            legs.latched[row] = legs.target[row] = source
            if latched is None:
                events.append((legs.id_of(row), MediaStarted(at)))
        legs.arrived_at[row] = at
        legs.is_lost_told[row] = False
        step = _signed_16(packet.sequence - int(legs.highest[row]))
        is_new = packet.ssrc != legs.source[row] or self._count_one(row, step)
        legs.packets_in[row] += is_new
        if is_event:
            self._hear_key(row, packet, at, events)
        else:
            self._write(row, packet)

    def _standing(self, row: int, source: Address) -> Standing:
        return standing_of(source, self._legs.remote[row], self._legs.signalled_from[row])

    def _count_one(self, row: int, step: int) -> bool:
        """The same for one packet alone."""
        cells = self._legs.cells
        seen = cells.seen[row]
        if step > 0:
            cells.highest[row] += step
            seen = (seen << step) & 0xFFFFFFFFFFFFFFFF if step < 64 else 0
        bit = 1 << min(max(-step, 0), 63)
        cells.seen[row] = seen | bit
        if seen & bit:
            return False
        cells.received[row] += 1
        return True

    def _follow(self, row: int, packet: RtpPacket) -> bool:
        """Decide whether an audio packet continues its stream, and start anew where the stream did.

        Another source is followed at once: it already comes from the latched address. A jump within one source
        is believed only when the next packet confirms it (RFC 3550 A.1, `bad_seq`).
        """
        legs = self._legs
        if packet.ssrc != legs.source[row]:
            self._start(row, packet)
            return True
        step = _signed_16(packet.sequence - int(legs.highest[row]))
        if not legs.has_base[row]:
            if -DISORDER_MAX < step < DROPOUT_MAX:
                self._set_base(row, packet.timestamp)
            else:
                self._start(row, packet)
            return True
        ahead = self._frame_of(row, packet.timestamp) - int(legs.playhead[row])
        if -DISORDER_MAX < step < DROPOUT_MAX and -BEHIND_MAX < ahead < RING_FRAMES:
            self._jumped_to.pop(row, None)
            return True
        expected = self._jumped_to.get(row)
        if expected is not None and expected == (packet.ssrc, packet.sequence):
            self._start(row, packet)
            return True
        self._jumped_to[row] = (packet.ssrc, (packet.sequence + 1) & 0xFFFF)
        return False

    def _start(self, row: int, packet: RtpPacket) -> None:
        """Begin a stream with this packet."""
        legs = self._legs
        legs.forget_source(row)
        self._jumped_to.pop(row, None)
        legs.source[row] = packet.ssrc
        legs.highest[row] = packet.sequence - 1
        legs.first[row] = packet.sequence
        legs.seen[row] = 0
        self._set_base(row, packet.timestamp)

    def _set_base(self, row: int, timestamp: int) -> None:
        """Let frame 0 start at this timestamp, and be played after the delay."""
        legs = self._legs
        legs.base[row] = legs.newest_timestamp[row] = timestamp
        legs.playhead[row] = -DELAY_FRAMES
        legs.newest[row] = NO_FRAME
        legs.held[row] = NO_FRAME
        legs.has_base[row] = True

    def _frame_of(self, row: int, timestamp: int) -> int:
        return (self._unwrapped(row, timestamp) - int(self._legs.base[row])) // FRAME_SAMPLES

    def _unwrapped(self, row: int, timestamp: int) -> int:
        newest = int(self._legs.newest_timestamp[row])
        return newest + _signed_32(timestamp - newest)

    def _hear_key(self, row: int, packet: RtpPacket, at: float, events: Events) -> None:
        """Tell of a key, and relay it to whoever hears this leg and is allowed keys."""
        legs = self._legs
        receiver = legs.digits.get(row)
        if receiver is None:
            receiver = legs.digits[row] = DigitReceiver()
        key = receiver.receive(packet.ssrc, packet.timestamp, packet.payload)
        if key is None:
            return
        events.append((legs.id_of(row), DigitPressed(key, at)))
        for listener in np.flatnonzero((legs.hears == row) & legs.relays_digits):
            relay = int(listener)
            if legs.digits_payload_type[relay] >= 0 and legs.is_sending[relay] and relay not in legs.playing:
                legs.dialling.setdefault(relay, DigitSender()).press(key)

    def _write(self, row: int, packet: RtpPacket) -> None:
        """Put samples where their timestamp says, however they are cut into packets."""
        legs = self._legs
        timestamp = self._unwrapped(row, packet.timestamp)
        if legs.newest[row] < legs.playhead[row]:
            legs.base[row] += (timestamp - int(legs.base[row])) % FRAME_SAMPLES
        offset = timestamp - int(legs.base[row])
        last = (offset + len(packet.payload) - 1) // FRAME_SAMPLES
        if last < legs.playhead[row]:
            self._count_late(row, last)
        else:
            legs.late_run[row] = 0
        silence = SILENCE[legs.law[row]]
        samples = np.frombuffer(packet.payload, np.uint8)
        while len(samples):
            frame, start = divmod(offset, FRAME_SAMPLES)
            part, samples = samples[: FRAME_SAMPLES - start], samples[FRAME_SAMPLES - start :]
            if legs.playhead[row] <= frame < legs.playhead[row] + RING_FRAMES:
                cell = frame % RING_FRAMES
                if legs.held[row, cell] != frame:
                    legs.ring[row, cell] = silence
                    legs.held[row, cell] = frame
                legs.ring[row, cell, start : start + len(part)] = part
                legs.newest[row] = max(int(legs.newest[row]), frame)
            offset += len(part)
        legs.newest_timestamp[row] = max(int(legs.newest_timestamp[row]), timestamp)

    def _count_late(self, row: int, frame: int) -> None:
        """Note a packet that came after its turn; wait for a source that is late all the time."""
        legs = self._legs
        legs.packets_late[row] += 1
        if frame <= legs.newest[row]:
            return
        legs.newest[row] = frame
        legs.late_run[row] += 1
        if legs.late_run[row] >= LATE_RUN_MAX:
            legs.playhead[row] = frame - 1
            legs.late_run[row] = 0


def _signed_16(difference: Number) -> Number:
    return ((difference + 0x8000) & 0xFFFF) - 0x8000


def _signed_32(difference: Number) -> Number:
    return ((difference + 0x80000000) & 0xFFFFFFFF) - 0x80000000
