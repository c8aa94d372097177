from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.report.axis import PIXELS_PER_SECOND, STRETCH_MAX, Axis, Break, Room

ROOM = {"side": Room(14, 6)}


def test_short_stretches_are_to_scale() -> None:
    axis = Axis(50)
    assert [axis.place(at, {}) for at in (10.0, 11.0, 13.0)] == [50, 50 + PIXELS_PER_SECOND, 50 + 3 * PIXELS_PER_SECOND]
    assert axis.y(12.0) == pytest.approx(50 + 2 * PIXELS_PER_SECOND)
    assert axis.breaks == []


def test_a_long_stretch_is_broken_and_says_how_long_it_is() -> None:
    axis = Axis(0)
    axis.place(0.0, {})
    axis.place(900.0, {})
    assert axis.breaks == [Break(0, STRETCH_MAX, 900.0)]


def test_rows_at_one_instant_stand_below_each_other_in_a_zone_and_beside_each_other_in_two() -> None:
    axis = Axis(0)
    assert [axis.place(1.0, ROOM), axis.place(1.0, ROOM), axis.place(1.0, {"other": Room(14, 6)})] == [0, 20, 20]


def test_instants_outside_are_at_the_ends() -> None:
    axis = Axis(5)
    assert axis.y(3.0) == 5
    axis.place(1.0, {})
    axis.place(2.0, {})
    assert (axis.y(0.0), axis.y(9.0), axis.at(0.0), axis.at(999.0)) == (5, 19, 1.0, 2.0)


@given(st.lists(st.tuples(st.floats(0, 1000), st.booleans()), min_size=1, max_size=30))
@settings(deadline=None, max_examples=80)
def test_time_never_goes_up_and_no_labels_meet(placed: list[tuple[float, bool]]) -> None:
    axis = Axis(0)
    rows = [(axis.place(at, ROOM if is_labelled else {}), at, is_labelled) for at, is_labelled in sorted(placed)]
    heights = [y for y, _, _ in rows]
    assert heights == sorted(heights)
    labelled = [y for y, _, is_labelled in rows if is_labelled]
    assert all(after - before >= 19.999 for before, after in pairwise(labelled))
    times = [at for _, at, _ in rows]
    assert [axis.y(at) for at in times] == sorted(axis.y(at) for at in times)
    middle = [(axis.y(times[0]) + axis.bottom) / 2]
    assert all(axis.y(axis.at(y)) == pytest.approx(y) or axis.at(y) in times for y in middle)
