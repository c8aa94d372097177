"""Messages (S2-1, S2-2, S1-18): credits are paid when bought and earned when used, to the micro."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.audit import audit
from ledger.chart import AccountKind, account_of, cash, debit
from ledger.entries import EntryId
from ledger.money import ZERO, AccountId, Money
from ledger.outcomes import Booked, MessageStands, Outcome, Refusal, Refused
from ledger.product_rows import read_rows
from ledger.products.messages import CREDITS_MAX, INCOME, MOVES, messages_account, use_id
from ledger.products.requests import BuyCredits, MoveMessage, RegisterTrust, SendToTrust, SettleMessage, SubmitMessage
from ledger.products.rows import CreditLot, Direction, DropRow, Message, MessageDraw, MessageState
from ledger.requests import Request
from ledger.store import Book
from tests.support.books import Shelf
from tests.support.ledger import FAMILY, NOW, PureBook, deposit, later, open_account, usd

OWNER = messages_account("c-1")
INSIDE = messages_account("p-1")
TRUST = account_of(AccountKind.TRUST, "p-1")
BUNDLE = BuyCredits("b-1", OWNER, 3, usd("1"), "web", NOW, fee=usd("0.5"))
SECOND = replace(BUNDLE, purchase_id="b-2", credits=7, amount=usd("2"), fee=ZERO, at=later(1))
LETTER = SubmitMessage(
    "m-1", OWNER, "north", "p-1", "c-1", Direction.TO_PERSON, 2, 40, NOW + timedelta(days=1), later(2)
)
READY: tuple[Request, ...] = (BUNDLE, SECOND, LETTER)
IN_REVIEW = MoveMessage("m-1", MessageState.IN_REVIEW, later(3))
APPROVED = MoveMessage("m-1", MessageState.APPROVED, later(4))
REJECTED = MoveMessage("m-1", MessageState.REJECTED, later(4))
DELIVERED = SettleMessage("m-1", MessageState.DELIVERED, later(5))
KEPT = SettleMessage("m-1", MessageState.REJECTED, later(5))


def test_a_bundle_is_owed_in_messages_and_its_fee_is_income_at_once() -> None:
    book = PureBook()
    assert book.submit(BUNDLE) == Booked(EntryId("b-1"), usd("1"), usd("1"))
    assert book.submit(BUNDLE) == Booked(EntryId("b-1"), usd("1"), usd("1"))
    assert (book.balance(OWNER), book.balance(cash("web"))) == (usd("1"), usd("-1.5"))
    assert (book.balance(AccountId("income:fees:web")), book.balance(INCOME)) == (usd("0.5"), ZERO)


def test_a_delivered_message_has_earned_its_credits_and_one_on_its_way_has_not() -> None:
    book = PureBook(*READY, IN_REVIEW, APPROVED)
    assert book.balance(OWNER) == usd("3")
    # Two of the three credits that cost a dollar: two thirds of it, to the micro below.
    assert book.submit(DELIVERED) == Booked(use_id("m-1"), usd("0.666666"), usd("2.333334"))
    assert book.submit(DELIVERED) == Booked(use_id("m-1"), usd("0.666666"), usd("2.333334"))
    assert (book.balance(OWNER), book.balance(INCOME)) == (usd("2.333334"), usd("0.666666"))


def test_credits_are_drawn_from_the_oldest_bundle_first_and_its_last_one_takes_the_rest() -> None:
    book = PureBook(*READY, IN_REVIEW, APPROVED, DELIVERED)
    book.submit(replace(LETTER, message_id="m-2", at=later(6)))
    drawn = {row.row_id: (row.credits, row.amount) for row in book.rows.products.all(MessageDraw)}
    assert drawn["m-2/b-1"] == (1, usd("0.333334"))
    assert drawn["m-2/b-2"] == (1, usd("0.285714"))


def test_a_rejected_message_gives_its_credits_back_or_its_policy_keeps_them() -> None:
    book = PureBook(*READY, IN_REVIEW)
    assert book.submit(REJECTED) == MessageStands("m-1", MessageState.REJECTED, 2)
    assert book.submit(REJECTED) == MessageStands("m-1", MessageState.REJECTED, 2)
    assert {lot.lot_id: lot.credits_left for lot in book.rows.products.of(CreditLot, OWNER)} == {"b-1": 3, "b-2": 7}
    assert (book.balance(OWNER), book.balance(INCOME)) == (usd("3"), ZERO)
    kept = PureBook(*READY, IN_REVIEW)
    assert kept.submit(KEPT) == Booked(use_id("m-1"), usd("0.666666"), usd("2.333334"))
    assert kept.rows.products.get(Message, "m-1") == replace(
        _letter(), state=MessageState.REJECTED, reviewed_at=later(3), judged_at=later(5)
    )


def _letter() -> Message:
    (message,) = PureBook(*READY).rows.products.all(Message)
    return message


@pytest.mark.parametrize("state", MessageState)
def test_a_message_takes_every_legal_step_and_no_other(state: MessageState) -> None:
    ways: dict[MessageState, tuple[Request, ...]] = {
        MessageState.SUBMITTED: (),
        MessageState.IN_REVIEW: (IN_REVIEW,),
        MessageState.APPROVED: (IN_REVIEW, APPROVED),
        MessageState.REJECTED: (IN_REVIEW, REJECTED),
        MessageState.DELIVERED: (IN_REVIEW, APPROVED, DELIVERED),
    }
    for to in MessageState:
        is_same = to is state
        moved = PureBook(*READY, *ways[state]).submit(MoveMessage("m-1", to, later(9)))
        is_legal = is_same or (to in MOVES[state] and to is not MessageState.DELIVERED)
        assert moved == (MessageStands("m-1", to, 2) if is_legal else Refused(Refusal.WRONG_STATE, "m-1")), (
            f"{state} to {to}"
        )


@pytest.mark.parametrize(
    ("request_", "why", "subject"),
    [
        (replace(BUNDLE, purchase_id="b-3", account_id=FAMILY), Refusal.NOT_ALLOWED, FAMILY),
        (replace(BUNDLE, purchase_id="b-3", credits=0), Refusal.AMOUNT_OUT_OF_RANGE, "b-3"),
        (replace(BUNDLE, purchase_id="b-3", credits=CREDITS_MAX + 1), Refusal.AMOUNT_OUT_OF_RANGE, "b-3"),
        (replace(BUNDLE, purchase_id="b-3", amount=Money(2)), Refusal.AMOUNT_OUT_OF_RANGE, "b-3"),
        (replace(BUNDLE, purchase_id="m-1/use"), Refusal.ID_RESERVED, "m-1/use"),
        (replace(BUNDLE, purchase_id="b-3", source=debit("p-1"), fee=ZERO), Refusal.NOT_ALLOWED, "debit:p-1"),
        (replace(BUNDLE, purchase_id="b-3", source=FAMILY), Refusal.NOT_ALLOWED, FAMILY),
        (replace(BUNDLE, purchase_id="b-3", source=TRUST, fee=ZERO), Refusal.NOT_ALLOWED, TRUST),
        (replace(LETTER, message_id="m-2", credits=9), Refusal.NO_CREDITS, OWNER),
        (replace(LETTER, message_id="m-2", account_id=INSIDE), Refusal.NO_CREDITS, INSIDE),
        (replace(LETTER, message_id="m-2", credits=0), Refusal.NOT_ALLOWED, OWNER),
        (replace(LETTER, characters=41), Refusal.ID_REUSED, "m-1"),
        (replace(IN_REVIEW, message_id="m-9"), Refusal.UNKNOWN_MESSAGE, "m-9"),
        (DELIVERED, Refusal.WRONG_STATE, "m-1"),
        (replace(DELIVERED, to=MessageState.APPROVED), Refusal.WRONG_STATE, "m-1"),
    ],
)
def test_what_is_not_in_order_is_refused_and_changes_nothing(request_: Request, why: Refusal, subject: str) -> None:
    register = RegisterTrust(TRUST, "C-1", "Ann", NOW)
    book = PureBook(open_account(), open_account(debit("p-1")), register, deposit("10"), *READY)
    before = dict(book.rows.accounts)
    assert book.submit(request_) == Refused(why, subject)
    assert book.rows.accounts == before


def test_the_trust_fund_and_a_prepaid_account_buy_credits_without_a_fee() -> None:
    """S1-18: the person's own credits, and a family's from its account."""
    send = SendToTrust("t-1", TRUST, FAMILY, "C-1", "Ann", usd("20"), "mail", NOW)
    book = PureBook(open_account(), deposit("10"), RegisterTrust(TRUST, "C-1", "Ann", NOW), send)
    own = replace(BUNDLE, account_id=INSIDE, source=TRUST, fee=ZERO)
    assert book.submit(own) == Booked(EntryId("b-1"), usd("1"), usd("1"))
    assert isinstance(book.submit(replace(SECOND, source=FAMILY)), Booked)
    dear = replace(own, purchase_id="b-3", amount=usd("19.01"))
    assert book.submit(dear) == Refused(Refusal.INSUFFICIENT_FUNDS, TRUST, usd("19"))
    assert (book.balance(TRUST), book.balance(FAMILY)) == (usd("19"), usd("8"))


STORY: tuple[Request, ...] = (
    *READY,
    IN_REVIEW,
    replace(LETTER, message_id="m-2", credits=8, at=later(3)),
    replace(IN_REVIEW, message_id="m-2"),
    replace(REJECTED, message_id="m-2"),
    replace(LETTER, message_id="m-3", credits=4, at=later(4)),
    APPROVED,
    DELIVERED,
)


async def test_a_book_on_a_database_says_the_same_one_by_one_and_all_together(shelf: Shelf) -> None:
    pure = PureBook()
    expected = [pure.submit(request) for request in STORY]
    for is_together in (False, True):
        async with await Book.open(shelf.empty()) as book:
            found: Sequence[Outcome] = (
                await asyncio.gather(*map(book.submit, STORY))  # type: ignore[arg-type]
                if is_together
                else [(await book.answer(request)).outcome for request in STORY]
            )
            assert list(found) == expected
            for kind in (CreditLot, Message, MessageDraw):
                rows = await book.read(lambda connection, kind=kind: list(read_rows(connection, kind)))  # type: ignore[misc]
                assert {row.row_id: row for row in rows} == {row.row_id: row for row in pure.rows.products.all(kind)}
            assert (await audit(book)).is_clean


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ("UPDATE credit_lots SET credits_left = credits_left + 1 WHERE lot_id = 'b-2'", "credits b-2"),
        ("UPDATE message_draws SET amount = amount + 1 WHERE message_id = 'm-1'", "credits b-1"),
        ("DELETE FROM message_draws WHERE message_id = 'm-3'", "message m-3"),
        ("UPDATE messages SET state = 'approved' WHERE message_id = 'm-1'", "message m-1"),
        ("UPDATE messages SET state = 'delivered' WHERE message_id = 'm-3'", "message m-3"),
        ("DELETE FROM messages WHERE message_id = 'm-3'", "message m-3"),
        ("DELETE FROM credit_lots WHERE lot_id = 'b-2'", "credits b-2"),
        ("UPDATE credit_lots SET amount_left = amount_left - 1, amount = amount - 1 WHERE lot_id = 'b-2'", str(OWNER)),
    ],
)
def test_the_audit_names_credits_and_messages_that_were_changed(shelf: Shelf, change: str, finding: str) -> None:
    address = shelf.book(*STORY)
    shelf.change(address, change)

    async def look() -> set[str]:
        async with await Book.open(address) as book:
            return {each.row for each in (await audit(book)).findings if each.rule == "messages"}

    assert any(finding in row for row in asyncio.run(look()))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.integers(1, 9), st.integers(1, 30)),
        st.tuples(st.just("send"), st.integers(1, 4), st.just(0)),
        st.tuples(st.sampled_from(["deliver", "reject", "keep"]), st.integers(0, 5), st.just(0)),
    ),
    max_size=24,
)


class Model:
    """All there is to it: what was paid, what was earned, and how many credits nobody has drawn."""

    def __init__(self) -> None:
        self.paid = self.earned = self.credits = 0
        self.on_way: dict[str, int] = {}


@settings(deadline=None)
@given(steps=STEPS)
def test_credits_and_money_come_out_as_a_model_of_sums_says(steps: list[tuple[str, int, int]]) -> None:
    book, model = PureBook(), Model()
    for number, (verb, count, micros) in enumerate(steps):
        match verb:
            case "buy":
                _buy(book, model, number, count, micros)
            case "send":
                _send(book, model, number, count)
            case _:
                _end(book, model, verb, count)
        left = sum(lot.credits_left for lot in book.rows.products.of(CreditLot, OWNER))
        assert left == model.credits
        assert book.balance(OWNER).micros == model.paid - model.earned
        assert book.balance(INCOME).micros == model.earned
    if not model.credits and not model.on_way:
        assert book.balance(OWNER) == ZERO, "whatever is used up has been earned to the last micro"


def _buy(book: PureBook, model: Model, number: int, count: int, micros: int) -> None:
    bought = book.submit(BuyCredits(f"b-{number}", OWNER, count, Money(micros), "web", later(number)))
    if micros < count:
        assert isinstance(bought, Refused)
    else:
        model.credits, model.paid = model.credits + count, model.paid + micros


def _send(book: PureBook, model: Model, number: int, count: int) -> None:
    sent = book.submit(replace(LETTER, message_id=f"m-{number}", credits=count, at=later(number)))
    assert isinstance(sent, MessageStands) is (count <= model.credits)
    if isinstance(sent, MessageStands):
        model.credits -= count
        model.on_way[f"m-{number}"] = count
        book.submit(MoveMessage(f"m-{number}", MessageState.IN_REVIEW, later(number)))


def _end(book: PureBook, model: Model, verb: str, which: int) -> None:
    if not model.on_way:
        return
    message_id = sorted(model.on_way)[which % len(model.on_way)]
    count = model.on_way.pop(message_id)
    if verb == "reject":
        book.submit(MoveMessage(message_id, MessageState.REJECTED, later(99)))
        model.credits += count
        return
    if verb == "deliver":
        book.submit(MoveMessage(message_id, MessageState.APPROVED, later(99)))
    to = MessageState.DELIVERED if verb == "deliver" else MessageState.REJECTED
    used = book.submit(SettleMessage(message_id, to, later(99)))
    assert isinstance(used, Booked) and used.amount.micros >= count
    model.earned += used.amount.micros


def test_a_message_whose_credits_have_no_lot_is_a_fault_and_gives_nothing_back() -> None:
    book = PureBook(*READY, IN_REVIEW)
    book.rows.products.drop(DropRow(CreditLot, "b-1"))
    with pytest.raises(AssertionError, match="credits of b-1, which is not there"):
        book.submit(REJECTED)
