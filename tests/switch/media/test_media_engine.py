from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switch.media.control import Codec, DigitPressed, MediaEvent, MediaLost, MediaStarted, PlayEnded
from switch.media.engine import Engine
from switch.media.g711 import compress, expand
from tests.support.rtp import EVENTS, OTHER, PHONE, Bench, Phone, stream, tone

MU_SILENCE, A_SILENCE = b"\xff", b"\xd5"


def keys(events: list[MediaEvent]) -> str:
    return "".join(event.key for event in events if isinstance(event, DigitPressed))


# --- sending -------------------------------------------------------------------------------------------------


def test_nothing_is_sent_before_connect() -> None:
    bench = Bench()
    leg = bench.engine.open(bench.random)
    bench.engine.play(leg, [tone(1600)], bench.now, is_looped=False)
    bench.run(0.2)
    assert bench.sent == []
    assert bench.engine.idle_until is None


@pytest.mark.parametrize(("codec", "silence"), [(Codec.PCMU, MU_SILENCE), (Codec.PCMA, A_SILENCE)])
def test_a_leg_with_nothing_to_say_sends_silence_every_20_ms(codec: Codec, silence: bytes) -> None:
    bench = Bench()
    leg = bench.connected(stream(codec=codec))
    bench.run(1.0)
    assert len(bench.to(leg)) == 50
    assert {heard.packet.payload for heard in bench.to(leg)} == {silence * 160}
    assert {heard.target for heard in bench.to(leg)} == {PHONE}
    gaps = np.diff([heard.at for heard in bench.to(leg)])
    np.testing.assert_allclose(gaps, 0.02, atol=1e-6)


def test_sequence_and_timestamp_count_on_and_the_first_packet_is_marked() -> None:
    bench = Bench()
    leg = bench.connected()
    bench.run(2.0)
    packets = [heard.packet for heard in bench.to(leg)]
    assert [packet.is_marked for packet in packets] == [True] + [False] * 99
    assert {(after.sequence - before.sequence) & 0xFFFF for before, after in pairwise(packets)} == {1}
    assert {(after.timestamp - before.timestamp) & 0xFFFFFFFF for before, after in pairwise(packets)} == {160}
    assert len({packet.ssrc for packet in packets}) == 1


def test_ssrc_and_first_numbers_are_by_the_chance_given() -> None:
    def first(seed: int) -> object:
        bench = Bench()
        bench.random = Random(seed)
        bench.connected()
        bench.run(0.03)
        return bench.sent[0].packet

    assert first(1) == first(1)
    assert first(1) != first(2)


def test_legs_spread_over_the_four_phases() -> None:
    bench = Bench()
    legs = [bench.connected() for _ in range(32)]
    bench.run(0.04)
    first = {leg: bench.to(leg)[0].at for leg in legs}
    counts = np.unique(np.round(list(first.values()), 4), return_counts=True)[1]
    assert counts.tolist() == [8, 8, 8, 8]


def test_a_late_step_catches_up_a_few_frames_without_a_jump() -> None:
    bench = Bench()
    leg = bench.connected()
    bench.run(0.2)
    before = bench.to(leg)[-1].packet
    bench.step(after=0.06)
    late = [heard.packet for heard in bench.to(leg)][10:]
    assert [(packet.timestamp - before.timestamp) & 0xFFFFFFFF for packet in late] == [160, 320, 480]
    assert bench.engine.frames_skipped == 0


def test_after_a_stall_timestamps_leap_with_the_clock_and_no_burst_follows() -> None:
    bench = Bench()
    leg = bench.connected()
    bench.run(0.2)
    before = bench.to(leg)[-1].packet
    bench.step(after=1.0)
    late = [heard.packet for heard in bench.to(leg)][10:]
    assert [(packet.timestamp - before.timestamp) // 160 & 0xFFFF for packet in late] == [48, 49, 50]
    assert [(packet.sequence - before.sequence) & 0xFFFF for packet in late] == [1, 2, 3]
    assert [packet.is_marked for packet in late] == [True, False, False]
    assert bench.engine.frames_skipped == 47


def test_a_step_called_twice_at_one_instant_sends_nothing_more() -> None:
    bench = Bench()
    bench.connected()
    bench.run(0.2)
    before = len(bench.sent)
    bench.step()
    assert len(bench.sent) == before


def test_one_call_wakes_the_engine_fifty_times_a_second() -> None:
    bench = Bench()
    bench.connected(), bench.connected()
    wakes = 0
    until = bench.now + 1.01
    while (due := bench.engine.idle_until) is not None and due < until:
        bench.step(after=due - bench.now)
        wakes += 1
    assert wakes == 50
    assert len(bench.sent) == 100


# --- plays ---------------------------------------------------------------------------------------------------


def test_a_play_is_sent_whole_and_ends_with_its_last_sample() -> None:
    bench = Bench()
    leg = bench.connected()
    parts = [tone(200), tone(300, period=30)]
    play = bench.engine.play(leg, parts, bench.now, is_looped=False)
    bench.run(0.2)
    said = compress(np.concatenate(parts), Codec.PCMU).tobytes()
    assert bench.audio(leg) == said + MU_SILENCE * (1600 - len(said))
    assert bench.told(leg) == [PlayEnded(play, bench.to(leg)[3].at)]


def test_a_loop_goes_on_without_a_seam_and_never_ends() -> None:
    bench = Bench()
    leg = bench.connected()
    audio = tone(250, period=33)
    bench.engine.play(leg, [audio], bench.now, is_looped=True)
    bench.run(1.0)
    assert bench.audio(leg) == compress(np.resize(audio, 8000), Codec.PCMU).tobytes()
    assert bench.told(leg) == []


def test_a_loop_shorter_than_a_frame_is_repeated_within_it() -> None:
    bench = Bench()
    leg = bench.connected()
    audio = tone(7, period=7)
    bench.engine.play(leg, [audio], bench.now, is_looped=True)
    bench.run(0.1)
    assert bench.audio(leg) == compress(np.resize(audio, 800), Codec.PCMU).tobytes()


@pytest.mark.parametrize("is_looped", [False, True])
def test_an_empty_play_ends_with_the_next_frame(is_looped: bool) -> None:
    bench = Bench()
    leg = bench.connected()
    play = bench.engine.play(leg, [], bench.now, is_looped=is_looped)
    bench.run(0.1)
    assert [event.play_id for event in bench.told(leg) if isinstance(event, PlayEnded)] == [play]


def test_a_play_replaced_or_stopped_does_not_tell_its_end() -> None:
    bench = Bench()
    leg = bench.connected()
    bench.engine.play(leg, [tone(800)], bench.now, is_looped=False)
    bench.engine.overlay(leg, [tone(800)], bench.now)
    second = bench.engine.play(leg, [tone(800)], bench.now, is_looped=False)
    bench.run(0.2)
    assert [event.play_id for event in bench.told(leg) if isinstance(event, PlayEnded)] == [second]
    bench.engine.play(leg, [tone(800)], bench.now, is_looped=False)
    bench.engine.stop(leg)
    bench.run(0.2)
    assert len(bench.told(leg)) == 1
    assert bench.audio(leg)[-1600:] == MU_SILENCE * 1600


def test_a_play_before_connect_waits_for_it() -> None:
    bench = Bench()
    leg = bench.engine.open(bench.random)
    bench.engine.play(leg, [tone(320)], bench.now, is_looped=False)
    bench.run(0.5)
    bench.engine.connect(leg, stream(), bench.now)
    bench.run(0.1)
    assert bench.audio(leg)[:320] == compress(tone(320), Codec.PCMU).tobytes()


def test_a_play_goes_on_while_the_peer_holds_us() -> None:
    bench = Bench()
    leg = bench.connected()
    play = bench.engine.play(leg, [tone(1600)], bench.now, is_looped=False)
    bench.engine.connect(leg, stream(is_sending=False), bench.now)
    bench.run(0.3)
    assert bench.sent == []
    assert [event.play_id for event in bench.told(leg) if isinstance(event, PlayEnded)] == [play]


def test_taking_up_again_after_a_hold_is_marked_and_time_went_on() -> None:
    bench = Bench()
    leg = bench.connected()
    bench.run(0.1)
    bench.engine.connect(leg, stream(is_sending=False), bench.now)
    bench.run(1.0)
    bench.engine.connect(leg, stream(), bench.now)
    bench.run(0.1)
    packets = [heard.packet for heard in bench.to(leg)]
    assert [packet.is_marked for packet in packets] == [True, *[False] * 4] * 2
    assert (packets[5].timestamp - packets[4].timestamp) & 0xFFFFFFFF == 160 * 51


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


# --- where media come from and go to ---------------------------------------------------------------------------


def test_the_first_valid_packet_latches_the_real_address_once() -> None:
    bench = Bench()
    leg = bench.connected(stream(("192.0.2.99", 9)))
    real, stranger = ("198.51.100.7", 1234), ("203.0.113.5", 99)
    phone = Phone()
    bench.run(0.1)
    bench.step([(leg, phone.say(0x2A), real)])
    bench.run(0.1)
    bench.step([(leg, phone.say(0x2A), stranger)])
    bench.run(0.1)
    assert [heard.target for heard in bench.to(leg)] == [("192.0.2.99", 9)] * 5 + [real] * 10
    assert bench.told(leg) == [MediaStarted(pytest.approx(1000.1))]
    assert bench.engine.statistics(leg).packets_discarded == 1


@pytest.mark.parametrize(
    "datagram",
    [b"", b"garbage", b"\x00" * 172, Phone(codec=Codec.PCMA).say(0xD5), Phone().say(b""), Phone().say(bytes(2000))],
    ids=["empty", "text", "zeros", "other payload type", "no payload", "endless"],
)
def test_what_is_not_valid_latches_nothing_and_is_counted(datagram: bytes) -> None:
    bench = Bench()
    leg = bench.connected()
    bench.step([(leg, datagram, OTHER)])
    bench.run(0.1)
    assert {heard.target for heard in bench.to(leg)} == {PHONE}
    assert bench.told(leg) == []
    assert bench.engine.statistics(leg).packets_discarded == 1


def test_a_new_remote_address_is_latched_anew_but_a_hold_is_not() -> None:
    bench = Bench()
    leg = bench.connected(stream(("192.0.2.99", 9)))
    bench.step([(leg, Phone().say(0x2A), PHONE)])
    bench.engine.connect(leg, stream(("192.0.2.99", 9), is_sending=False), bench.now)
    bench.engine.connect(leg, stream(("192.0.2.99", 9)), bench.now)
    bench.run(0.02)
    assert bench.to(leg)[-1].target == PHONE
    bench.engine.connect(leg, stream(("192.0.2.50", 50)), bench.now)
    bench.run(0.02)
    assert bench.to(leg)[-1].target == ("192.0.2.50", 50)
    bench.step([(leg, Phone(ssrc=5).say(0x2A), OTHER)])
    bench.run(0.02)
    assert bench.to(leg)[-1].target == OTHER
    assert [type(event) for event in bench.told(leg)] == [MediaStarted, MediaStarted]


def test_a_packet_that_came_before_the_new_address_was_agreed_is_not_latched() -> None:
    bench = Bench()
    leg = bench.connected(stream(("192.0.2.99", 9)))
    bench.step([(leg, Phone().say(0x2A), PHONE)])
    came_at = bench.now
    bench.run(0.02)
    bench.engine.connect(leg, stream(("192.0.2.50", 50)), bench.now)
    bench.engine.step(bench.now, [(leg, Phone(ssrc=5).say(0x2A), OTHER, came_at)])
    bench.run(0.02)
    assert bench.to(leg)[-1].target == ("192.0.2.50", 50)


@pytest.mark.parametrize("remote", [("0.0.0.0", 4000), ("192.0.2.1", 0)])
def test_a_remote_address_that_is_nowhere_is_not_sent_to(remote: tuple[str, int]) -> None:
    bench = Bench()
    leg = bench.connected(stream(remote))
    bench.run(0.1)
    assert bench.sent == []
    bench.step([(leg, Phone().say(0x2A), PHONE)])
    bench.run(0.1)
    assert {heard.target for heard in bench.sent} == {PHONE}


def test_a_leg_that_may_not_receive_hears_and_latches_nothing() -> None:
    bench = Bench()
    one = bench.connected(stream(("192.0.2.99", 9), is_receiving=False))
    two = bench.connected(stream(OTHER))
    bench.engine.hear(two, one, with_digits=True)
    bench.talk(one, Phone(), 0.4)
    bench.run(0.1, [(0.0, one, Phone().press("5")[0], PHONE)])
    assert set(bench.audio(two)) == {0xFF}
    assert bench.events == []
    assert {heard.target for heard in bench.to(one)} == {("192.0.2.99", 9)}


def test_a_flood_is_cut_off_and_counted() -> None:
    bench = Bench()
    leg = bench.connected()
    phone = Phone()
    bench.step([(leg, phone.say(0x2A), PHONE)])
    bench.step([(leg, phone.say(0x2A), PHONE) for _ in range(500)])
    bench.step([(leg, b"garbage", PHONE) for _ in range(500)])
    statistics = bench.engine.statistics(leg)
    assert statistics.packets_in <= 2 * 48 + 1
    assert statistics.packets_in + statistics.packets_discarded == 1001


# --- silence -------------------------------------------------------------------------------------------------


def test_silence_is_told_once_until_media_return() -> None:
    bench = Bench(silence_max=2.0)
    leg = bench.connected()
    phone = Phone()
    bench.talk(leg, phone, 1.0)
    bench.run(5.0)
    bench.talk(leg, phone, 1.0)
    bench.run(5.0)
    losses = [event.at - 1000 for event in bench.told(leg) if isinstance(event, MediaLost)]
    assert losses == [pytest.approx(2.98, abs=0.11), pytest.approx(8.98, abs=0.11)]


def test_a_peer_never_heard_is_lost_too() -> None:
    bench = Bench(silence_max=2.0)
    leg = bench.connected()
    bench.run(3.0)
    assert bench.told(leg) == [MediaLost(pytest.approx(1002.0, abs=0.11))]


@pytest.mark.parametrize(
    "held", [stream(is_sending=False), stream(is_receiving=False), stream(is_sending=False, is_receiving=False)]
)
def test_silence_is_no_loss_while_held_or_not_receiving(held: object) -> None:
    bench = Bench(silence_max=2.0)
    leg = bench.connected()
    bench.engine.connect(leg, held, bench.now)  # type: ignore[arg-type]
    bench.run(4.0)
    assert bench.told(leg) == []
    bench.engine.connect(leg, stream(), bench.now)
    bench.run(1.5)
    assert bench.told(leg) == []
    bench.run(1.0)
    assert [type(event) for event in bench.told(leg)] == [MediaLost]


# --- robustness ------------------------------------------------------------------------------------------------


header = st.builds(
    lambda first, second, rest: bytes([first, second]) + rest,
    st.sampled_from([0x80, 0x90, 0xA0, 0x81, 0x40]),
    st.sampled_from([0, 8, 101, 0x80, 0xE5, 200]),
    st.binary(min_size=10, max_size=10),
)
datagrams = st.one_of(
    st.binary(max_size=60),
    st.builds(lambda head, size: head + bytes(size), header, st.sampled_from([0, 4, 80, 160, 240, 960, 1400])),
)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 3), datagrams, st.sampled_from([PHONE, OTHER])), max_size=60))
def test_arbitrary_datagrams_never_raise_and_are_all_counted(
    arrivals: list[tuple[int, bytes, tuple[str, int]]],
) -> None:
    bench = Bench()
    legs = [bench.connected() for _ in range(3)]
    bench.engine.hear(legs[0], legs[1], with_digits=True)
    gone = bench.connected()
    bench.engine.close(gone)
    legs.append(gone)
    bench.run(1.0, [(n * 0.015, legs[leg], data, source) for n, (leg, data, source) in enumerate(arrivals)])
    sent = sum(leg != 3 for leg, _, _ in arrivals)
    statistics = [bench.engine.statistics(leg) for leg in legs[:3]]
    assert sum(s.packets_in + s.packets_discarded for s in statistics) <= sent
    assert all(len(bench.to(leg)) == 50 for leg in legs[:3])


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


def test_more_legs_than_rows_are_refused() -> None:
    engine = Engine(capacity=1, now=0.0)
    engine.open(Random(1))
    with pytest.raises(IndexError):
        engine.open(Random(1))


def test_a_command_to_a_closed_leg_is_our_fault() -> None:
    bench = Bench()
    leg = bench.connected()
    bench.engine.close(leg)
    bench.engine.close(leg)
    with pytest.raises(AssertionError):
        bench.engine.stop(leg)


def test_keys_are_heard_by_our_own_number_where_the_peer_answered_with_another() -> None:
    bench = Bench()
    agreed = stream(digits=96)
    leg = bench.connected(replace(agreed, own_digits_payload_type=EVENTS))
    phone = Phone()
    bench.step([(leg, packet, phone.address) for packet in phone.press("7")])
    assert keys(bench.told(leg)) == "7"
