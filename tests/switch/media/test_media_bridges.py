"""What passes from one leg to another: speech, overlays over it, and keys."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switch.media.control import Codec, DigitPressed, MediaEvent, MediaStarted, PlayEnded
from switch.media.g711 import compress, expand
from tests.support.rtp import EVENTS, OTHER, PHONE, Bench, Phone, stream, tone


def keys(events: list[MediaEvent]) -> str:
    return "".join(event.key for event in events if isinstance(event, DigitPressed))


# --- bridges -------------------------------------------------------------------------------------------------


def bridged(bench: Bench, codec: Codec = Codec.PCMU, *, with_digits: bool = False) -> tuple[int, int]:
    one = bench.connected(stream(PHONE))
    two = bench.connected(stream(OTHER, codec))
    bench.engine.hear(two, one, with_digits=with_digits)
    return one, two


def speech(seed: int, frames: int) -> list[bytes]:
    return [Random(seed * 1000 + n).randbytes(160) for n in range(frames)]


@settings(deadline=None, max_examples=15)
@given(
    seed=st.integers(0, 1000),
    codec=st.sampled_from(Codec),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    others=st.integers(0, 30),
)
def test_equal_codecs_pass_every_byte_unchanged(
    seed: int, codec: Codec, sequence: int, timestamp: int, others: int
) -> None:
    bench = Bench()
    one = bench.connected(stream(PHONE, codec))
    for _ in range(others):
        bench.connected()
    two = bench.connected(stream(OTHER, codec))
    bench.engine.hear(two, one, with_digits=False)
    phone = Phone(codec=codec, sequence=sequence, timestamp=timestamp)
    frames = speech(seed, 40)
    bench.run(1.0, [(n * 0.02, one, phone.say(frame), PHONE) for n, frame in enumerate(frames)])
    assert b"".join(frames) in bench.audio(two)
    assert bench.engine.statistics(one).packets_lost == 0


def test_differing_codecs_are_transcoded() -> None:
    bench = Bench()
    one, two = bridged(bench, Codec.PCMA)
    frames = speech(1, 20)
    phone = Phone()
    bench.run(0.6, [(n * 0.02, one, phone.say(frame), PHONE) for n, frame in enumerate(frames)])
    linear = expand(np.frombuffer(b"".join(frames), np.uint8), Codec.PCMU)
    assert compress(linear, Codec.PCMA).tobytes() in bench.audio(two)


def test_nobody_is_heard_before_hear_nor_after_it_is_withdrawn() -> None:
    bench = Bench()
    one, two = bench.connected(stream(PHONE)), bench.connected(stream(OTHER))
    phone = Phone()
    bench.talk(one, phone, 0.4)
    assert set(bench.audio(two)) == {0xFF}
    bench.engine.hear(two, one, with_digits=False)
    bench.talk(one, phone, 0.4)
    assert bench.audio(two)[-1600:] == b"\x2a" * 1600
    bench.engine.hear(two, None, with_digits=False)
    before = len(bench.audio(two))
    bench.talk(one, phone, 0.4)
    assert set(bench.audio(two)[before:]) == {0xFF}


def test_a_leg_that_closes_is_heard_no_more_and_its_row_says_nothing_of_it() -> None:
    bench = Bench()
    one, two = bridged(bench)
    bench.talk(one, Phone(), 0.4)
    bench.engine.close(one)
    tenant = bench.connected(stream(PHONE))
    before = len(bench.audio(two))
    bench.run(0.1, [(0.0, one, Phone().say(0x2A), PHONE)])
    bench.talk(tenant, Phone(), 0.4)
    assert tenant != one
    assert set(bench.audio(two)[before:]) == {0xFF}
    assert bench.engine.statistics(tenant).packets_in == 20
    assert bench.engine.statistics(tenant).packets_lost == 0


def test_an_overlay_is_mixed_over_the_peer_who_is_12_db_down() -> None:
    bench = Bench()
    one, two = bridged(bench)
    phone = Phone()
    bench.talk(one, phone, 0.4, code=0x80)
    words = tone(800, amplitude=20000)
    overlay = bench.engine.overlay(two, [words], bench.now)
    before = len(bench.audio(two))
    bench.talk(one, phone, 0.2, code=0x80)
    peer = int(expand(np.array([0x80], np.uint8), Codec.PCMU)[0])
    mixed = np.clip(words.astype(int) + (peer >> 2), -32768, 32767).astype(np.int16)
    assert bench.audio(two)[before:] == compress(mixed, Codec.PCMU).tobytes() + b"\x80" * 800
    assert mixed.max() > words.max()
    assert [event.play_id for event in bench.told(two) if isinstance(event, PlayEnded)] == [overlay]


def test_a_sum_too_loud_stays_at_the_edge() -> None:
    bench = Bench()
    one, two = bridged(bench)
    phone = Phone()
    bench.talk(one, phone, 0.4, code=0x80)
    bench.engine.overlay(two, [np.full(160, 32767, np.int16), np.full(160, 32767, np.int16)], bench.now)
    before = len(bench.audio(two))
    bench.talk(one, phone, 0.04, code=0x80)
    assert set(bench.audio(two)[before:]) == {0x80}


# --- keys ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_marked", [True, False])
def test_a_key_is_told_once_with_the_instant_it_arrived(is_marked: bool) -> None:
    bench = Bench()
    leg = bench.connected()
    packets = Phone().press("5", is_marked=is_marked)
    bench.run(0.3, [(0.01 + n * 0.02, leg, packet, PHONE) for n, packet in enumerate(packets)])
    arrived = 1000.01
    assert bench.told(leg)[0] == MediaStarted(pytest.approx(arrived))
    assert bench.told(leg)[1:] == [DigitPressed("5", pytest.approx(arrived))]


def test_keys_are_relayed_only_where_allowed() -> None:
    for is_allowed in (True, False):
        bench = Bench()
        one, two = bridged(bench, with_digits=is_allowed)
        packets = Phone().press("5")
        bench.run(0.4, [(n * 0.02, one, packet, PHONE) for n, packet in enumerate(packets)])
        relayed = [heard.packet for heard in bench.to(two) if heard.packet.payload_type == EVENTS]
        assert len(relayed) == (7 if is_allowed else 0)
        assert keys(bench.told(one)) == "5"
        assert bench.told(two) == []


def test_a_relayed_key_takes_the_place_of_audio_and_the_clock_goes_on() -> None:
    bench = Bench()
    one, two = bridged(bench, with_digits=True)
    packets = Phone().press("5")
    bench.run(0.4, [(0.1 + n * 0.02, one, packet, PHONE) for n, packet in enumerate(packets)])
    sent = [heard.packet for heard in bench.to(two)]
    assert len(sent) == 20
    assert {(after.sequence - before.sequence) & 0xFFFF for before, after in pairwise(sent)} == {1}
    first = next(n for n, packet in enumerate(sent) if packet.payload_type == EVENTS)
    assert [packet.timestamp for packet in sent[first : first + 7]] == [sent[first].timestamp] * 7
    assert (sent[first + 7].timestamp - sent[first - 1].timestamp) & 0xFFFFFFFF == 160 * 8
    assert sent[first].is_marked


def test_a_peer_without_telephone_event_is_relayed_no_keys() -> None:
    bench = Bench()
    one = bench.connected(stream(PHONE))
    two = bench.connected(stream(OTHER, digits=None))
    bench.engine.hear(two, one, with_digits=True)
    packets = Phone().press("5")
    bench.run(0.4, [(n * 0.02, one, packet, PHONE) for n, packet in enumerate(packets)])
    assert {heard.packet.payload_type for heard in bench.to(two)} == {0}


def test_the_same_calls_give_the_same_packets() -> None:
    def run() -> object:
        bench = Bench()
        one, two = bridged(bench, Codec.PCMA, with_digits=True)
        phone = Phone()
        bench.talk(one, phone, 0.3)
        bench.engine.overlay(two, [tone(500)], bench.now)
        bench.talk(one, phone, 0.3)
        return bench.sent, bench.events

    assert run() == run()


def test_keys_are_heard_by_our_own_number_where_the_peer_answered_with_another() -> None:
    bench = Bench()
    agreed = stream(digits=96)
    leg = bench.connected(replace(agreed, own_digits_payload_type=EVENTS))
    phone = Phone()
    bench.step([(leg, packet, phone.address) for packet in phone.press("7")])
    assert keys(bench.told(leg)) == "7"
