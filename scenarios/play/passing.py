"""What passes between two sockets while audio leaps: packets that are on their way, and those that are sent."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from scenarios.phones.packets import FRAME_SAMPLES, Packet, joined, nth_packet, write_packet
from scenarios.sim.datagrams import SimulatedDatagramTransport
from scenarios.sim.routes import PlainWay

BEFORE = -math.inf
"""When something was sent that was on its way before the leap."""


@dataclass(slots=True)
class Piece:
    """Packets that follow each other: of audio, 20 ms each, or one of anything else."""

    packet: Packet
    """The first, with the payloads of all, joined."""
    instants: list[float]
    """When each arrives."""
    sent_at: list[float]

    @property
    def is_audio(self) -> bool:
        """Whether each packet has a whole frame."""
        return len(self.packet.payload) == len(self.instants) * FRAME_SAMPLES

    def datagram(self, number: int) -> bytes:
        """One of them, as it is sent."""
        if len(self.instants) == 1:
            return write_packet(self.packet)
        return write_packet(nth_packet(self.packet, number))

    def before(self, until: float) -> tuple[Packet, list[float]] | None:
        """What arrives before an instant, None if nothing does."""
        count = bisect_left(self.instants, until)
        if count == len(self.instants):
            return self.packet, self.instants
        payload = self.packet.payload[: count * FRAME_SAMPLES]
        return (self.packet._replace(payload=payload), self.instants[:count]) if count else None


@dataclass(slots=True)
class Stream:
    """Packets from one socket to another, in their order."""

    way: PlainWay
    sender: SimulatedDatagramTransport
    pieces: list[Piece] = field(default_factory=list)

    @property
    def last_arrival(self) -> float:
        """When the last of them arrives."""
        return self.pieces[-1].instants[-1]

    @property
    def protocol(self) -> object:
        """Who receives them."""
        receiver = self.way.receiver
        assert isinstance(receiver, SimulatedDatagramTransport)
        return receiver.get_protocol()

    def add(self, packet: Packet, instants: Sequence[float], sent_at: Sequence[float]) -> None:
        """Add packets that follow each other, their payloads joined."""
        last = self.pieces[-1] if self.pieces else None
        if last is not None and _goes_on(last, packet, len(instants)):
            last.packet = joined(last.packet, packet.payload)
            last.instants += instants
            last.sent_at += sent_at
        else:
            self.pieces.append(Piece(packet, list(instants), list(sent_at)))

    def before(self, until: float) -> list[tuple[Packet, list[float]]]:
        """What arrives before an instant, piece by piece."""
        return [found for piece in self.pieces if (found := piece.before(until)) is not None]

    def between(self, since: float, until: float) -> Iterator[tuple[Piece, int]]:
        """What arrives between two instants, that of the first included, by piece and number in it."""
        for piece in self.pieces:
            if piece.instants[-1] >= since:
                for number in range(bisect_left(piece.instants, since), bisect_left(piece.instants, until)):
                    yield piece, number

    def sent(self, arriving_from: float = BEFORE) -> Iterator[tuple[Piece, int]]:
        """What is sent during the leap and arrives at an instant or after it."""
        for piece, number in self.between(arriving_from, math.inf):
            if piece.sent_at[number] > BEFORE:
                yield piece, number


def _goes_on(piece: Piece, packet: Packet, count: int) -> bool:
    """Whether audio follows that of a piece."""
    known, passed = piece.packet, len(piece.instants)
    return (
        piece.is_audio
        and len(packet.payload) == count * FRAME_SAMPLES
        and not packet.is_marked
        and packet.payload_type == known.payload_type
        and packet.ssrc == known.ssrc
        and packet.sequence == known.sequence + passed & 0xFFFF
        and packet.timestamp == known.timestamp + passed * FRAME_SAMPLES & 0xFFFFFFFF
    )
