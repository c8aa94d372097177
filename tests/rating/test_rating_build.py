"""Terms from a deck: every price that can apply from admission to the limit, and what to hold before anybody rings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import Money
from rating.build import admission_hold, build_terms
from rating.deck import Deck
from rating.load import load_tariffs, parse_tariff, shipped_tariffs
from rating.price import NO_TALK, afford, price, step
from rating.tariff import MidCall, Tariff, free_rate
from rating.tax import StateShare
from rating.terms import SEGMENTS_MAX, Terms, plain
from tests.rating.rate_builders import rate, rates
from tests.rating.terms_builders import ADMITTED, tax, terms
from tests.support.examples import examples

NEW_YORK = "+12125550123"
MINUTE = timedelta(minutes=1)
QUARTER_HOUR = timedelta(minutes=15)
OLD = """\
name = "old"
valid_from = 2021-01-01
valid_until = 2021-07-03
zone = "America/New_York"
mid_call = "split"

[[bands]]
name = "evening"
from = "17:00"

[[rows]]
place = "United States"
prefixes = ["+1"]
per_minute = "0.21"

[[rows]]
band = "evening"
place = "United States"
prefixes = ["+1"]
per_minute = "0.15"
"""
NEW = """\
name = "new"
valid_from = 2021-07-03
zone = "America/New_York"

[[rows]]
place = "United States"
prefixes = ["+1"]
per_minute = "0.10"
"""


def deck(*texts: str) -> Deck:
    tariffs = [parse_tariff(text, Path("t.toml")) for text in texts]
    assert all(isinstance(tariff, Tariff) for tariff in tariffs), tariffs
    return Deck(tariffs)  # type: ignore[arg-type]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


def built(of: Deck, at: datetime, **fields: Any) -> Terms:
    defaults = {"number": NEW_YORK, "kind": "debit", "answer_within": 2 * MINUTE, "limit": QUARTER_HOUR}
    made = build_terms(of, at=at, **{**defaults, **fields})  # type: ignore[arg-type]
    assert made is not None
    return made


def told(of: Terms) -> list[tuple[float, str, str, str]]:
    return [
        (each.after.total_seconds(), each.rate.tariff, each.band, str(each.rate.per_minute)) for each in of.segments
    ]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (utc(2021, 7, 2, 12), [(0, "old", "", "0.21")]),
        (utc(2021, 7, 2, 20, 59, 30), [(0, "old", "", "0.21"), (30, "old", "evening", "0.15")]),
        (utc(2021, 7, 2, 20, 43), [(0, "old", "", "0.21")]),
        (utc(2021, 7, 2, 20, 43, 1), [(0, "old", "", "0.21"), (1019, "old", "evening", "0.15")]),
        (utc(2021, 7, 2, 21), [(0, "old", "evening", "0.15")]),
        (utc(2021, 7, 3, 3, 59), [(0, "old", "evening", "0.15"), (60, "new", "", "0.10")]),
        (utc(2021, 7, 3, 4), [(0, "new", "", "0.10")]),
    ],
)
def test_split_terms_reach_over_bands_and_tariffs_to_the_last_talk(
    at: datetime, expected: list[tuple[float, str, str, str]]
) -> None:
    of = built(deck(OLD, NEW), at)
    assert told(of) == expected
    assert of.as_of == at


def test_fixed_terms_reach_to_the_last_acceptance() -> None:
    fixed = deck(OLD.replace('"split"', '"fixed"'), NEW)
    assert len(built(fixed, utc(2021, 7, 2, 20, 57)).segments) == 1
    of = built(fixed, utc(2021, 7, 2, 20, 59))
    assert told(of) == [(0, "old", "", "0.21"), (60, "old", "evening", "0.15")]
    assert price(of, QUARTER_HOUR) == Money.from_text("3.15")
    assert price(of.accepted(utc(2021, 7, 2, 21)), QUARTER_HOUR) == Money.from_text("2.25")


def test_where_no_later_tariff_is_the_price_before_goes_on() -> None:
    assert told(built(deck(OLD), utc(2021, 7, 3, 3, 59))) == [(0, "old", "evening", "0.15")]


def test_without_a_tariff_there_are_no_terms() -> None:
    made = build_terms(
        deck(NEW), number=NEW_YORK, kind="debit", at=utc(2021, 1, 1), answer_within=MINUTE, limit=QUARTER_HOUR
    )
    assert made is None


def test_a_free_call_depends_on_nothing() -> None:
    assert built(deck(NEW), utc(2021, 1, 1), kind="free") == plain(free_rate())


def test_allowance_taxes_and_share_are_fixed_with_the_price() -> None:
    share = StateShare("colorado", Decimal("0.25"))
    of = built(deck(NEW), utc(2021, 8, 1), free_seconds=900, allowance="fifteen", levies=(tax("0.0635"),), share=share)
    assert (of.free_seconds, of.allowance, of.levies, of.share) == (900, "fifteen", (tax("0.0635"),), share)


def test_a_call_that_is_free_anyway_takes_nothing_of_an_allowance() -> None:
    of = built(deck(NEW.replace("0.10", "0")), utc(2021, 8, 1), free_seconds=900, allowance="fifteen")
    assert (of.free_seconds, of.allowance) == (0, "")


def test_tariffs_of_other_kinds_change_nothing() -> None:
    collect = OLD.replace('"old"', '"collect"', 1).replace("mid_call", 'kinds = ["collect"]\nmid_call')
    debit = NEW.replace("2021-07-03", '2021-01-01\nkinds = ["debit"]\nmid_call = "split"')
    assert told(built(deck(collect, debit), utc(2021, 7, 2, 20, 59))) == [(0, "new", "", "0.10")]


def test_more_changes_than_a_call_can_have_are_left_out() -> None:
    of = built(deck(OLD.replace("valid_until = 2021-07-03\n", "")), utc(2021, 7, 2), limit=timedelta(days=60))
    assert len(of.segments) == SEGMENTS_MAX


def test_a_call_of_every_shipped_tariff_has_terms() -> None:
    for path in shipped_tariffs().values():
        loaded = load_tariffs(path)
        assert isinstance(loaded, Deck)
        (tariff, *_) = loaded.tariffs
        at = datetime.combine(tariff.valid_from, datetime.min.time(), UTC) + timedelta(days=2)
        (kind, *_) = sorted(tariff.kinds)
        found = loaded.rate(NEW_YORK, kind, at)
        assert found is not None
        assert price(built(loaded, at, kind=kind), QUARTER_HOUR) == price(found, QUARTER_HOUR)


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (plain(rate("0.21")), "0.21"),
        (terms((0, rate("0.21"))), "0.21"),
        (terms((0, rate("0.21")), levies=[tax("0.0635")]), "0.223335"),
        (terms((0, rate("0.15")), (60, rate("0.21")), mid_call=MidCall.FIXED), "0.21"),
        (terms((0, rate("0.21")), (60, rate("0.15")), mid_call=MidCall.FIXED), "0.21"),
        (terms((0, rate("0.15")), (181, rate("0.21"))), "0.15"),
        (terms((0, rate("0.15")), (130, rate("0.21")), mid_call=MidCall.FIXED), "0.15"),
        (terms((0, rate("0.15")), (60, rate("0.21")), free_seconds=60), "0"),
        # An increment more than the dearest: how the intervals fall is not known yet.
        (terms((0, rate("0.15", "1.50")), (60, rate("0.21"))), "1.71"),
    ],
)
def test_what_is_held_before_anybody_rings_is_the_dearest_first_slice(of: Terms, expected: str) -> None:
    assert admission_hold(of, MINUTE, 2 * MINUTE) == Money.from_text(expected)


@given(
    st.lists(rates(), min_size=1, max_size=3),
    st.lists(st.integers(1, 900), min_size=2, max_size=2, unique=True),
    st.sampled_from(MidCall),
    st.sampled_from([0, 1, 30, 100]),
    st.integers(0, 120),
    st.integers(1, 120),
)
@examples(250)
def test_what_is_held_at_admission_pays_for_the_first_slice_whenever_the_call_is_accepted(
    prices: list[Any], offsets: list[int], mid_call: MidCall, free: int, late: int, slice_: int
) -> None:
    parts = zip((0, *sorted(offsets)), prices, strict=False)
    of = terms(*parts, mid_call=mid_call, free_seconds=free, levies=[tax("0.0635")])
    held = admission_hold(of, timedelta(seconds=slice_), 2 * MINUTE)
    accepted = of.accepted(ADMITTED + timedelta(seconds=late))
    upto = step(accepted, NO_TALK, timedelta(seconds=slice_))
    assert price(accepted, upto) <= held
    assert afford(accepted, held) >= upto
