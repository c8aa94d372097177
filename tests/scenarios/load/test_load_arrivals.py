"""When the calls of a load begin."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.load.arrivals import Process, Stage, arrivals, duration_of, rate_at

FLAT = (Stage(20, 20, 3),)
RAMP = (Stage(0, 40, 5),)

rates = st.floats(0, 200)
stages = st.lists(st.builds(Stage, rates, rates, st.floats(0.01, 5)), min_size=1, max_size=4)


def instants(shape, process, seed=1):
    return list(arrivals(shape, process, Random(seed)))


def test_fixed_arrivals_are_evenly_spaced_from_the_first_instant_on():
    assert instants(FLAT, Process.FIXED) == pytest.approx([k / 20 for k in range(60)])


def test_a_ramp_makes_as_many_calls_as_the_area_under_its_rates_and_ever_denser():
    found = instants(RAMP, Process.FIXED)
    gaps = [later - earlier for earlier, later in pairwise(found)]
    assert len(found) == 100
    assert all(later < earlier for earlier, later in pairwise(gaps))


def test_a_ramp_downwards_reaches_nothing_without_dividing_by_it():
    found = instants((Stage(10, 0, 4),), Process.FIXED)
    assert len(found) == 20
    assert found[-1] < 4


def test_stages_follow_one_another_without_a_gap():
    found = instants((Stage(10, 10, 1), Stage(0, 0, 2), Stage(10, 10, 1)), Process.FIXED)
    assert len(found) == 20
    assert found[10] == pytest.approx(3.0)


def test_poisson_arrivals_have_the_mean_and_the_spread_of_exponential_gaps():
    gaps = [later - earlier for earlier, later in pairwise(instants((Stage(100, 100, 200),), Process.POISSON))]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert mean == pytest.approx(0.01, rel=0.03)
    assert spread == pytest.approx(mean, rel=0.05)


def test_poisson_arrivals_of_a_ramp_follow_its_rate():
    found = instants((Stage(0, 200, 100),), Process.POISSON)
    assert sum(at < 50 for at in found) / len(found) == pytest.approx(0.25, abs=0.02)


def test_the_same_seed_gives_the_same_calls_and_another_seed_others():
    assert instants(FLAT, Process.POISSON, 7) == instants(FLAT, Process.POISSON, 7)
    assert instants(FLAT, Process.POISSON, 7) != instants(FLAT, Process.POISSON, 8)


@settings(deadline=None, max_examples=60)
@given(stages, st.sampled_from(Process))
def test_arrivals_are_in_order_and_within_the_stages(shape, process):
    found = instants(shape, process)
    assert found == sorted(found)
    assert all(0 <= at <= duration_of(shape) + 1e-9 for at in found)


@settings(deadline=None, max_examples=60)
@given(stages)
def test_fixed_arrivals_differ_from_the_area_by_less_than_one_call(shape):
    area = sum(stage.area for stage in shape)
    assert abs(len(instants(shape, Process.FIXED)) - area) <= 1


def test_the_rate_of_the_moment_is_that_of_its_stage():
    shape = (Stage(0, 10, 10), Stage(5, 5, 10))
    assert [rate_at(shape, at) for at in (0, 5, 12, 20)] == [0, 5, 5, 0]
