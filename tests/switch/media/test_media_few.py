"""One leg at a time or all as arrays: the same, packet for packet."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from switch.media.control import Codec
from switch.media.legs import LegId
from tests.support.rtp import OTHER, PHONE, Bench, Phone, stream, tone

LEGS = 4
ADDRESSES = [PHONE, OTHER, ("192.0.2.3", 4004), ("192.0.2.4", 4006)]
CODECS = [Codec.PCMU, Codec.PCMA, Codec.PCMU, Codec.PCMA]


class World:
    """Four legs on one bench, their phones, and a script of things that happen by chance."""

    def __init__(self, seed: int, *, few: int) -> None:
        self.chance = Random(seed)
        self.bench = Bench(few=few)
        self.legs = [self.bench.connected(stream(a, c)) for a, c in zip(ADDRESSES, CODECS, strict=True)]
        self.phones = [Phone(a, c, ssrc=n + 1) for n, (a, c) in enumerate(zip(ADDRESSES, CODECS, strict=True))]
        self.recording = self.bench.engine.record(self.legs[0], self.legs[1], self.bench.now)

    def run(self, ticks: int) -> None:
        """Let phones talk, with loss, doubles and disorder, and commands come at any tick."""
        waiting: list[tuple[LegId, bytes, tuple[str, int]]] = []
        for tick in range(ticks):
            for n, phone in enumerate(self.phones):
                if tick % 4 == n and self.chance.random() < 0.97:
                    packet = (self.legs[n], phone.say(self.chance.randbytes(160)), phone.address)
                    fate = self.chance.random()
                    waiting += [packet] * (0 if fate < 0.05 else 2 if fate < 0.1 else 1)
            if self.chance.random() < 0.1:
                waiting.reverse()
            if self.chance.random() < 0.08:
                self.act()
            arrived = [] if self.chance.random() < 0.2 else waiting
            waiting = waiting if not arrived else []
            self.bench.step(arrived, after=0.1 if self.chance.random() < 0.005 else 0.005)

    def act(self) -> None:
        """Do one thing to one leg."""
        bench, chance = self.bench, self.chance
        n = chance.randrange(LEGS)
        leg, engine = self.legs[n], bench.engine
        other = self.legs[chance.randrange(LEGS)]
        acts: list[Callable[[], object]] = [
            lambda: engine.hear(leg, other, with_digits=True),
            lambda: engine.hear(leg, None, with_digits=False),
            lambda: engine.play(leg, [tone(chance.randrange(900))], bench.now, is_looped=chance.random() < 0.2),
            lambda: engine.overlay(leg, [tone(chance.randrange(900))], bench.now),
            lambda: engine.stop(leg),
            lambda: engine.connect(leg, stream(ADDRESSES[n], CODECS[n], is_sending=False), bench.now),
            lambda: engine.connect(leg, stream(ADDRESSES[n], CODECS[n], is_receiving=False), bench.now),
            lambda: engine.connect(
                leg, stream(ADDRESSES[n], CODECS[n], is_sending=False, is_receiving=False), bench.now
            ),
            lambda: engine.connect(leg, stream(ADDRESSES[n], CODECS[n]), bench.now),
            lambda: self.press(n),
        ]
        chance.choice(acts)()

    def press(self, n: int) -> None:
        phone = self.phones[n]
        self.bench.step([(self.legs[n], packet, phone.address) for packet in phone.press("7")])


@settings(deadline=None, max_examples=25)
@given(st.integers(min_value=0, max_value=2**32))
def test_few_legs_are_stepped_one_by_one_exactly_as_many_are_as_arrays(seed: int) -> None:
    alone, together = World(seed, few=100), World(seed, few=0)
    for world in (alone, together):
        world.run(400)
    assert alone.bench.sent == together.bench.sent
    assert alone.bench.events == together.bench.events
    assert len(alone.bench.recorded) == len(together.bench.recorded) > 50
    for one, other in zip(alone.bench.recorded, together.bench.recorded, strict=True):
        assert one.numbers == other.numbers
        assert np.array_equal(one.samples, other.samples)
    for one_leg, other_leg in zip(alone.legs, together.legs, strict=True):
        assert alone.bench.engine.statistics(one_leg) == together.bench.engine.statistics(other_leg)
