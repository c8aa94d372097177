"""Holds that are decided on plain numbers come to what `decide` makes of them one by one, in memory and stored."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.audit import audit
from ledger.chart import Opener, advancepay, lec
from ledger.crowd import Crowd, placed_of
from ledger.digest import digest, digest_of_hold
from ledger.draft import AMOUNT_MAX
from ledger.group import decide_all
from ledger.hold import HoldId, HoldState, hold_id
from ledger.money import AccountId, CallId, Money
from ledger.outcomes import Answer, Placed, Refusal, Refused
from ledger.requests import (
    Adjust,
    Charge,
    Deposit,
    EndCall,
    ExpireHolds,
    MonthlyLimits,
    OpenAccount,
    PlaceHold,
    ReleaseHold,
    Request,
    StartCall,
)
from ledger.rows import WorkingRows
from ledger.store import Book
from tests.support.books import Shelf
from tests.support.ledger import FAMILY, INCOME, NOW, STORY, PureBook, a_call, deposit, hold, later, record, usd
from tests.support.recorded import FRIEND, any_request

LATER = advancepay("+12125550188")
"""Charged after its calls: it has no floor."""
BILL = lec("+12125550188")
NOBODY = advancepay("+12125550177")
BEGUN: tuple[Request, ...] = (
    *STORY,
    StartCall(a_call("call-2")),
    OpenAccount(FRIEND, Opener.AGENT, NOW),
    OpenAccount(LATER, Opener.AGENT, NOW, settles_later=True),
    OpenAccount(BILL, Opener.CALL, NOW),
    Deposit("friend-1", FRIEND, usd("3"), "mail", NOW),
)

ACCOUNTS = st.sampled_from([FAMILY, FAMILY, FRIEND, LATER, BILL, NOBODY])
CALLS = st.sampled_from(["call-1", "call-1", "call-2", "call-3"]).map(CallId)
AMOUNTS = st.sampled_from([-1, 0, 1, 1_000_000, 2_500_000, 10_000_000, AMOUNT_MAX.micros + 1]).map(Money)
LIMITS = st.sampled_from([None, None, None, MonthlyLimits(NOW, usd("2"))])


@st.composite
def a_hold(draw: st.DrawFn) -> PlaceHold:
    call_id = draw(CALLS)
    number = draw(st.integers(1, 9))
    name = HoldId(f"{call_id}/hold/{'9' * 200}") if number == 9 else hold_id(call_id, number)
    return PlaceHold(name, draw(ACCOUNTS), call_id, draw(AMOUNTS), NOW, draw(LIMITS))


REQUESTS = st.one_of(
    a_hold(),
    a_hold(),
    a_hold(),
    st.builds(lambda call_id, number: ReleaseHold(hold_id(call_id, number), NOW), CALLS, st.integers(1, 8)),
    st.builds(
        lambda call_id, price: EndCall(
            record(call_id, str(Money(price)), FAMILY), Charge(FAMILY, Money(price), INCOME) if price else None
        ),
        CALLS,
        st.sampled_from([0, 1_000_000]),
    ),
    st.builds(lambda number: Deposit(f"more-{number}", FRIEND, usd("1"), "mail", NOW), st.integers(1, 3)),
    st.just(Adjust("owing", FRIEND, usd("-1"), AccountId("promotions:courtesy"), NOW, "taken back")),
    st.builds(lambda seconds: ExpireHolds(later(seconds), NOW), st.sampled_from([-60, 60])),
)


def one_by_one(book: PureBook, requests: list[Request]) -> list[Answer]:
    answers = []
    for request in requests:
        decision = book.decide(request)
        book.rows.apply(decision.changes)
        answers.append(Answer(decision.outcome, decision.is_repeat))
    return answers


def answers_of(requests: list[Request], results: list[Any]) -> list[Answer]:
    """What those who asked are told of results."""
    return [
        result if isinstance(result, Answer) else Answer(placed_of(request, result), is_repeat=False)
        for request, result in zip(requests, results, strict=True)
    ]


def shown(rows: WorkingRows) -> dict[str, Any]:
    """Everything that a decision may look at."""
    return {name: getattr(rows.view, name) for name in rows.view.__slots__} | {"head": rows.head}


@settings(deadline=None, max_examples=150)
@given(st.lists(REQUESTS, max_size=25))
def test_a_group_comes_to_what_its_requests_come_to_one_by_one(requests: list[Request]) -> None:
    alone, together = PureBook(*BEGUN), PureBook(*BEGUN)
    results = decide_all(together.rows, requests, pytest.fail)
    assert answers_of(requests, results) == one_by_one(alone, requests)
    assert together.rows.accounts == alone.rows.accounts
    # A last one that is not plain makes everything seen that was.
    decide_all(together.rows, [ReleaseHold(HoldId("none"), NOW)], pytest.fail)


@settings(deadline=None, max_examples=150)
@given(st.lists(REQUESTS, max_size=25))
def test_what_a_crowd_has_placed_is_seen_by_whoever_decides_next(requests: list[Request]) -> None:
    alone, together = PureBook(*BEGUN), PureBook(*BEGUN)
    crowd, results = Crowd(together.rows), list[Any]()
    crowd.place(requests, results)
    crowd.show()
    one_by_one(alone, requests[: len(results)])
    assert shown(together.rows) == shown(alone.rows)


def test_plain_holds_need_no_other_decision() -> None:
    rows, results = PureBook(*BEGUN).rows, list[Any]()
    requests = [hold("1", number) for number in range(1, 11)]
    Crowd(rows).place(requests, results)
    assert [placed_of(*pair) for pair in zip(requests, results, strict=True)] == [
        Placed(each.hold_id, usd(str(10 - number))) for number, each in enumerate(requests, start=1)
    ]


@pytest.mark.parametrize(
    "request_",
    [
        hold("10.000001"),
        hold("1", call_id="call-9"),
        hold("1", account_id=NOBODY),
        hold("1", account_id=LATER),
        hold("1", account_id=BILL),
        hold("0"),
        replace(hold("1"), limits=MonthlyLimits(NOW, usd("2"))),
        deposit("1"),
    ],
)
def test_what_is_not_plainly_a_yes_is_left_to_the_rules(request_: Request) -> None:
    results = list[Any]()
    Crowd(PureBook(*BEGUN).rows).place([request_, hold("1", 2)], results)
    assert results == []


@given(a_hold(), st.text(max_size=8))
def test_the_short_digest_of_a_hold_is_that_of_the_whole_request(request: PlaceHold, odd: str) -> None:
    call_id = CallId(f"{request.call_id}{odd}")
    plain = PlaceHold(hold_id(call_id, 1), AccountId(odd), call_id, request.amount, request.at)
    assert digest_of_hold(plain.hold_id, plain.account_id, plain.call_id, plain.amount.micros) == digest(plain)


@pytest.mark.parametrize("seed", range(3))
async def test_a_stored_crowd_is_the_crowd_that_was_decided(shelf: Shelf, seed: int) -> None:
    begun = (*BEGUN, StartCall(a_call("call-3")))
    chance = Random(seed)
    requests = [any_request(chance, number % 12) for number in range(150)]
    requests += [hold("0.001", number) for number in range(20, 60)]
    pure = PureBook(*begun)
    async with await Book.open(shelf.empty()) as book:
        for request in begun:
            await book.answer(request)
        answers = await asyncio.gather(*map(book.answer, requests))
        assert answers == one_by_one(pure, requests)
        assert {each.hold_id: each for each in await book.holds()} == pure.rows.holds
        assert {each.account_id: each for each in await book.accounts()} == pure.rows.accounts
        assert (await audit(book)).findings == ()


async def test_a_plain_hold_is_remembered_when_the_book_is_opened_again(shelf: Shelf) -> None:
    address = shelf.empty()
    holds = [hold("0.5", number) for number in range(1, 6)]
    async with await Book.open(address) as book:
        for request in STORY:
            await book.answer(request)
        first = await asyncio.gather(*map(book.answer, holds))
    async with await Book.open(address) as book:
        assert await asyncio.gather(*map(book.answer, holds)) == [
            Answer(each.outcome, is_repeat=True) for each in first
        ]
        refused = Refused(Refusal.ID_REUSED, holds[0].hold_id)
        assert await book.submit(hold("0.6")) == refused
        assert [each.state for each in await book.holds()] == [HoldState.PLACED] * 5
