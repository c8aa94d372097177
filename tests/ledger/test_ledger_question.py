"""What is asked as a question is answered as SQLAlchemy answers it, on either database."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import Select, bindparam, literal, select, table
from sqlalchemy.exc import DBAPIError

from ledger.columns import Amount
from ledger.entries import EntryKind
from ledger.money import ZERO, CallId
from ledger.products.card_rows import CardState
from ledger.question import Question, among, listed
from ledger.requests import StartCall
from ledger.store import Book
from ledger.tables import accounts, calls, card_payments, entries, postings
from tests.support.books import Shelf
from tests.support.ledger import CALL, FAMILY, INCOME, STORY, a_call, by_card, end, hold, usd

CARD_CALL = CallId("call-card")
HISTORY = (*STORY, hold("1"), end("0.5"), StartCall(a_call(CARD_CALL)), *by_card(CARD_CALL))

QUESTIONS = [
    pytest.param(select(accounts).order_by(accounts.c.account_id), {}, id="amounts, instants, nothing"),
    pytest.param(select(calls).order_by(calls.c.call_id), {}, id="spans"),
    pytest.param(
        select(entries.c.entry_id).where(entries.c.kind.in_([EntryKind.DEPOSIT.value, EntryKind.CAPTURE.value])),
        {},
        id="a list of its own",
    ),
    pytest.param(
        select(card_payments).where(card_payments.c.state.in_([CardState.CAPTURED, CardState.VOIDED])),
        {},
        id="a list of words of its own",
    ),
    pytest.param(select(postings.c.line, literal(usd("2"), Amount())), {}, id="an amount of its own"),
    pytest.param(select(accounts).where(accounts.c.balance > bindparam("least")), {"least": ZERO}, id="a given amount"),
    pytest.param(
        select(accounts.c.account_id, accounts.c.balance)
        .where(among(accounts.c.account_id, "ids"))
        .order_by(accounts.c.account_id),
        {"ids": listed([INCOME, FAMILY, "nobody"])},
        id="a given list",
    ),
]


@pytest.mark.parametrize(("query", "values"), QUESTIONS)
async def test_a_question_is_answered_with_the_rows_that_sqlalchemy_finds(
    shelf: Shelf, query: Select[*tuple[Any, ...]], values: dict[str, Any]
) -> None:
    question = Question(query)
    async with await Book.open(shelf.book(*HISTORY)) as book:
        expected = await book.read(lambda connection: list(map(tuple, connection.execute(query, values))))
        assert expected
        for _ in range(2):
            assert await book.read(lambda connection: list(map(tuple, question.rows(connection, **values)))) == expected


async def test_a_question_takes_other_values_each_time(shelf: Shelf) -> None:
    balance = Question(select(accounts.c.balance).where(accounts.c.account_id == bindparam("account_id")))
    async with await Book.open(shelf.book(*HISTORY)) as book:
        for account_id, expected in ((FAMILY, (usd("9.5"),)), (INCOME, (usd("1"),)), ("nobody", None)):
            found = await book.read(partial(balance.first, account_id=account_id))
            assert found == expected


async def test_a_list_may_hold_what_would_end_a_text(shelf: Shelf) -> None:
    found = Question(select(calls.c.call_id).where(among(calls.c.call_id, "ids")))
    given = listed(["it's", 'a "word"', "back\\slash", "ünder", CALL])
    async with await Book.open(shelf.book(*HISTORY)) as book:
        assert await book.read(lambda connection: list(found.column(connection, ids=given))) == [CALL]


async def test_the_rows_before_one_that_the_program_never_writes_are_told(shelf: Shelf) -> None:
    address = shelf.book(*HISTORY)
    shelf.change(address, "UPDATE card_payments SET state = 'odd'")
    kinds = Question(select(card_payments.c.state))
    async with await Book.open(address) as book:
        with pytest.raises(ValueError, match="odd"):
            await book.read(lambda connection: list(kinds.rows(connection)))


async def test_what_the_database_does_not_know_is_its_error(shelf: Shelf) -> None:
    def ask(connection: Any) -> None:
        with pytest.raises(DBAPIError):
            list(Question(select(table("no_such_table"), literal(1))).rows(connection))

    async with await Book.open(shelf.book(*STORY)) as book:
        await book.read(ask)
