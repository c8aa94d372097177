"""What a leg sends by itself: frames by the clock, and plays."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
import pytest

from switch.media.control import Audio, Codec, PlayEnded
from switch.media.g711 import compress
from tests.support.rtp import PHONE, Bench, stream, tone

MU_SILENCE, A_SILENCE = b"\xff", b"\xd5"


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


def said_of(clips: list[Audio], codec: Codec) -> bytes:
    """What a leg in this law says of these clips, and 100 ms of silence."""
    bench = Bench()
    leg = bench.connected(stream(codec=codec))
    bench.engine.play(leg, clips, bench.now, is_looped=False)
    bench.run(0.4)
    return bench.audio(leg)


@pytest.mark.parametrize("codec", [Codec.PCMU, Codec.PCMA])
def test_clips_said_again_and_again_are_the_same_in_each_law(codec: Codec) -> None:
    clips = [tone(1600), tone(800, amplitude=900)]
    for clip in clips:
        clip.flags.writeable = False
    said = compress(np.concatenate([*clips, np.zeros(800, np.int16)]), codec).tobytes()
    assert [said_of(clips, each) for each in (codec, *Codec, codec)].count(said) == 3


def test_a_clip_that_was_changed_is_said_as_it_is_by_then() -> None:
    clip = tone(2400)
    before = said_of([clip], Codec.PCMU)
    clip[:] = 1000
    assert before[:160] != said_of([clip], Codec.PCMU)[:160] == compress(clip[:160], Codec.PCMU).tobytes()
