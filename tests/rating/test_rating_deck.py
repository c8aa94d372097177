"""A deck finds the longest prefix among the tariffs of the day, and no contradictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rating.calendar import day_start, is_zone, local_day
from rating.deck import Deck
from rating.errors import OverlapError
from rating.jurisdiction import Jurisdiction
from rating.tariff import KINDS, Tariff
from tests.rating.rate_builders import rate, tariff
from tests.support.examples import examples

DAY = timedelta(days=1)
TODAY = date(2021, 6, 1)


def prefix_of(deck: Deck, number: str, kind: str = "debit", on: date | datetime = TODAY) -> str | None:
    rate = deck.rate(number, kind, on)
    return None if rate is None else rate.prefix


@pytest.mark.parametrize(
    ("number", "prefix"),
    [
        ("+12135550100", "+1213"),
        ("+12135559999", "+12135559"),
        ("+12125550100", "+1"),
        ("+442079460000", None),
        ("+12", "+1"),
        ("", None),
    ],
)
def test_the_longest_prefix_decides(number: str, prefix: str | None) -> None:
    assert prefix_of(Deck([tariff("test", "+1", "+1213", "+12135559")]), number) == prefix


def test_the_plus_alone_prices_every_number() -> None:
    assert prefix_of(Deck([tariff("test", "+", "+1")]), "+442079460000") == "+"


def test_the_longest_prefix_decides_across_tariffs_too() -> None:
    narrow, wide = tariff("narrow", "+1213"), tariff("wide", "+1")
    for deck in (Deck([narrow, wide]), Deck([wide, narrow])):
        assert prefix_of(deck, "+12135550100") == "+1213"
        assert prefix_of(deck, "+12125550100") == "+1"


def test_each_kind_has_its_tariffs() -> None:
    deck = Deck([tariff("prepaid", "+1", kinds=["advancepay", "debit"]), tariff("lec", "+", kinds=["collect"])])
    assert prefix_of(deck, "+12125550100", "advancepay") == "+1"
    assert prefix_of(deck, "+12125550100", "collect") == "+"
    assert prefix_of(deck, "+442079460000", "debit") is None


def test_a_free_call_needs_no_tariff() -> None:
    rate = Deck([]).rate("+12125550100", "free", TODAY)
    assert rate is not None
    assert rate.is_free


def two_periods() -> Deck:
    zone = "America/Los_Angeles"
    change = date(2021, 3, 19)
    before = tariff("before", "+1", valid_from=date(2020, 1, 1), valid_until=change, zone=zone)
    return Deck([before, tariff("after", "+1", valid_from=change, zone=zone)])


@pytest.mark.parametrize(
    ("on", "name"),
    [
        (date(2019, 12, 31), None),
        (date(2021, 3, 18), "before"),
        (date(2021, 3, 19), "after"),
        (datetime(2021, 3, 19, 6, 59, 59, tzinfo=UTC), "before"),
        (datetime(2021, 3, 19, 7, 0, 0, tzinfo=UTC), "after"),
    ],
)
def test_tariffs_change_at_local_midnight(on: date | datetime, name: str | None) -> None:
    rate = two_periods().rate("+12125550100", "debit", on)
    assert (rate and rate.tariff) == name


def test_an_instant_without_a_zone_is_a_bug_of_ours() -> None:
    with pytest.raises(AssertionError, match="without a time zone"):
        two_periods().rate("+12125550100", "debit", datetime(2021, 3, 19))  # noqa: DTZ001 - the point of it


@pytest.mark.parametrize(
    "other",
    [
        tariff("other", "+1213", "+1"),
        tariff("other", "+1", kinds=["debit"]),
        tariff("other", "+1", valid_from=date(2030, 1, 1)),
        tariff("other", "+1", valid_from=date(2020, 1, 1), valid_until=date(2021, 1, 2)),
    ],
)
def test_two_prices_for_one_call_are_refused(other: Tariff) -> None:
    with pytest.raises(OverlapError) as caught:
        Deck([tariff("one", "+1"), other])
    assert (caught.value.first, caught.value.second, caught.value.prefix) == ("one", "other", "+1")


@pytest.mark.parametrize(
    "other",
    [
        tariff("other", "+1213"),
        tariff("other", "+1", valid_from=date(2020, 1, 1), valid_until=date(2021, 1, 1)),
    ],
)
def test_tariffs_that_never_meet_live_side_by_side(other: Tariff) -> None:
    assert len(Deck([tariff("one", "+1", kinds=["collect"]), other]).tariffs) == 2


def test_a_prefix_twice_in_one_tariff_is_a_bug_of_the_loader() -> None:
    with pytest.raises(AssertionError, match="a prefix twice"):
        Deck([tariff("test", "+1", "+1")])


digits = st.text("12", min_size=0, max_size=6)


@given(st.sets(digits, max_size=20), digits)
@examples(100)
def test_look_up_agrees_with_a_plain_search(prefixes: set[str], number: str) -> None:
    known = [f"+{prefix}" for prefix in prefixes] or ["+1"]
    expected = max((p for p in known if f"+{number}".startswith(p)), key=len, default=None)
    assert prefix_of(Deck([tariff("test", *known)]), f"+{number}") == expected


@given(st.lists(st.sets(digits, min_size=1, max_size=60), min_size=2, max_size=4), digits)
@examples(60)
def test_look_up_among_several_tariffs_agrees_with_a_plain_search(parts: list[set[str]], number: str) -> None:
    known: set[str] = set()
    tariffs = []
    for position, part in enumerate(parts):
        own = {f"+{prefix}" for prefix in part} - known
        known |= own
        tariffs += [tariff(f"part{position}", *own)] if own else []
    expected = max((p for p in known if f"+{number}".startswith(p)), key=len, default=None)
    assert prefix_of(Deck(tariffs), f"+{number}") == expected


def test_local_days_follow_daylight_saving() -> None:
    assert local_day(datetime(2021, 1, 1, 7, 59, tzinfo=UTC), "America/Los_Angeles") == date(2020, 12, 31)
    assert local_day(datetime(2021, 7, 1, 7, 0, tzinfo=UTC), "America/Los_Angeles") == date(2021, 7, 1)


@pytest.mark.parametrize("name", ["", "America", "Mars/Base", "/etc/passwd", "../UTC", "a\0b"])
def test_names_that_are_no_zones_are_known_as_such(name: str) -> None:
    assert not is_zone(name)


def by_jurisdiction(*words: str, prefixes: Sequence[str] = (), **fields: Any) -> Tariff:
    plain = tariff("test", *prefixes or ("+999",), **fields)
    rows = [rate(prefix="+", jurisdiction=Jurisdiction(word)) for word in words]
    return replace(plain, rates=(*plain.rates, *rows))


def row_of(deck: Deck, number: str, jurisdiction: str | None = None) -> str | None:
    word = None if jurisdiction is None else Jurisdiction(jurisdiction)
    found = deck.rate(number, "debit", TODAY, word)
    return None if found is None else found.jurisdiction or found.prefix


@pytest.mark.parametrize(
    ("number", "jurisdiction", "row"),
    [
        ("+12135550100", "local", "+1213"),
        ("+12125550100", "local", "local"),
        ("+12125550100", "interstate", "interstate"),
        ("+12125550100", "interlata", "+"),
        ("+442079460000", "international", "+"),
        ("+12125550100", None, "interstate"),
        ("+442079460000", None, "+"),
    ],
)
def test_a_prefix_goes_before_a_jurisdiction_and_that_before_all_numbers(
    number: str, jurisdiction: str | None, row: str
) -> None:
    deck = Deck([by_jurisdiction("local", "interstate", prefixes=("+1213", "+"))])
    assert row_of(deck, number, jurisdiction) == row


def test_jurisdictions_and_prefixes_are_weighed_across_tariffs() -> None:
    deck = Deck([by_jurisdiction("interstate"), replace(tariff("all", "+"), name="all")])
    assert row_of(deck, "+12125550100") == "interstate"
    assert row_of(deck, "+442079460000") == "+"
    assert row_of(Deck([by_jurisdiction("local")]), "+12125550100", "interstate") is None


def test_two_tariffs_of_one_jurisdiction_contradict_each_other() -> None:
    one, other = by_jurisdiction("local"), by_jurisdiction("local", "interstate", prefixes=("+2",))
    with pytest.raises(OverlapError) as error:
        Deck([one, replace(other, name="other")])
    assert error.value.prefix == "local"


def test_a_deck_without_tariffs_prices_nothing() -> None:
    assert row_of(Deck([]), "+12125550100") is None


def test_many_tariffs_of_one_prefix_are_told_apart_by_the_day() -> None:
    firsts = [date(2000 + year, 1, 1) for year in range(40)]
    spans = zip(firsts, [*firsts[1:], None], strict=True)
    deck = Deck([tariff(f"y{n}", "+1", valid_from=start, valid_until=end) for n, (start, end) in enumerate(spans)])
    for year in range(40):
        found = deck.rate("+12125550100", "debit", date(2000 + year, 6, 1))
        assert found is not None
        assert found.tariff == f"y{year}"
    assert deck.rate("+12125550100", "debit", date(1999, 12, 31)) is None


@given(
    spans=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5), st.sampled_from(KINDS)), max_size=6),
    day=st.integers(-1, 15),
    zone=st.sampled_from(("UTC", "America/Los_Angeles", "Pacific/Auckland", "Africa/Cairo")),
    seconds=st.integers(-90_000, 90_000),
)
@settings(deadline=None)
def test_an_instant_is_priced_by_its_local_day(
    spans: list[tuple[int, int, str]], day: int, zone: str, seconds: int
) -> None:
    start = date(2021, 3, 10)
    deck = Deck(
        tariff(
            f"t{n}",
            f"+1{n}",
            zone=zone,
            kinds=[kind],
            valid_from=start + first * DAY,
            valid_until=start + (first + length) * DAY,
        )
        for n, (first, length, kind) in enumerate(spans)
    )
    instant = datetime(2021, 3, 10, tzinfo=UTC) + day * DAY + timedelta(seconds=seconds)
    for n, (_, _, kind) in enumerate(spans):
        number = f"+1{n}25550123"
        assert deck.rate(number, kind, instant) is deck.rate(number, kind, local_day(instant, zone))


@pytest.mark.parametrize(
    ("day", "zone", "instant"),
    [
        (date(2021, 7, 1), "America/Los_Angeles", datetime(2021, 7, 1, 7, tzinfo=UTC)),
        (date(2021, 1, 1), "America/Los_Angeles", datetime(2021, 1, 1, 8, tzinfo=UTC)),
        (date(2023, 4, 28), "Africa/Cairo", datetime(2023, 4, 27, 22, tzinfo=UTC)),
        (date(2011, 12, 31), "Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ],
)
def test_a_local_day_starts_at_an_instant(day: date, zone: str, instant: datetime) -> None:
    assert day_start(day, zone) == instant
    assert local_day(instant, zone) == day
    assert local_day(instant - timedelta(microseconds=1), zone) < day
