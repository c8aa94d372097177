"""Terms for tests: a builder, a strategy, and the price told a second time, interval by interval."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from rating.tariff import MidCall, Rate
from rating.tax import Levy, LevyKind, StateShare
from rating.terms import Segment, Terms
from tests.rating.rate_builders import rates

ADMITTED = datetime(2021, 7, 2, 23, 0, tzinfo=UTC)


def terms(*parts: tuple[int, Rate], **fields: Any) -> Terms:
    """Terms of rates by seconds after acceptance; split where there are several."""
    return Terms(
        segments=tuple(
            Segment(timedelta(seconds=after), rate, f"band-{number}") for number, (after, rate) in enumerate(parts)
        ),
        as_of=fields.pop("as_of", ADMITTED),
        mid_call=fields.pop("mid_call", MidCall.SPLIT if len(parts) > 1 else MidCall.FIXED),
        levies=tuple(fields.pop("levies", ())),
        **fields,
    )


def tax(share: str, name: str = "sales-tax", **fields: Any) -> Levy:
    """A tax of Connecticut."""
    return Levy(name, "connecticut", share=Decimal(share), **fields)


parts_of_one = st.integers(0, 10**9).map(lambda count: Decimal(count).scaleb(-9)) | st.sampled_from(
    [Decimal("0.25"), Decimal("0.5"), Decimal(1), Decimal(0)]
)
levies = st.builds(
    Levy,
    name=st.sampled_from(["sales-tax", "access"]),
    jurisdiction=st.just("connecticut"),
    kind=st.sampled_from(LevyKind),
    share=parts_of_one,
    per_call=st.just(Decimal(0)) | st.decimals(min_value=0, max_value=2, places=6),
)
shares = st.builds(StateShare, payer=st.just("colorado"), share=parts_of_one)


@st.composite
def some_terms(draw: st.DrawFn) -> Terms:
    count = draw(st.integers(1, 4))
    offsets = draw(st.lists(st.integers(1, 3_000_000_000), min_size=count - 1, max_size=count - 1, unique=True))
    return Terms(
        segments=tuple(
            Segment(timedelta(microseconds=after), draw(rates()), draw(st.sampled_from(["", "evening"])))
            for after in (0, *sorted(offsets))
        ),
        as_of=ADMITTED,
        mid_call=draw(st.sampled_from(MidCall)),
        free_seconds=draw(st.just(0) | st.integers(1, 2000)),
        allowance=draw(st.sampled_from(["", "fifteen-minutes"])),
        levies=tuple(draw(st.lists(levies, max_size=3))),
        share=draw(st.none() | shares),
    )


def told_again(of: Terms, talk: timedelta) -> Fraction:
    """The exact price of talk, by walking from interval to interval."""

    def rate_at(offset: timedelta) -> Rate:
        found = of.segments[0].rate
        for segment in of.segments if of.mid_call is MidCall.SPLIT else ():
            if segment.after <= offset:
                found = segment.rate
        return found

    begins = timedelta(seconds=of.free_seconds)
    if of.free_seconds and talk <= begins:
        return Fraction(0)
    first = rate_at(begins)
    minute = Fraction(first.per_minute)
    price = Fraction(first.connection)
    price += minute * first.first_seconds / 60 if first.first_price is None else Fraction(first.first_price)
    billed = max(talk, begins + timedelta(seconds=first.minimum_seconds))
    begins += timedelta(seconds=first.first_seconds)
    while begins < billed:
        rate = rate_at(begins)
        price += Fraction(rate.per_minute) * rate.increment_seconds / 60
        begins += timedelta(seconds=rate.increment_seconds)
    return price
