"""The jitter buffer: order, loss, jitter, drift, and streams that begin anew."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switch.media.control import Codec
from switch.media.g711 import expand
from switch.media.legs import LegId
from tests.support.rtp import OTHER, PHONE, Bench, Phone, stream

Arrivals = list[tuple[float, LegId, bytes, tuple[str, int]]]


def bridge() -> tuple[Bench, LegId, LegId]:
    bench = Bench()
    one, two = bench.connected(stream(PHONE)), bench.connected(stream(OTHER))
    bench.engine.hear(two, one, with_digits=False)
    return bench, one, two


def speech(frames: int) -> list[bytes]:
    """Frames that are all different and never silent."""
    return [bytes([n % 100, n // 100]) + Random(n).randbytes(158) for n in range(frames)]


def peaks(audio: bytes) -> list[int]:
    """The greatest sample of each frame."""
    samples = np.abs(expand(np.frombuffer(audio, np.uint8), Codec.PCMU).astype(int))
    return [int(peak) for peak in samples.reshape(-1, 160).max(axis=1)]


@settings(deadline=None, max_examples=40)
@given(jitters=st.lists(st.integers(-30, 30), min_size=40, max_size=40), phase=st.integers(0, 19))
def test_jitter_of_30_ms_loses_nothing(jitters: list[int], phase: int) -> None:
    bench, one, two = bridge()
    phone = Phone()
    frames = speech(40)
    bench.run(
        1.1,
        [
            (0.03 + phase / 1000 + n * 0.02 + jitter / 1000, one, phone.say(frame), PHONE)
            for n, (frame, jitter) in enumerate(zip(frames, jitters, strict=True))
        ],
    )
    assert b"".join(frames) in bench.audio(two)
    assert bench.engine.statistics(one).packets_late == 0


def test_speech_is_passed_on_within_100_ms() -> None:
    for phase in range(4):
        bench, one, two = bridge()
        bench.run(0.1)
        spoken = bench.now
        bench.talk(one, Phone(timestamp=phase * 37), 0.3)
        heard = next(heard.at for heard in bench.to(two) if heard.packet.payload == b"\x2a" * 160)
        assert 0.06 <= heard - spoken <= 0.1


@settings(deadline=None, max_examples=30)
@given(st.permutations(range(3)), st.lists(st.booleans(), min_size=30, max_size=30))
def test_copies_and_disorder_change_nothing(order: list[int], copies: list[bool]) -> None:
    bench, one, two = bridge()
    phone = Phone()
    frames = speech(30)
    packets = [phone.say(frame) for frame in frames]
    shuffled = [0, 1, 2] + [group * 3 + place for group in range(1, 10) for place in order]
    arrivals: Arrivals = []
    for n, number in enumerate(shuffled):
        arrivals += [(n * 0.02, one, packets[number], PHONE)] * (2 if copies[n] else 1)
    bench.run(1.0, arrivals)
    assert b"".join(frames) in bench.audio(two)
    statistics = bench.engine.statistics(one)
    assert (statistics.packets_in, statistics.packets_lost) == (30, 0)


def test_a_lost_packet_is_concealed_by_a_fading_repeat_then_silence() -> None:
    bench, one, two = bridge()
    phone = Phone()
    bench.talk(one, phone, 0.4, code=0x90)
    for _ in range(7):
        phone.say(0)
    before = len(bench.audio(two))
    bench.run(0.14)
    bench.talk(one, phone, 0.4, code=0x90)
    loudness = peaks(bench.audio(two)[before:])
    full = peaks(b"\x90" * 160)[0]
    gap = [peak for peak in loudness if peak < full]
    assert gap[:4] == [pytest.approx(full / 2**n, rel=0.1) for n in range(1, 5)]
    assert gap[4:] == [0, 0, 0]
    assert loudness[-5:] == [full] * 5
    assert bench.engine.statistics(one).packets_lost == 7


@settings(deadline=None, max_examples=30)
@given(st.sets(st.integers(1, 28), max_size=12), st.integers(0, 0xFFFF))
def test_losses_are_counted_by_sequence_number(missing: set[int], sequence: int) -> None:
    bench, one, two = bridge()
    phone = Phone(sequence=sequence)
    packets = [phone.say(frame) for frame in speech(30)]
    bench.run(1.0, [(n * 0.02, one, packets[n], PHONE) for n in range(30) if n not in missing])
    assert bench.engine.statistics(one).packets_lost == len(missing)
    kept = [frame for n, frame in enumerate(speech(30)) if n not in missing]
    assert all(frame in bench.audio(two) for frame in kept)


@pytest.mark.parametrize("milliseconds", [10, 30, 40, 60])
def test_other_packet_times_are_passed_on_whole(milliseconds: int) -> None:
    bench, one, two = bridge()
    phone = Phone()
    audio = b"".join(speech(60))
    size = milliseconds * 8
    parts = [audio[at : at + size] for at in range(0, len(audio), size)]
    bench.run(1.6, [(n * milliseconds / 1000, one, phone.say(part), PHONE) for n, part in enumerate(parts)])
    assert audio in bench.audio(two)


def test_a_packet_with_an_extension_finds_its_place() -> None:
    bench, one, two = bridge()
    phone = Phone()
    frames = speech(20)
    packets = []
    for frame in frames:
        plain = phone.say(frame)
        packets.append(bytes([0x90]) + plain[1:12] + b"\xbe\xde\x00\x01\x00\x00\x00\x00" + plain[12:])
    bench.run(0.6, [(n * 0.02, one, packet, PHONE) for n, packet in enumerate(packets)])
    assert b"".join(frames) in bench.audio(two)


@pytest.mark.parametrize(
    ("ssrc", "sequence", "timestamp"),
    [(0x9999, 5, 5), (0x9999, 65530, 0xFFFFFF00), (0x1234, 30000, 0x7000_0000), (0x1234, 100, 0x7000_0000)],
    ids=["new source", "new source, same numbers", "all jumps", "time jumps"],
)
def test_a_stream_that_begins_anew_is_followed(ssrc: int, sequence: int, timestamp: int) -> None:
    bench, one, two = bridge()
    phone = Phone()
    bench.talk(one, phone, 0.6)
    phone.ssrc, phone.sequence, phone.timestamp = ssrc, sequence, timestamp
    frames = speech(20)
    bench.run(0.7, [(n * 0.02, one, phone.say(frame), PHONE) for n, frame in enumerate(frames)])
    lost = 0 if ssrc != 0x1234 else 1
    assert b"".join(frames[lost:]) in bench.audio(two)
    assert bench.engine.statistics(one).packets_discarded == lost
    assert bench.engine.statistics(one).packets_lost == 0


def test_one_wild_packet_does_not_disturb_the_stream() -> None:
    bench, one, two = bridge()
    phone, wild = Phone(), Phone(sequence=20000, timestamp=0x5000_0000)
    frames = speech(30)
    arrivals = [(n * 0.02, one, phone.say(frame), PHONE) for n, frame in enumerate(frames)]
    bench.run(1.0, [*arrivals, (0.305, one, wild.say(0), PHONE)])
    assert b"".join(frames) in bench.audio(two)
    assert bench.engine.statistics(one).packets_discarded == 1


@pytest.mark.parametrize("skew", [0, 37])
def test_speech_after_a_pause_without_packets_is_whole(skew: int) -> None:
    bench, one, two = bridge()
    phone = Phone()
    bench.talk(one, phone, 0.4)
    bench.run(10.0)
    phone.timestamp += 80000 + skew
    frames = speech(20)
    before = len(bench.audio(two))
    bench.run(0.7, [(n * 0.02, one, phone.say(frame), PHONE) for n, frame in enumerate(frames)])
    assert b"".join(frames) in bench.audio(two)[before:]


@pytest.mark.parametrize("drift", [-0.002, 0.002])
def test_a_clock_that_drifts_costs_few_frames_and_no_delay(drift: float) -> None:
    """2000 ppm, ten times what bad crystals do, for 80 s: 160 ms, with pauses as people make them."""
    bench, one, two = bridge()
    phone = Phone()
    arrivals = []
    for n in range(4000):
        code = 0xFF if n % 50 > 40 else 0x2A
        arrivals.append((n * 0.02 * (1 + drift), one, phone.say(code), PHONE))
    bench.run(80.0, arrivals)
    assert bench.engine.statistics(one).packets_late <= 40
    spoken = len([frame for frame in bench.to(two) if frame.packet.payload == b"\x2a" * 160])
    assert spoken >= 4000 * 41 / 50 - 60
    bench.run(0.3)
    bench.sent.clear()
    bench.talk(one, Phone(ssrc=phone.ssrc, sequence=phone.sequence, timestamp=phone.timestamp), 0.3, code=0x31)
    first = next(n for n, heard in enumerate(bench.to(two)) if heard.packet.payload == b"\x31" * 160)
    assert first * 0.02 <= 0.2


def test_a_source_that_is_late_all_the_time_is_waited_for() -> None:
    bench, one, two = bridge()
    phone = Phone()
    frames = speech(60)
    arrivals = [(n * 0.02 + (0.2 if n >= 20 else 0.0), one, phone.say(frame), PHONE) for n, frame in enumerate(frames)]
    bench.run(2.0, arrivals)
    assert b"".join(frames[24:]) in bench.audio(two)
    assert 1 <= bench.engine.statistics(one).packets_late <= 4


def test_a_buffer_too_deep_gives_back_only_silence() -> None:
    bench, one, two = bridge()
    phone = Phone()
    frames = [b"\xff" * 160 if n % 40 >= 30 else frame for n, frame in enumerate(speech(1200))]
    arrivals = [(max(0.0, n * 0.02 - 0.12), one, phone.say(frame), PHONE) for n, frame in enumerate(frames)]
    bench.run(24.5, arrivals)
    heard = [heard.packet.payload for heard in bench.to(two)]
    spoken = [payload for payload in heard if payload != b"\xff" * 160]
    assert spoken == [frame for frame in frames if frame != b"\xff" * 160]
    assert len(heard) - heard[::-1].index(spoken[-1]) < len(frames)


def test_a_change_of_codec_in_mid_call_is_followed() -> None:
    bench, one, two = bridge()
    phone = Phone()
    bench.talk(one, phone, 0.4)
    bench.engine.connect(one, stream(PHONE, Codec.PCMA), bench.now)
    bench.engine.connect(two, stream(OTHER, Codec.PCMA), bench.now)
    bench.sent.clear()
    phone.codec = Codec.PCMA
    frames = speech(20)
    bench.run(0.6, [(n * 0.02, one, phone.say(frame), PHONE) for n, frame in enumerate(frames)])
    assert b"".join(frames) in bench.audio(two)
    assert {heard.packet.payload_type for heard in bench.to(two)} == {8}


def test_a_buffer_far_too_deep_gives_back_words_too() -> None:
    bench, one, two = bridge()
    phone = Phone()
    frames = speech(1500)
    bench.run(31.0, [(max(0.0, n * 0.02 - 0.3), one, phone.say(frame), PHONE) for n, frame in enumerate(frames)])
    heard = [heard.packet.payload for heard in bench.to(two)]
    spoken = [payload for payload in heard if payload in frames]
    assert spoken == sorted(spoken, key=frames.index)
    assert 1490 <= len(spoken) <= 1497
