"""Collect: two monthly limits for each number (S1-9)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from ledger.chart import call_income
from ledger.money import ZERO, Money
from ledger.outcomes import Placed, Refusal, Refused
from ledger.product_reads import read_left_of_month
from ledger.products.windows import Sum, Window
from ledger.requests import Charge, EndCall, MonthlyLimits, PlaceHold, Refund, StartCall
from ledger.store import Book
from tests.support.ledger import (
    CALL,
    NOW,
    PHONE_BILL,
    STORY,
    PureBook,
    a_call,
    hold_of,
    open_account,
    record,
    usd,
    write_book,
)

T = TypeVar("T")

MONTH = NOW - timedelta(days=21)


def collect(amount: str, number: int = 1, call_id: str = CALL, *, carrier: str = "", provider: str = "") -> PlaceHold:
    limits = MonthlyLimits(MONTH, *(usd(text) if text else None for text in (carrier, provider)))
    return PlaceHold(hold_of(number, call_id), PHONE_BILL, a_call(call_id).call_id, usd(amount), NOW, limits)


def end_collect(charged: str, call_id: str = CALL) -> EndCall:
    return EndCall(record(call_id, charged, PHONE_BILL), Charge(PHONE_BILL, usd(charged), call_income("collect")))


BILLED = (*STORY, open_account(PHONE_BILL), end_collect("8"), StartCall(a_call("call-2")), StartCall(a_call("call-3")))
"""Eight dollars of this month are billed already."""


@pytest.mark.parametrize(
    ("carrier", "provider", "why", "left"),
    [
        ("10", "", None, None),
        ("9.99", "", Refusal.OVER_CARRIER_LIMIT, "1.99"),
        ("", "9", Refusal.OVER_PROVIDER_LIMIT, "1"),
        ("9", "9.5", Refusal.OVER_CARRIER_LIMIT, "1"),
        ("9.5", "9", Refusal.OVER_PROVIDER_LIMIT, "1"),
        ("8", "", Refusal.OVER_CARRIER_LIMIT, "0"),
        ("50", "50", None, None),
        ("", "", None, None),
    ],
)
def test_each_limit_has_its_own_reason_and_the_lower_one_is_told(
    carrier: str, provider: str, why: Refusal | None, left: str | None
) -> None:
    """S1-9: the limit "allowed by your local phone company or GTL"."""
    outcome = PureBook(*BILLED).submit(collect("2", call_id="call-2", carrier=carrier, provider=provider))
    expected = Placed(hold_of(1, "call-2"), None)
    assert outcome == (expected if why is None or left is None else Refused(why, PHONE_BILL, usd(left)))


def test_calls_that_go_on_count_with_what_they_hold() -> None:
    book = PureBook(*BILLED, collect("1", call_id="call-2", carrier="10"))
    ask = collect("1.01", call_id="call-3", carrier="10")
    assert book.submit(ask) == Refused(Refusal.OVER_CARRIER_LIMIT, PHONE_BILL, usd("1"))
    book.submit(end_collect("0.5", "call-2"))
    assert book.submit(ask) == Placed(hold_of(1, "call-3"), None)


def test_what_was_refunded_no_longer_counts_and_what_was_paid_still_does() -> None:
    book = PureBook(*BILLED)
    book.submit(Refund("r-1", end_collect("8").record.call_id + "/charge", usd("3"), NOW))  # type: ignore[arg-type]
    assert book.submit(collect("3", call_id="call-2", carrier="8")) == Placed(hold_of(1, "call-2"), None)
    assert book.submit(collect("0.01", call_id="call-3", carrier="8")) == Refused(
        Refusal.OVER_CARRIER_LIMIT, PHONE_BILL, ZERO
    )


def test_a_month_begins_anew() -> None:
    window = Window(PHONE_BILL, Sum.CALLS, since=record().ended_at + timedelta(seconds=1))
    book = PureBook(*BILLED)
    assert [each for each in book.rows.posted[PHONE_BILL] if window.covers(each.kind, each.at)] == []


def ask(path: Path, use: Callable[[Book], Awaitable[T]]) -> T:
    async def run() -> T:
        async with await Book.open(str(path)) as book:
            return await use(book)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("carrier", "provider", "left"),
    [("10", "", "1"), ("", "9.50", "0.5"), ("20", "9.50", "0.5"), ("8.50", "", "0"), ("", "", None)],
)
def test_what_a_month_leaves_is_what_the_next_hold_may_be_to_the_micro(
    tmp_path: Path, carrier: str, provider: str, left: str | None
) -> None:
    path = write_book(tmp_path / "book.db", *BILLED, collect("1", call_id="call-2"))
    limits = collect("1", carrier=carrier, provider=provider).limits
    assert limits is not None
    found = ask(path, lambda book: book.read(lambda core: read_left_of_month(core, PHONE_BILL, limits)))
    assert found == (None if left is None else usd(left))
    if found:
        for amount, outcome in ((found + Money(1), Refused), (found, Placed)):
            asked = collect(str(amount), call_id="call-3", carrier=carrier, provider=provider)
            assert isinstance(ask(path, lambda book, asked=asked: book.submit(asked)), outcome)  # type: ignore[misc]


def test_nothing_is_known_of_the_month_of_an_account_that_is_not_there(tmp_path: Path) -> None:
    path = write_book(tmp_path / "book.db", *STORY)
    limits = MonthlyLimits(MONTH, usd("10"), None)
    assert ask(path, lambda book: book.read(lambda core: read_left_of_month(core, PHONE_BILL, limits))) is None
