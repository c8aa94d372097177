"""Legs that neither send nor receive: time passes for them without a step."""

from __future__ import annotations

from pathlib import Path

from switch.media.control import PlayEnded
from switch.media.engine import TICK
from switch.media.recorder import RecordingWriter
from tests.support.rtp import OTHER, PHONE, Bench, Phone, stream, tone

INACTIVE = stream(is_sending=False, is_receiving=False)


def test_an_inactive_leg_needs_no_step() -> None:
    bench = Bench()
    bench.connected(INACTIVE)
    assert bench.engine.idle_until is None


def test_a_play_to_an_inactive_leg_ends_in_its_time_with_one_step() -> None:
    bench = Bench()
    leg = bench.connected(INACTIVE)
    play = bench.engine.play(leg, [tone(8000)], bench.now, is_looped=False)
    due = bench.engine.idle_until
    assert due is not None
    assert 0.98 <= due - bench.now <= 1.0
    bench.now = due
    bench.step()
    assert bench.told(leg) == [PlayEnded(play, due)]
    assert bench.engine.idle_until is None
    assert bench.sent == []


def test_a_play_stopped_at_rest_does_not_tell_its_end() -> None:
    bench = Bench()
    leg = bench.connected(INACTIVE)
    bench.engine.play(leg, [tone(8000)], bench.now, is_looped=False)
    bench.engine.stop(leg)
    assert bench.engine.idle_until is None


def test_a_leg_that_wakes_goes_on_where_it_would_have_been() -> None:
    audio = tone(16000)
    resting, awake = Bench(), Bench()
    for bench in (resting, awake):
        leg = bench.connected()
        bench.engine.play(leg, [audio], bench.now, is_looped=False)
        bench.run(0.2)
    resting.engine.connect(leg, INACTIVE, resting.now)
    awake.engine.connect(leg, stream(is_sending=False), awake.now)
    resting.run(0.5)
    awake.run(0.5)
    for bench in (resting, awake):
        bench.engine.connect(leg, stream(), bench.now)
        bench.run(0.2)
    assert resting.sent == awake.sent
    assert len(resting.sent) == 20


def test_a_leg_that_wakes_hears_the_peer_anew_and_nothing_old() -> None:
    bench = Bench()
    one, two = bench.connected(stream(PHONE)), bench.connected(stream(OTHER))
    bench.engine.hear(two, one, with_digits=False)
    phone = Phone()
    bench.talk(one, phone, 0.2, code=0x11)
    bench.engine.connect(one, INACTIVE, bench.now)
    bench.run(0.4)
    bench.sent.clear()
    bench.engine.connect(one, stream(PHONE), bench.now)
    bench.talk(one, phone, 0.4, code=0x22)
    heard = set(bench.audio(two))
    assert 0x22 in heard
    assert 0x11 not in heard


def test_a_recording_of_legs_at_rest_is_as_long_as_it_lasted(tmp_path: Path) -> None:
    bench = Bench()
    one, two = bench.connected(INACTIVE), bench.connected(INACTIVE)
    recording = bench.engine.record(one, two, bench.now)
    bench.now += 60
    frames = bench.engine.stop_recording(recording, bench.now)
    assert abs(frames - 60 * 50) <= 1
    writer = RecordingWriter()
    writer.begin(recording, tmp_path / "rest.wav")
    writer.end(recording, frames)
    writer.close()
    assert (tmp_path / "rest.wav").stat().st_size == 44 + frames * 640


def test_a_leg_at_rest_that_closes_leaves_nothing_to_wait_for() -> None:
    bench = Bench()
    leg = bench.connected(INACTIVE)
    bench.engine.play(leg, [tone(8000)], bench.now, is_looped=False)
    bench.engine.close(leg)
    assert bench.engine.idle_until is None
    bench.run(100 * TICK)
    assert bench.events == []
