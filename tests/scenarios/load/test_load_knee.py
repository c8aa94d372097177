"""The search for the highest rate that passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.load.knee import CLOSE, RATE_MAX, RATE_MIN, STEPS_MAX, KneeSearch, Step
from tests.support.examples import examples


def searched(knee, first):
    search = KneeSearch(first)
    while (rate := search.next_rate) is not None:
        search.tell(Step(rate, rate <= knee))
    return search


def test_it_doubles_until_a_rate_fails_and_then_halves_the_interval():
    rates = [step.rate for step in searched(50, 10).steps]
    assert rates == [10, 20, 40, 80, 60, 50, 55]


def test_it_goes_down_where_the_first_rate_fails():
    search = searched(3, 20)
    assert [step.rate for step in search.steps][:4] == [20, 10, 5, 2.5]
    assert search.best == pytest.approx(3, rel=CLOSE - 1)


def test_a_rate_that_passes_above_one_that_failed_is_luck():
    search = KneeSearch(10)
    for has_passed in (True, False, True, False):
        search.tell(Step(search.next_rate, has_passed))
    assert [step.rate for step in search.steps] == [10, 20, 15, 17.5]
    assert search.best == 15


def test_a_target_that_passes_everything_has_its_knee_above_the_highest_rate():
    search = searched(float("inf"), 500)
    assert search.best == RATE_MAX
    assert not search.is_bounded


def test_a_target_that_passes_nothing_has_none():
    search = searched(0, 1)
    assert search.best is None
    assert search.steps[-1].rate >= RATE_MIN


@examples(100)
@given(st.floats(0.5, 4000), st.floats(0.2, 4000))
def test_it_ends_within_its_steps_next_to_the_knee(knee, first):
    search = searched(knee, first)
    assert len(search.steps) <= STEPS_MAX
    if len(search.steps) < STEPS_MAX and search.is_bounded and search.best is not None:
        assert search.best <= knee <= search.best * CLOSE + 1e-9
