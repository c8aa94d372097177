"""Packets heard together: what hearing them one by one makes of them."""

from __future__ import annotations

import random

import numpy as np
import pytest

from scenarios.phones.codec import Law
from scenarios.phones.heard import Heard
from scenarios.phones.packets import Packet, nth_packet

SOURCE = ("10.0.0.1", 4000)


def rows(seed: int) -> list[tuple[Packet, list[float]]]:
    """Rows of one call and their instants: most go on, some come after a gap, a jump, from another source or late."""
    chance = random.Random(seed)
    found = []
    ssrc, sequence, timestamp, at = 7, 65500, 0xFFFFF000, 1.0
    for _ in range(12):
        count = chance.choice([1, 2, 5, 40])
        match chance.randrange(6):
            case 0:
                sequence, timestamp, at = sequence + 3, timestamp + 480, at + 0.06
            case 1:
                timestamp += 80000
            case 2:
                ssrc += 1
            case 3:
                at += chance.choice([0.0002, 0.4])
        packet = Packet(0, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc, chance.randbytes(160 * count))
        found.append((packet, [at + 0.02 * n for n in range(count)]))
        if chance.random() < 0.9:  # Else the same comes again.
            sequence, timestamp, at = sequence + count, timestamp + 160 * count, at + 0.02 * count
    return found


@pytest.mark.parametrize("seed", range(20))
def test_rows_are_heard_as_their_packets_are(seed: int) -> None:
    together, alone = Heard(), Heard()
    for row, instants in rows(seed):
        together.hear_row(row, Law.PCMU, SOURCE, instants)
        for number, at in enumerate(instants):
            alone.hear(nth_packet(row, number), Law.PCMU, SOURCE, at)
    end = 20.0
    assert together.reception == alone.reception
    assert (together.first_at, together.last_at) == (alone.first_at, alone.last_at)
    assert together.addresses == alone.addresses
    assert np.array_equal(together.audio(0, end), alone.audio(0, end))
    assert np.allclose(together.gaps(0, end), alone.gaps(0, end))
