"""Free seconds of allowances (S1-7): no two calls have the same free minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.money import ZERO, CallId
from ledger.outcomes import Ended, Expired, Refusal, Refused, Taken, from_text, to_text
from ledger.products.requests import TakeAllowance
from ledger.products.rows import Allowance, AllowanceTake, DropRow
from ledger.requests import EndCall, ExpireHolds, StartCall, UpdateCall
from tests.support.ledger import CALL, NOW, STORY, PureBook, a_call, later, record

KEY = "fortnight/p-1"
CYCLE = "2021-04-04"
LIMIT = 900


def take(wanted: int = LIMIT, call_id: str = CALL, cycle: str = CYCLE, key: str = KEY) -> TakeAllowance:
    return TakeAllowance(CallId(call_id), key, cycle, wanted, LIMIT, NOW)


def end_after(seconds: float, free_seconds: int | None = None, call_id: str = CALL) -> EndCall:
    return EndCall(replace(record(call_id), talk=timedelta(seconds=seconds)), free_seconds=free_seconds)


def used_and_held(book: PureBook, cycle: str = CYCLE, key: str = KEY) -> tuple[int, int]:
    row = book.rows.products.get(Allowance, f"{key}/{cycle}")
    assert row is not None
    return row.used_seconds, row.held_seconds


TWO_CALLS = (*STORY, StartCall(a_call("call-2")))


def test_what_one_call_holds_another_cannot_have() -> None:
    book = PureBook(*TWO_CALLS)
    assert book.submit(take(600)) == Taken(KEY, 600)
    assert book.submit(take(600, "call-2")) == Taken(KEY, 300)
    assert used_and_held(book) == (0, 900)


@pytest.mark.parametrize(
    ("talk", "free_seconds", "used"),
    [(200, None, 200), (200.25, None, 201), (700, None, 600), (0, None, 0), (700, 120, 120)],
)
def test_the_end_of_the_call_uses_what_was_talked_free_and_returns_the_rest(
    talk: float, free_seconds: int | None, used: int
) -> None:
    book = PureBook(*TWO_CALLS, take(600), take(300, "call-2"))
    book.submit(end_after(talk, free_seconds))
    assert used_and_held(book) == (used, 300)
    book.submit(end_after(0, call_id="call-2"))
    book.submit(StartCall(a_call("call-3")))
    assert book.submit(take(900, "call-3")) == Taken(KEY, 900 - used)


def test_no_more_can_be_free_than_is_held() -> None:
    book = PureBook(*STORY, take(60))
    assert book.submit(end_after(90, 61)) == Refused(Refusal.OVER_HELD, CALL)
    assert book.submit(end_after(90, 60)) == Ended(CALL, None, ZERO, ZERO)


def test_an_allowance_that_is_used_up_gives_nothing_until_the_next_cycle() -> None:
    book = PureBook(*STORY, take(900), end_after(900), StartCall(a_call("call-2")))
    assert book.submit(take(900, "call-2")) == Taken(KEY, 0)
    assert list(book.rows.products.of(AllowanceTake, "call-2")) == []
    book.submit(StartCall(a_call("call-3")))
    assert book.submit(take(900, "call-3", cycle="2021-04-18")) == Taken(KEY, 900)


def test_a_call_may_have_two_allowances_at_once() -> None:
    book = PureBook(*STORY, take(600), take(900, key="month/p-1"), end_after(700))
    assert used_and_held(book) == (600, 0)
    assert used_and_held(book, key="month/p-1") == (700, 0)


def test_free_seconds_are_taken_once() -> None:
    book = PureBook(*STORY)
    assert [book.submit(take(60)) for _ in range(2)] == [Taken(KEY, 60)] * 2
    assert book.submit(take(61)) == Refused(Refusal.ID_REUSED, f"{CALL}/allowance/{KEY}")
    assert used_and_held(book) == (0, 60)


def test_only_an_open_call_has_free_seconds() -> None:
    assert PureBook(*STORY).submit(take(60, "call-9")) == Refused(Refusal.UNKNOWN_CALL, "call-9")


@pytest.mark.parametrize(("wanted", "limit"), [(-1, 900), (1, -1)])
def test_nobody_wants_less_than_nothing(wanted: int, limit: int) -> None:
    with pytest.raises(AssertionError, match="seconds of"):
        TakeAllowance(CALL, KEY, CYCLE, wanted, limit, NOW)


def test_free_seconds_of_abandoned_calls_go_back() -> None:
    book = PureBook(*TWO_CALLS, take(600), take(300, "call-2"))
    book.submit(UpdateCall(replace(a_call("call-2"), accepted_at=later(5))))
    assert book.submit(ExpireHolds(NOW, later(100))) == Expired((), ZERO, 0)
    assert book.submit(ExpireHolds(later(50), later(100))) == Expired((), ZERO, 600)
    assert used_and_held(book) == (0, 300)
    assert book.submit(ExpireHolds(later(50), later(100))) == Expired((), ZERO, 0)


def test_free_seconds_of_a_call_that_is_gone_go_back() -> None:
    book = PureBook(*STORY, take(600), take(900, key="month/p-1"))
    book.rows.calls.clear()
    assert book.submit(ExpireHolds(NOW, later(1))) == Expired((), ZERO, 1500)
    assert used_and_held(book, key="month/p-1") == (0, 0)


def test_what_was_taken_is_remembered_as_text() -> None:
    assert from_text(to_text(Taken(KEY, 60))) == Taken(KEY, 60)


def test_seconds_of_an_allowance_that_is_not_there_are_a_fault() -> None:
    book = PureBook(*STORY, take(60))
    book.rows.products.drop(DropRow(Allowance, f"{KEY}/{CYCLE}"))
    with pytest.raises(AssertionError, match="which is not there"):
        book.decide(end_after(1))
