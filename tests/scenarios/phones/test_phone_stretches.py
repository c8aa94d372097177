"""Stretches: whatever comes in whatever order, each sample is found at its instant."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scenarios.phones import stretches
from scenarios.phones.codec import SAMPLES_PER_SECOND, Law, decode
from scenarios.phones.stretches import Stretches

FRAME = 160
PLACES = 40


def octets(number: int) -> bytes:
    return bytes((number * 7 + n) % 256 for n in range(FRAME))


@given(
    numbers=st.permutations(range(PLACES)).flatmap(lambda order: st.integers(1, PLACES).map(lambda n: order[:n])),
    law=st.sampled_from(Law),
    begins=st.floats(0, 100),
    since=st.integers(-FRAME, PLACES * FRAME),
    length=st.integers(0, PLACES * FRAME),
)
def test_audio_is_where_it_was_heard_and_silence_elsewhere(
    numbers: list[int], law: Law, begins: float, since: int, length: int
) -> None:
    kept = Stretches()
    whole = np.zeros((PLACES + 2) * FRAME + 2 * PLACES * FRAME, np.int16)
    for number in numbers:
        kept.keep(begins + number * FRAME / SAMPLES_PER_SECOND, octets(number), law)
        whole[FRAME + number * FRAME : 2 * FRAME + number * FRAME] = decode(octets(number), law)
    wanted = whole[FRAME + since : FRAME + since + length]
    at = begins + since / SAMPLES_PER_SECOND
    assert np.array_equal(kept.audio(at, at + length / SAMPLES_PER_SECOND), wanted)


def test_what_follows_without_a_gap_is_one_stretch_until_it_is_long() -> None:
    kept = Stretches()
    frames = 2 * stretches.STRETCH_MAX // FRAME
    for number in range(frames):
        kept.keep(number * FRAME / SAMPLES_PER_SECOND, octets(number), Law.PCMU)
    until = frames * FRAME / SAMPLES_PER_SECOND
    assert kept.spans(0, until) == [(0.0, until / 2), (until / 2, until)]


def test_stretches_of_two_laws_are_told_apart() -> None:
    kept = Stretches()
    kept.keep(0.0, octets(1), Law.PCMU)
    kept.keep(FRAME / SAMPLES_PER_SECOND, octets(1), Law.PCMA)
    wanted = np.concatenate([decode(octets(1), law) for law in (Law.PCMU, Law.PCMA)])
    assert np.array_equal(kept.audio(0, 2 * FRAME / SAMPLES_PER_SECOND), wanted)


def test_what_ended_before_is_forgotten() -> None:
    kept = Stretches()
    for at in (0.0, 1.0, 2.0):
        kept.keep(at, octets(1), Law.PCMU)
    kept.forget(1.01)
    assert [at for at, _ in kept.spans(-10, 10)] == [1.0, 2.0]
