"""Loss and jitter of a stream, by RFC 3550."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.load.streams import Arrived


def arrived(numbers):
    stream = Arrived()
    for number in numbers:
        stream.take_number(number & 0xFFFF)
    return stream.expected, stream.received


@pytest.mark.parametrize(
    ("numbers", "expected", "received"),
    [
        ([], 0, 0),
        ([5, 6, 7], 3, 3),
        ([5, 7, 8], 4, 3),
        ([5, 7, 6, 8], 4, 4),
        ([65534, 65535, 65536, 65538], 5, 4),
        ([5, 6, 6, 7], 3, 3),
        ([5, 4, 6], 2, 2),
        ([5, 6, 7, 40_000, 40_001], 5, 5),
    ],
    ids=["nothing", "whole", "a gap", "reordered", "wrapped", "repeated", "before the first", "begun anew"],
)
def test_packets_are_expected_from_the_first_to_the_last(numbers, expected, received):
    assert arrived(numbers) == (expected, received)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 65_535), st.integers(3, 400), st.data())
def test_what_is_lost_in_the_middle_is_counted_exactly(first, count, data):
    lost = data.draw(st.sets(st.integers(1, count - 2), max_size=count // 2))
    numbers = [first + index for index in range(count) if index not in lost]
    assert arrived(numbers) == (count, count - len(lost))


def test_evenly_spaced_packets_have_no_jitter_and_late_ones_a_sixteenth_of_their_lateness():
    stream = Arrived()
    for index in range(100):
        stream.take_time(index * 160, 7.0 + index * 0.02)
    assert stream.jitter == pytest.approx(0.0, abs=1e-9)
    stream.take_time(100 * 160, 7.0 + 2.0 + 0.016)
    assert stream.jitter == pytest.approx(0.001)


def test_a_new_origin_of_timestamps_is_no_jitter():
    stream = Arrived()
    stream.take_time(160, 1.0)
    stream.take_time(3_000_000_000, 1.02)
    stream.take_time(3_000_000_160, 1.04)
    assert stream.jitter == pytest.approx(0.0, abs=1e-9)
