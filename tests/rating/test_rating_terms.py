"""Terms are fixed at admission, stored, and moved to the instant of acceptance."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rating.errors import RateError
from rating.tariff import MidCall, Rate, free_rate
from rating.tax import Levy, StateShare
from rating.terms import SEGMENTS_MAX, START, Segment, Terms, plain
from tests.rating.rate_builders import rate, rates
from tests.rating.terms_builders import ADMITTED, some_terms, tax, terms
from tests.support.examples import examples

DAY = rate("0.21")
EVENING = rate("0.15")
NIGHT = rate("0.05")


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


@given(some_terms())
@examples(200)
def test_stored_terms_come_back_equal(of: Terms) -> None:
    assert Terms.from_json(of.to_json()) == of
    assert "\n" not in of.to_json()


@given(rates())
@settings(deadline=None, max_examples=50)
def test_a_stored_rate_is_read_as_the_terms_of_a_call_that_depends_on_it_alone(of: Rate) -> None:
    assert Terms.from_json(of.to_json()) == plain(of)


FACTS = json.loads(terms((0, DAY), levies=[tax("0.06")], share=StateShare("colorado", Decimal("0.25"))).to_json())


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "[]",
        "null",
        "{}",
        json.dumps(FACTS | {"more": 1}),
        json.dumps(FACTS | {"terms": 2}),
        json.dumps(FACTS | {"segments": []}),
        json.dumps(FACTS | {"segments": None}),
        json.dumps(FACTS | {"segments": [{"after": 0, "band": 1, "rate": FACTS["segments"][0]["rate"]}]}),
        json.dumps(FACTS | {"segments": [{"after": 0, "band": "", "rate": {}}]}),
        json.dumps(FACTS | {"as_of": "yesterday"}),
        json.dumps(FACTS | {"mid_call": "never"}),
        json.dumps(FACTS | {"free_seconds": 0.5}),
        json.dumps(FACTS | {"free_seconds": -1}),
        json.dumps(FACTS | {"allowance": None}),
        json.dumps(FACTS | {"levies": [{}]}),
        json.dumps(FACTS | {"levies": [FACTS["levies"][0] | {"share": "a lot"}]}),
        json.dumps(FACTS | {"levies": [FACTS["levies"][0] | {"share": 0.5}]}),
        json.dumps(FACTS | {"share": {"payer": "colorado", "share": "1.5"}}),
    ],
)
def test_other_text_is_no_terms(damaged: str) -> None:
    with pytest.raises(RateError):
        Terms.from_json(damaged)


@pytest.mark.parametrize(
    ("segments", "fields", "words"),
    [
        ((), {}, "0 are not from 1"),
        ((Segment(seconds(1), DAY),), {}, "first at offset zero"),
        (tuple(Segment(seconds(after), DAY) for after in range(SEGMENTS_MAX + 1)), {}, "are not from 1"),
        ((Segment(START, DAY), Segment(START, NIGHT)), {}, "does not begin after"),
        ((Segment(START, DAY), Segment(seconds(1), NIGHT)), {"as_of": None}, "needs an instant"),
        ((Segment(START, DAY),), {"free_seconds": 10_000_001}, "free_seconds"),
    ],
)
def test_terms_that_make_no_price_are_refused(
    segments: tuple[Segment, ...], fields: dict[str, object], words: str
) -> None:
    with pytest.raises(RateError, match=words):
        Terms(**{"segments": segments, "as_of": ADMITTED, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize("share", ["-0.1", "1.1", "NaN", "0.0000000001"])
def test_shares_beyond_the_whole_or_too_fine_are_refused(share: str) -> None:
    with pytest.raises(RateError, match="share"):
        StateShare("colorado", Decimal(share))
    with pytest.raises(RateError, match="share"):
        tax(share)


def test_fees_beyond_reason_are_refused() -> None:
    with pytest.raises(RateError, match="per_call"):
        Levy("fee", "here", per_call=Decimal("100.01"))


def test_acceptance_counts_offsets_anew_and_forgets_what_has_passed() -> None:
    of = terms((0, DAY), (60, EVENING), (600, NIGHT))
    accepted = of.accepted(ADMITTED + seconds(90.5))
    assert accepted.as_of == ADMITTED + seconds(90.5)
    assert [(each.after, each.rate) for each in accepted.segments] == [(START, EVENING), (seconds(509.5), NIGHT)]


@pytest.mark.parametrize(("late", "first"), [(0, DAY), (59.999999, DAY), (60, EVENING), (3600, NIGHT)])
def test_the_segment_at_acceptance_prices_the_first_interval(late: float, first: Rate) -> None:
    for mid_call in MidCall:
        of = terms((0, DAY), (60, EVENING), (600, NIGHT), mid_call=mid_call)
        assert of.accepted(ADMITTED + seconds(late)).opening.rate == first


def test_a_clock_that_went_back_accepts_at_admission() -> None:
    of = terms((0, DAY), (60, EVENING))
    assert of.accepted(ADMITTED - seconds(1)).segments == of.segments


def test_a_rate_alone_does_not_depend_on_the_instant() -> None:
    assert plain(DAY).accepted(datetime(2030, 1, 1, tzinfo=UTC)) == plain(DAY)


@given(some_terms(), st.integers(0, 4000), st.integers(0, 4000))
@examples(100)
def test_it_does_not_matter_whether_acceptance_is_reached_in_one_step(of: Terms, one: int, more: int) -> None:
    at = ADMITTED + seconds(one + more)
    assert of.accepted(ADMITTED + seconds(one)).accepted(at) == of.accepted(at)


def test_free_talk_ends_in_the_segment_that_prices_the_first_interval() -> None:
    assert terms((0, DAY), (60, EVENING), free_seconds=60).opening.rate == EVENING
    assert terms((0, DAY), (60, EVENING), free_seconds=59).opening.rate == DAY
    assert terms((0, DAY), (60, EVENING), free_seconds=60, mid_call=MidCall.FIXED).opening.rate == DAY


def test_terms_are_free_where_nothing_costs_or_a_state_pays_all() -> None:
    assert plain(free_rate()).is_free
    assert terms((0, DAY), share=StateShare("colorado", Decimal(1))).is_free
    assert not terms((0, DAY), share=StateShare("colorado", Decimal("0.999999999"))).is_free
    assert not terms((0, free_rate()), (60, DAY)).is_free
    assert terms((0, free_rate()), (60, DAY), mid_call=MidCall.FIXED).is_free


@pytest.mark.parametrize("rule", list(MidCall))
def test_nothing_is_charged_at_whatever_acceptance_only_where_every_rate_is_free(rule: MidCall) -> None:
    assert terms((0, free_rate()), (60, free_rate("+1")), mid_call=rule).charges_nothing
    assert not terms((0, free_rate()), (60, DAY), mid_call=rule).charges_nothing
