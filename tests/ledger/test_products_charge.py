"""Charges with taxes, fees and shares of others (S3-8), and refunds of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.chart import taxes
from ledger.entries import EntryId
from ledger.money import ZERO, AccountId, Money, apportion, total
from ledger.outcomes import Booked, Ended, Refusal, Refused
from ledger.products.pending import charge_from_text, charge_to_text
from ledger.requests import Charge, ChargeLine, EndCall, Refund, RefundKind
from tests.support.ledger import CALL, FAMILY, INCOME, NOW, STORY, PureBook, hold, record, usd

SALES = taxes("us-ct", "sales")
FEE = AccountId("income:fees:paper-bill")
STATE = AccountId("receivable:state:co")
CHARGE = EntryId("call-1/charge")


def charge(amount: str = "3", lines: dict[AccountId, str] | None = None, **shares: str) -> Charge:
    return Charge(
        FAMILY,
        usd(amount),
        INCOME,
        "talk",
        tuple(ChargeLine(account_id, usd(part)) for account_id, part in (lines or {}).items()),
        tuple(ChargeLine(AccountId(f"receivable:state:{state}"), usd(part)) for state, part in shares.items()),
    )


def charged(request: Charge, held: str = "4") -> PureBook:
    book = PureBook(*STORY, hold(held))
    outcome = book.submit(EndCall(record(charged=str(request.amount)), request))
    assert outcome == Ended(CALL, CHARGE, request.amount, usd(held) - request.amount)
    return book


TAXED = charge("3", {SALES: "0.2", FEE: "0.5"}, co="1")


def test_payers_together_pay_what_lines_and_income_get() -> None:
    """S3-8: taxes have lines of their own. Colorado's share is a receivable from the state."""
    book = charged(TAXED)
    found = {name: book.balance(name) for name in (FAMILY, STATE, SALES, FEE, INCOME)}
    assert found == {FAMILY: usd("7"), STATE: usd("-1"), SALES: usd("0.2"), FEE: usd("0.5"), INCOME: usd("3.3")}
    assert [each.account_id for each in book.rows.new_entries[-1].draft.postings] == [FAMILY, INCOME, SALES, FEE, STATE]


def test_a_call_that_the_state_pays_alone_is_booked_and_nothing_is_held_for_it() -> None:
    book = PureBook(*STORY)
    request = EndCall(record(), charge("0", co="2"))
    assert book.submit(request) == Ended(CALL, CHARGE, ZERO, ZERO)
    assert (book.balance(FAMILY), book.balance(STATE), book.balance(INCOME)) == (usd("10"), usd("-2"), usd("2"))
    assert book.submit(Refund("r-1", CHARGE, None, NOW)) == Refused(Refusal.OVER_CHARGED, CHARGE, ZERO)


def test_two_lines_of_one_account_are_one_posting() -> None:
    twice = replace(TAXED, lines=(*TAXED.lines, ChargeLine(SALES, usd("0.1")), ChargeLine(INCOME, usd("1"))))
    book = charged(twice)
    assert (book.balance(SALES), book.balance(INCOME)) == (usd("0.3"), usd("3.2"))
    assert len(book.rows.new_entries[-1].draft.postings) == 5


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (charge(lines={FAMILY: "1"}), Refusal.NOT_ALLOWED),
        (charge(lines={STATE: "1"}), Refusal.NOT_ALLOWED),
        (charge(lines={AccountId("taxes:x"): "1"}), Refusal.MALFORMED_ACCOUNT),
        (replace(charge(), shares=(ChargeLine(SALES, usd("1")),)), Refusal.NOT_ALLOWED),
    ],
)
def test_lines_are_taxes_and_income_and_shares_are_receivables(request_: Charge, why: Refusal) -> None:
    book = PureBook(*STORY, hold("4"))
    outcome = book.submit(EndCall(record(charged="3"), request_))
    assert isinstance(outcome, Refused)
    assert outcome.why is why
    assert book.state() == (usd("10"), usd("4"))


def test_lines_cannot_be_more_than_is_paid_nor_less_than_nothing() -> None:
    with pytest.raises(AssertionError, match=r"a charge of 3 .* has lines of 3\.1"):
        charge("3", {SALES: "3.1"})
    with pytest.raises(AssertionError, match="give money back with Refund"):
        charge("3", {SALES: "-1"})


def test_a_charge_comes_back_from_its_text() -> None:
    assert charge_from_text(charge_to_text(TAXED)) == TAXED


# Refunds.


def test_a_refund_gives_back_every_line_in_proportion_and_the_last_one_what_is_left() -> None:
    book = charged(TAXED)
    assert book.submit(Refund("r-1", CHARGE, usd("1"), NOW)) == Booked(EntryId("r-1"), usd("1"), usd("8"))
    found = {name: book.balance(name) for name in (STATE, SALES, FEE, INCOME)}
    assert found == {STATE: usd("-0.666667"), SALES: usd("0.133333"), FEE: usd("0.333334"), INCOME: usd("2.2")}
    assert book.submit(Refund("r-2", CHARGE, None, NOW)) == Booked(EntryId("r-2"), usd("2"), usd("10"))
    assert {book.balance(name) for name in (STATE, SALES, FEE, INCOME)} == {ZERO}


@pytest.mark.parametrize("kind", RefundKind)
def test_a_refund_says_of_what_kind_it_is(kind: RefundKind) -> None:
    book = charged(TAXED)
    book.submit(Refund("r-1", CHARGE, usd("1"), NOW, kind=kind))
    book.submit(Refund("r-2", CHARGE, usd("1"), NOW, "asked by phone", kind))
    assert [each.draft.memo for each in book.rows.new_entries[-2:]] == [kind.value, f"{kind.value}: asked by phone"]


MICROS = st.integers(0, 50)


@settings(deadline=None)
@given(
    st.integers(1, 200),
    st.lists(MICROS, max_size=3),
    st.lists(MICROS, max_size=2),
    st.lists(st.integers(1, 200), max_size=5),
)
def test_refunds_in_any_parts_never_take_back_more_than_there_was(
    paid: int, lines: list[int], shares: list[int], refunds: list[int]
) -> None:
    while sum(lines) > paid + sum(shares):
        lines.pop()
    request = Charge(
        FAMILY,
        Money(paid),
        INCOME,
        "",
        tuple(ChargeLine(taxes("us", f"t{n}"), Money(micros)) for n, micros in enumerate(lines)),
        tuple(ChargeLine(AccountId(f"receivable:state:s{n}"), Money(micros)) for n, micros in enumerate(shares)),
    )
    book = charged(request)
    others = [each for each in book.rows.accounts if each.startswith(("income", "taxes", "receivable"))]
    before = {each: book.balance(each) for each in others}
    left = paid
    for number, micros in enumerate(refunds):
        outcome = book.submit(Refund(f"r-{number}", CHARGE, Money(micros), NOW))
        assert isinstance(outcome, Booked) is (micros <= left)
        left -= micros if micros <= left else 0
        for each in others:
            low, high = sorted((ZERO, before[each]))
            assert low <= book.balance(each) <= high
    book.submit(Refund("rest", CHARGE, None, NOW))
    assert book.balance(FAMILY) == usd("10")
    assert {book.balance(each) for each in others} == {ZERO}


# Dividing.


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        (10, [1, 1, 1], [4, 3, 3]),
        (5, [2, 3], [2, 3]),
        (0, [7, 1], [0, 0]),
        (100, [0, 1], [0, 100]),
        (3, [10, 10, 80], [0, 0, 3]),
        (2, [45, 45, 10], [1, 1, 0]),
    ],
)
def test_what_is_left_over_goes_to_the_largest_remainders(amount: int, weights: list[int], parts: list[int]) -> None:
    assert apportion(Money(amount), [Money(each) for each in weights]) == tuple(map(Money, parts))


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**9), min_size=1).filter(any), st.data())
def test_parts_sum_to_the_amount_and_none_is_more_than_its_weight(weights: list[int], data: st.DataObject) -> None:
    amount = Money(data.draw(st.integers(0, sum(weights))))
    parts = apportion(amount, [Money(each) for each in weights])
    assert total(parts) == amount
    assert all(ZERO <= part <= Money(each) for part, each in zip(parts, weights, strict=True))


def test_nothing_can_be_divided_in_proportion_to_nothing() -> None:
    with pytest.raises(AssertionError, match="in proportion to nothing"):
        apportion(Money(1), [ZERO])
