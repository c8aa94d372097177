"""Histograms and tallies, and their sums."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.load.measures import Measure, Times
from scenarios.load.tally import Tally, merged

times = st.lists(st.floats(1e-6, 3000), min_size=1, max_size=60)


def counted(values):
    found = Times()
    for value in values:
        found.add(value)
    return found


@settings(deadline=None, max_examples=30)
@given(times, times)
def test_two_histograms_together_are_the_histogram_of_all(ones, others):
    together, at_once = counted(ones), counted(ones + others)
    together.merge(counted(others))
    for name in ("min", "p50", "p99", "max"):
        assert together.statistic(name) == at_once.statistic(name)
    assert together.statistic("mean") == pytest.approx(at_once.statistic("mean"))
    assert len(together) == len(ones) + len(others)


@settings(deadline=None, max_examples=30)
@given(times, st.sampled_from([50.0, 90.0, 99.0]))
def test_a_percentile_is_exact_to_a_thousandth(values, percent):
    exact = sorted(values)[math.ceil(percent / 100 * len(values)) - 1]
    assert counted(values).percentile(percent) == pytest.approx(exact, rel=0.002, abs=1.5e-6)


@settings(deadline=None, max_examples=30)
@given(times)
def test_figures_together_are_those_one_by_one(values):
    names = ("min", "p50", "p99", "p99.9", "p100", "mean", "max")
    found = counted(values)
    assert found.statistics(names) == [found.statistic(name) for name in names]
    assert Times().statistics(names) == [None] * len(names)


def test_nothing_measured_has_no_figures():
    empty = Times()
    assert (empty.percentile(99), empty.statistic("mean"), list(empty.spectrum())) == (None, None, [])


def test_what_is_too_short_or_too_long_counts_at_the_bounds():
    found = counted([0.0, -1.0, 5000.0])
    assert found.statistic("min") == 1e-6
    assert found.statistic("max") == pytest.approx(3600, rel=0.001)


def test_the_tallies_of_two_processes_add_up():
    one, other = Tally(), Tally()
    one.finish("accept", None)
    other.finish("accept", "status 503")
    other.finish("busy", None)
    one.time(Measure.SETUP, "accept", 0.1)
    other.time(Measure.SETUP, "accept", 0.3)
    one.rtp.add(100, 99)
    other.rtp.add(100, 100)
    one.started, other.started = 1, 2
    one.elapsed = other.elapsed = 2.0
    one.second(3).intended, other.second(3).intended = 1, 2
    one.second(3).setup_p99, other.second(3).setup_p99 = 0.1, 0.3
    whole = merged([one, other])
    assert (whole.calls(), whole.failed(), whole.calls("busy")) == (3, 1, 1)
    assert whole.failure_classes() == [("status 503", 1, {"accept": 1})]
    assert whole.statistic(Measure.SETUP, "max") == pytest.approx(0.3, rel=0.001)
    assert whole.rtp.loss == 1 / 200
    assert whole.rate == 1.5
    assert (whole.seconds[3].intended, whole.seconds[3].setup_p99) == (3, 0.3)
    assert one.calls() == 1, "what was merged stays as it was"
