"""Rates and tariffs for tests: builders with telling defaults, and strategies."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from ledger.money import Money
from rating.tariff import KINDS, Rate, Tariff


def rate(per_minute: str = "0.025", first_price: str | None = None, **fields: Any) -> Rate:
    """A rate of full minutes; `first`, `increment`, `minimum` in seconds."""
    first = fields.pop("first", 60)
    return Rate(
        tariff=fields.pop("tariff", "test"),
        prefix=fields.pop("prefix", "+1"),
        place=fields.pop("place", "United States"),
        per_minute=Decimal(per_minute),
        first_price=None if first_price is None else Decimal(first_price),
        connection=Decimal(fields.pop("connection", "0")),
        first_seconds=first,
        increment_seconds=fields.pop("increment", 60),
        minimum_seconds=fields.pop("minimum", first),
        **fields,
    )


def tariff(name: str = "test", *prefixes: str, **fields: Any) -> Tariff:
    """A tariff with one rate for each prefix."""
    return Tariff(
        name=name,
        valid_from=fields.pop("valid_from", date(2021, 1, 1)),
        valid_until=fields.pop("valid_until", None),
        zone=fields.pop("zone", "UTC"),
        kinds=frozenset(fields.pop("kinds", KINDS)),
        rates=tuple(rate(tariff=name, prefix=prefix) for prefix in prefixes or ("+1",)),
        **fields,
    )


amounts = st.decimals(min_value=0, max_value=5, places=9) | st.decimals(min_value=0, max_value=5, places=3)


@st.composite
def rates(draw: st.DrawFn) -> Rate:
    first = draw(st.integers(1, 200))
    return Rate(
        tariff="drawn",
        prefix="+1",
        place="United States",
        per_minute=draw(amounts),
        first_price=draw(st.none() | amounts),
        connection=draw(st.just(Decimal(0)) | amounts),
        first_seconds=first,
        increment_seconds=draw(st.sampled_from((1, 6, 7, 30, 45, 60)) | st.integers(1, 200)),
        minimum_seconds=draw(st.just(first) | st.integers(first, 600)),
    )


talks = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3))
moneys = st.integers(0, 50_000_000).map(Money)
