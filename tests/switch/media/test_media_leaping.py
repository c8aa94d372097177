"""Steps made at once: what steps one by one would have made, byte for byte, or no leap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switch.media.control import Codec, DigitPressed, MachineHeard, ThirdPartyHeard
from switch.media.g711 import compress
from switch.media.leaping import Incoming, Leap, Row
from switch.media.legs import LegId
from switch.media.wire import RtpPacket
from tests.support.rtp import OTHER, PHONE, Bench, Heard, Phone, parse, stream, tone
from tests.switch.media.test_media_third_party import click, dial_tone, silence

ADDRESSES = [PHONE, OTHER, ("192.0.2.3", 4004)]
CODECS = [Codec.PCMU, Codec.PCMA, Codec.PCMU]
FRAME = 0.02


class Call:
    """Three phones on one bench, two of them recorded, that talk at their own instants within each frame."""

    def __init__(self, seed: int, *, is_leaping: bool) -> None:
        self.chance = Random(seed)
        self.bench = Bench(silence_max=3.0)
        self.is_leaping = is_leaping
        self.leaps = self.steps = 0
        self.legs = [self.bench.connected(stream(a, c)) for a, c in zip(ADDRESSES, CODECS, strict=True)]
        self.phones = [Phone(a, c, ssrc=n + 1) for n, (a, c) in enumerate(zip(ADDRESSES, CODECS, strict=True))]
        self.talking = [True, True, self.chance.random() < 0.5]
        self.pressing: set[int] = set()
        self.offsets = [self.chance.uniform(0.001, 0.019) for _ in self.phones]
        self.waiting: list[tuple[float, LegId, bytes, tuple[str, int]]] = []
        self.bench.engine.record(self.legs[0], self.legs[1], self.bench.now)
        self.bench.engine.hear(self.legs[0], self.legs[1], with_digits=True)

    def play(self) -> None:
        """Let stretches of talk and single happenings take turns."""
        self.pressing = {n for n in range(3) if self.chance.random() < 0.2}
        for _ in range(12):
            frames = self.chance.randint(1, 90)
            self.talk(frames)
            self.act()

    def talk(self, frames: int, said: bytes = b"") -> None:
        """Let the phones talk, in leaps where that is possible: the first of them says so much, then noise.

        Those that press a key do so first, in place of audio.
        """
        start = self.bench.now
        for n, phone in enumerate(self.phones):
            key = phone.press("5") if n in self.pressing and self.talking[n] else []
            for frame in range(frames if self.talking[n] else 0):
                codes = said[frame * 160 : frame * 160 + 160] if n == 0 else b""
                data = key[frame] if frame < len(key) else phone.say(codes or self.chance.randbytes(160))
                self.waiting.append((start + frame * FRAME + self.offsets[n], self.legs[n], data, phone.address))
        self.pressing.clear()
        until = start + frames * FRAME
        while (at := self.bench.engine.idle_until) is not None and at < until:
            if not (self.is_leaping and self.leap(until)):
                self.step(at)
        self.bench.now = until

    def leap(self, until: float) -> bool:
        engine = self.bench.engine
        coming = engine.look_ahead(until)
        instants = [at for at in coming[:-1] if at < until]
        if len(instants) < 2:
            return False
        due = [each for each in self.waiting if each[0] < instants[-1]]
        arrived = {
            leg: Incoming(
                next(source for _, to, _, source in due if to == leg),
                rows_of([(at, data) for at, to, data, _ in sorted(due) if to == leg]),
            )
            for leg in {leg for _, leg, _, _ in due}
        }
        leap = engine.leap(instants, arrived)
        if leap is None:
            return False
        self.keep(leap, instants)
        self.waiting = [each for each in self.waiting if each[0] >= instants[-1]]
        self.leaps += 1
        return True

    def keep(self, leap: Leap, instants: list[float]) -> None:
        self.bench.engine.keep(leap)
        for step, at in enumerate(instants):
            self.bench.sent += [Heard(at, leg, packet_of(row, step), target) for leg, row, target in leap.said]
        if leap.recorded is not None:
            self.bench.recorded.append(leap.recorded)

    def step(self, at: float) -> None:
        self.bench.now = at
        self.steps += 1
        due = sorted((each for each in self.waiting if each[0] < at), key=lambda each: each[0])
        self.waiting = [each for each in self.waiting if each[0] >= at]
        step = self.bench.engine.step(at, [(leg, data, source, when) for when, leg, data, source in due])
        self.bench.sent += [Heard(at, leg, parse(data), target) for leg, data, target in step.packets]
        self.bench.events += step.events
        self.bench.recorded += step.recorded

    def act(self) -> None:
        """Do one thing to one leg or phone."""
        bench, chance, engine = self.bench, self.chance, self.bench.engine
        n = chance.randrange(3)
        leg, other, phone = self.legs[n], self.legs[chance.randrange(3)], self.phones[n]
        acts: list[Callable[[], object]] = [
            lambda: engine.hear(leg, other, with_digits=True),
            lambda: engine.hear(leg, None, with_digits=False),
            lambda: engine.play(leg, [tone(chance.randrange(9000))], bench.now, is_looped=chance.random() < 0.3),
            lambda: engine.overlay(leg, [tone(chance.randrange(9000))], bench.now),
            lambda: engine.stop(leg),
            lambda: engine.connect(leg, stream(ADDRESSES[n], CODECS[n], is_receiving=False), bench.now),
            lambda: engine.connect(leg, stream(ADDRESSES[n], CODECS[n]), bench.now),
            lambda: self.talking.__setitem__(n, not self.talking[n]),
            lambda: phone.say(0x2A),  # One packet is lost.
            lambda: self.waiting.extend((bench.now + 0.0005, leg, data, phone.address) for data in phone.press("7")),
            lambda: self.pressing.add(n),
        ]
        chance.choice(acts)()


def rows_of(arriving: list[tuple[float, bytes]]) -> Sequence[Row]:
    """Datagrams as rows: those of audio that follow each other are one."""
    rows: list[tuple[RtpPacket, list[float]]] = []
    for at, data in arriving:
        packet = parse(data)
        last, instants = rows[-1] if rows else (packet, [])
        count = len(instants)
        follows = replace(
            last,
            sequence=last.sequence + count & 0xFFFF,
            timestamp=last.timestamp + count * 160 & 0xFFFFFFFF,
            payload=packet.payload,
            is_marked=packet.is_marked,
        )
        if count and len(packet.payload) == 160 and len(last.payload) == 160 * count and packet == follows:
            rows[-1] = (replace(last, payload=last.payload + packet.payload), [*instants, at])
        else:
            rows.append((packet, [at]))
    return rows


def packet_of(row: RtpPacket, number: int) -> RtpPacket:
    """One packet of a row."""
    return replace(
        row,
        sequence=row.sequence + number & 0xFFFF,
        timestamp=row.timestamp + number * 160 & 0xFFFFFFFF,
        payload=row.payload[number * 160 : number * 160 + 160],
        is_marked=row.is_marked and number == 0,
    )


def seen(call: Call) -> tuple[object, ...]:
    recorded = [
        (name, number)
        for each in call.bench.recorded
        for name, number in zip(each.recordings, each.numbers, strict=True)
    ]
    statistics = [call.bench.engine.statistics(leg) for leg in call.legs]
    return call.bench.sent, call.bench.events, recorded, statistics, call.bench.engine.idle_until


@settings(deadline=None, max_examples=10)
@given(st.integers(min_value=0, max_value=2**32))
def test_a_leap_is_what_its_steps_would_have_been(seed: int) -> None:
    leaping, stepping = Call(seed, is_leaping=True), Call(seed, is_leaping=False)
    for call in (leaping, stepping):
        call.play()
    assert seen(leaping) == seen(stepping)
    assert np.array_equal(
        *(np.concatenate([each.samples for each in call.bench.recorded]) for call in (leaping, stepping))
    )


def test_two_minutes_of_talk_are_a_few_leaps() -> None:
    call = Call(1, is_leaping=True)
    call.talking = [True, True, True]
    call.talk(6000)
    assert 12 <= call.leaps <= 13, "of ten seconds each"


def test_a_third_party_is_heard_at_the_same_instant() -> None:
    told = []
    for is_leaping in (True, False):
        call = Call(2, is_leaping=is_leaping)
        call.talking = [True, False, False]
        call.bench.engine.listen_for_third_party(call.legs[0])
        call.talk(170, compress(np.concatenate([click(), silence(0.5), click(), dial_tone(1.5)]), Codec.PCMU).tobytes())
        told.append([each for each in call.bench.events if isinstance(each[1], ThirdPartyHeard)])
        assert bool(call.leaps) is is_leaping
    assert told[0] == told[1]
    assert len(told[0]) == 1


def test_a_machine_is_heard_at_the_same_instant() -> None:
    told = []
    for is_leaping in (True, False):
        call = Call(3, is_leaping=is_leaping)
        call.talking = [True, False, False]
        call.bench.engine.listen_for_machine(call.legs[0], 2.5)
        call.bench.engine.play(call.legs[0], [tone(60000, amplitude=500)], call.bench.now, is_looped=False)
        call.talk(210, compress(np.concatenate([silence(0.5), *(tone(600), silence(0.05)) * 30]), Codec.PCMU).tobytes())
        told.append([each for each in call.bench.events if isinstance(each[1], MachineHeard)])
        assert bool(call.leaps) is is_leaping
    assert told[0] == told[1]
    assert len(told[0]) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda call: call.bench.engine.overlay(call.legs[0], [tone(100)], call.bench.now),
        lambda call: call.bench.engine.play(call.legs[0], [tone(100)], call.bench.now, is_looped=False),
        lambda call: call.bench.engine.connect(call.bench.engine.open(call.bench.random), stream(), call.bench.now),
    ],
    ids=["the end of an overlay", "the end of a play", "a leg that begins"],
)
def test_there_is_no_leap_over(spoil: Callable[[Call], object]) -> None:
    call = Call(1, is_leaping=True)
    call.talk(10)
    spoil(call)
    assert len(call.bench.engine.look_ahead(call.bench.now + 1)) <= 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda phone: setattr(phone, "ssrc", 99),
        lambda phone: setattr(phone, "timestamp", phone.timestamp + 80),
        lambda phone: setattr(phone, "codec", Codec.PCMA),
        lambda phone: setattr(phone, "address", OTHER),
        lambda phone: [phone.say(0x2A) for _ in range(40)],
    ],
    ids=["another source", "a jump of timestamps", "another codec", "another address", "a long gap"],
)
def test_what_arrives_is_no_leap_with(spoil: Callable[[Phone], object]) -> None:
    assert leap_after(lambda _phone: None) is not None
    assert leap_after(spoil) is None


@pytest.mark.parametrize("seed", range(5))
def test_what_is_missing_is_hidden_in_a_leap_as_in_steps(seed: int) -> None:
    heard = []
    for is_leaping in (True, False):
        call = Call(seed, is_leaping=is_leaping)
        call.talk(20)
        call.phones[0].say(0x2A)  # It is lost.
        made = call.leaps
        call.talk(30)
        call.talking[1] = False
        call.talk(30)
        assert not is_leaping or call.leaps == made + 2, "nothing is left to steps"
        heard.append(seen(call))
    assert heard[0] == heard[1]


def test_a_new_key_is_left_to_a_step_and_the_rest_of_it_is_not() -> None:
    told = []
    for is_leaping in (True, False):
        call = Call(4, is_leaping=is_leaping)
        call.talk(20)
        made, steps = call.leaps, call.steps
        call.pressing = {0}
        call.talk(20)
        assert not is_leaping or call.leaps == made + 1
        assert not is_leaping or call.steps <= steps + 2, "one before the key comes, and the one that hears it"
        told.append([*call.bench.events, *call.bench.sent])
    assert told[0] == told[1]
    assert sum(isinstance(each[1], DigitPressed) for each in told[0] if isinstance(each, tuple)) == 1


def leap_after(spoil: Callable[[Phone], object]) -> Leap | None:
    call = Call(1, is_leaping=True)
    call.talking = [True, False, False]
    call.talk(10)
    phone = call.phones[0]
    spoil(phone)
    instants = call.bench.engine.look_ahead(call.bench.now + 0.06)[:-1]
    coming = [(at, phone.say(0x2A)) for at in (call.bench.now + frame * FRAME + call.offsets[0] for frame in range(3))]
    due = [(at, data) for _, _, data, _ in call.waiting for at in (0.0,)] + [
        each for each in coming if each[0] < instants[-1]
    ]
    return call.bench.engine.leap(instants, {call.legs[0]: Incoming(phone.address, rows_of(due))})
