"""What each peer is sent: a play, the other party, the other party under an overlay, a key, or silence.

Silence is sent as packets of the law's silence, 50 a second, from `connect` until `close`: it opens and keeps
open the way through address translators, lets the far end latch us, and leaves no doubt that we are alive.
One talkspurt therefore lasts as long as we may send, and its first packet carries the marker (RFC 3551 §4.1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from switch.media.control import Address, Audio, PlayEnded
from switch.media.g711 import OTHER_LAW_CODES, SILENCE, SILENT_FRAMES, Codes, compress_rows, expand_rows, transcode_rows
from switch.media.legs import LegId, Legs, Rows
from switch.media.playing import Playing
from switch.media.receiving import Events
from switch.media.rota import FRAME_TICKS
from switch.media.wire import (
    FRAME_DTYPE,
    FRAME_SAMPLES,
    FRAME_SIZE,
    HEADER,
    MARKER_BIT,
    PLAIN_FIRST_BYTE,
    RtpPacket,
    write,
)

Packet = tuple[LegId, bytes, Address]
"""A datagram, the leg whose socket sends it, and where to."""

UNDER_OVERLAY: Final = 2
"""Bits the other party is shifted down under an overlay: a quarter of the amplitude is -12.04 dB."""


class Sender:
    """Composes one frame a leg and writes the packets of all of them as one matrix."""

    def __init__(self, legs: Legs) -> None:
        self._legs = legs

    def send_one(self, row: int, tick: int, now: float, packets: list[Packet], events: Events) -> None:
        """Let one leg alone say its next frame, where that is a play, the other party or silence."""
        cells = self._legs.cells
        play = self._legs.playing.get(row)
        said = b""
        if play is not None:
            said = play.next_codes(cells.law[row])
            if play.is_over:
                del self._legs.playing[row]
                events.append((self._legs.id_of(row), PlayEnded(play.play_id, now)))
        if cells.is_sending[row]:
            target = self._legs.target[row]
            second = cells.payload_type[row] | (MARKER_BIT if cells.is_marked[row] else 0)
            sequence = cells.sequence[row]
            header = HEADER.pack(PLAIN_FIRST_BYTE, second, sequence, cells.timestamp[row], cells.ssrc[row])
            cells.is_marked[row] = False
            cells.sequence[row] = (sequence + 1) & 0xFFFF
            cells.packets_out[row] += 1
            if target is not None:
                packets.append((self._legs.id_of(row), header + (said or self._heard_by(row, tick)), target))
        cells.timestamp[row] = (cells.timestamp[row] + FRAME_SAMPLES) & 0xFFFFFFFF

    def is_plain(self, row: int) -> bool:
        """Whether a leg says nothing over what else it says, and no keys."""
        legs = self._legs
        return row not in legs.overlay and row not in legs.dialling

    def _heard_by(self, row: int, tick: int) -> bytes:
        cells = self._legs.cells
        source, law = cells.hears[row], cells.law[row]
        if source < 0 or cells.heard_at[source] <= tick - FRAME_TICKS:
            return SILENT_FRAMES[law]
        codes = bytes(cells.heard[source * FRAME_SAMPLES : (source + 1) * FRAME_SAMPLES])
        return codes if cells.law[source] == law else codes.translate(OTHER_LAW_CODES[cells.law[source]])

    def send(self, rows: Rows, tick: int, now: float, packets: list[Packet], events: Events) -> None:
        """Let these legs, all of them connected, say their next frame."""
        legs = self._legs
        codes = self._compose(rows, tick, now, events)
        dialling = self._dial(rows, packets) if legs.dialling else ()
        audible = legs.is_sending[rows]
        if dialling:
            audible = audible & ~np.isin(rows, dialling)
        if audible.all():
            self._write(rows, codes, packets)
        elif audible.any():
            self._write(rows[audible], codes[audible], packets)
        legs.timestamp[rows] += np.uint32(FRAME_SAMPLES)

    def _compose(self, rows: Rows, tick: int, now: float, events: Events) -> Codes:
        """One frame of codes a leg, in its own law."""
        legs = self._legs
        laws = legs.law[rows]
        source = legs.hears[rows]
        codes: Codes = legs.heard[source]
        is_heard = (source >= 0) & (legs.heard_at[source] > tick - FRAME_TICKS)
        if not is_heard.all():
            codes[~is_heard] = SILENCE[laws[~is_heard]][:, None]
        is_foreign = is_heard & (legs.law[source] != laws)
        if is_foreign.any():
            codes[is_foreign] = transcode_rows(codes[is_foreign], legs.law[source[is_foreign]])
        if legs.playing:
            self._play(legs.playing, rows, codes, now, events, mix=_alone)
        if legs.overlay:
            self._play(legs.overlay, rows, codes, now, events, mix=over)
        return codes

    def _play(
        self,
        playing: dict[int, Playing],
        rows: Rows,
        codes: Codes,
        now: float,
        events: Events,
        *,
        mix: Callable[[Codes, Audio, Codes], Codes],
    ) -> None:
        """Take a frame of each play whose leg is due, and tell of those that ended with it."""
        legs = self._legs
        places = [i for i, row in enumerate(rows.tolist()) if row in playing]
        if not places:
            return
        audio = np.empty((len(places), FRAME_SAMPLES), np.int16)
        due = rows[places]
        for i, row in enumerate(due.tolist()):
            play = playing[row]
            play.next_frame(audio[i])
            if play.is_over:
                del playing[row]
                events.append((legs.id_of(row), PlayEnded(play.play_id, now)))
        codes[places] = mix(codes[places], audio, legs.law[due])

    def _dial(self, rows: Rows, packets: list[Packet]) -> list[int]:
        """Send the packets of relayed keys; the rows whose audio they replace."""
        legs = self._legs
        due = set(rows.tolist())
        dialling = []
        for row in [row for row in legs.dialling if row in due]:
            sender = legs.dialling[row]
            event = sender.next_packet(int(legs.timestamp[row]))
            if sender.is_idle:
                del legs.dialling[row]
            target = legs.target[row]
            if event is None or target is None or not legs.is_sending[row]:
                continue
            packet = RtpPacket(
                payload_type=int(legs.digits_payload_type[row]),
                sequence=int(legs.sequence[row]),
                timestamp=event.timestamp,
                ssrc=int(legs.ssrc[row]),
                payload=event.payload,
                is_marked=event.is_marked,
            )
            packets.append((legs.id_of(row), write(packet), target))
            legs.sequence[row] += np.uint16(1)
            legs.packets_out[row] += 1
            dialling.append(row)
        return dialling

    def _write(self, rows: Rows, codes: Codes, packets: list[Packet]) -> None:
        """Write one audio packet a leg."""
        legs = self._legs
        frames = np.empty(len(rows), FRAME_DTYPE)
        frames["first"] = PLAIN_FIRST_BYTE
        frames["second"] = legs.payload_type[rows] | np.where(legs.is_marked[rows], MARKER_BIT, 0)
        frames["sequence"] = legs.sequence[rows]
        frames["timestamp"] = legs.timestamp[rows]
        frames["ssrc"] = legs.ssrc[rows]
        frames["payload"] = codes
        datagrams = frames.tobytes()
        legs.is_marked[rows] = False
        legs.sequence[rows] += np.uint16(1)
        legs.packets_out[rows] += 1
        start = 0
        for leg, row in zip(legs.ids_of(rows), rows.tolist(), strict=True):
            target = legs.target[row]
            if target is not None:
                packets.append((leg, datagrams[start : start + FRAME_SIZE], target))
            start += FRAME_SIZE


def _alone(_codes: Codes, audio: Audio, laws: Codes) -> Codes:
    return compress_rows(audio, laws)


def over(codes: Codes, audio: Audio, laws: Codes) -> Codes:
    """Add to what was there, taken back by 12 dB; what would overflow stays at the edge."""
    under = expand_rows(codes, laws).astype(np.int32) >> UNDER_OVERLAY
    return compress_rows(np.clip(under + audio, -32768, 32767).astype(np.int16), laws)
