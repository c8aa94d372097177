"""The model of the money, judged by examples a person can check by hand."""

from __future__ import annotations

from decimal import Decimal
from math import inf

import pytest

from scenarios.swarm.model import Claimed, Model, Money, Prices, Seen

CALIFORNIA = Prices(60, 60, 60, Decimal("0.025"))
SIX = Prices(6, 6, 6, Decimal("0.25"))
YAKIMA = Prices(60, 60, 60, Decimal("0.12"), first_price=Decimal("1.50"))


def seen(**facts: object) -> Seen:
    given: dict[str, object] = {
        "call": "c",
        "payer": "advancepay:+1",
        "prices": SIX,
        "limit": 900.0,
        "accept_keys": [(10.0, 10.0)],
        "left": 30.0,
        "left_late": 30.0,
        "over": 30.0,
    }
    return Seen(**(given | facts))  # type: ignore[arg-type]


def claimed(**facts: object) -> Claimed:
    given: dict[str, object] = {
        "call": "c",
        "payer": "advancepay:+1",
        "accepted": 10.0,
        "ended": 30.0,
        "talk": 20.0,
        "charged": 100_000,
        "why": "hung-up",
        "ended_by": "callee",
    }
    return Claimed(**(given | facts))  # type: ignore[arg-type]


def faults(saw: Seen, claim: Claimed, *, opening: int = 1_000_000, deposits: tuple[Money, ...] = ()) -> list[str]:
    model = Model(openings={"advancepay:+1": opening}, deposits=deposits)
    model.judge([(saw, claim)])
    return model.faults


@pytest.mark.parametrize(
    ("prices", "seconds", "micros"),
    [
        (CALIFORNIA, 0, 25_000),
        (CALIFORNIA, 60, 25_000),
        (CALIFORNIA, 60.001, 50_000),
        (CALIFORNIA, 900, 375_000),
        (SIX, 20, 100_000),
        (YAKIMA, 61, 1_620_000),
    ],
)
def test_a_price_is_that_of_every_interval_begun(prices: Prices, seconds: float, micros: int) -> None:
    assert prices.of(seconds) == micros


@pytest.mark.parametrize(
    ("prices", "micros", "seconds"), [(CALIFORNIA, 75_000, 180), (CALIFORNIA, 74_999, 120), (SIX, 24_999, -1)]
)
def test_money_reaches_to_the_end_of_the_last_interval_it_pays(prices: Prices, micros: int, seconds: float) -> None:
    assert prices.reach(micros) == seconds


def test_what_costs_nothing_reaches_for_ever() -> None:
    assert Prices(60, 60, 60, Decimal(0)).reach(0) == inf


def test_a_right_call_is_found_right_and_its_balance_told() -> None:
    model = Model(openings={"advancepay:+1": 1_000_000}, deposits=[Money(5.0, "advancepay:+1", 7)])
    assert model.judge([(seen(), claimed())]) == {"advancepay:+1": 900_007}
    assert not model.faults


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ({"charged": 200_000}, "costs 200000"),
        ({"charged": 75_000}, "costs 75000"),
        ({"accepted": 5.0, "talk": 25.0, "charged": 125_000}, "when no accept key arrived"),
        ({"talk": 14.0, "charged": 75_000}, "talked 14.000 s"),
        ({"payer": "advancepay:+2"}, "is paid by advancepay:+2"),
        ({"accepted": None, "talk": 0.0}, "was never accepted"),
    ],
)
def test_a_wrong_claim_is_a_fault(claim: dict[str, object], words: str) -> None:
    assert any(words in fault for fault in faults(seen(), claimed(**claim)))


def test_an_acceptance_that_leads_to_no_talk_is_a_fault() -> None:
    told = faults(seen(must_talk=True), claimed(accepted=None, talk=0.0, charged=0, why="not-accepted"))
    assert ["no talk began" in fault for fault in told] == [True]


def test_talk_beyond_the_money_is_a_fault_even_where_it_is_not_charged() -> None:
    saw = seen(left=60.0, left_late=60.0, over=60.0)
    told = faults(saw, claimed(talk=18.0, charged=75_000, ended=28.0, why="funds-exhausted"), opening=75_000)
    assert ["went on for 50.000 s" in fault for fault in told] == [True]


def test_a_deposit_in_time_lengthens_the_talk_and_one_too_late_need_not() -> None:
    saw = seen(left=60.0, left_late=60.0, over=40.0)
    long = claimed(talk=30.0, charged=125_000, ended=40.0, why="funds-exhausted")
    assert not faults(saw, long, opening=75_000, deposits=(Money(20.0, "advancepay:+1", 50_000),))
    assert faults(saw, long, opening=75_000, deposits=(Money(29.0, "advancepay:+1", 50_000),))


def test_a_killed_switch_charges_at_most_until_it_died_and_at_least_to_the_beat_before() -> None:
    saw = seen(left=inf, left_late=inf, over=inf, killed=25.0)
    assert not faults(saw, claimed(talk=14.2, charged=75_000, ended=24.2, why="recovered"))
    assert faults(saw, claimed(talk=16.0, charged=75_000, ended=26.0, why="recovered"))
    assert faults(saw, claimed(talk=12.0, charged=50_000, ended=22.0, why="recovered"))


def test_nobody_falls_below_zero() -> None:
    told = faults(seen(is_sure=False, left_late=inf, over=inf), claimed(), opening=99_999)
    assert any("below zero" in fault for fault in told)
