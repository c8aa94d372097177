"""A plain hold is all that is stored of its request: asked again it answers as at first, whatever came between."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.address import POSTGRESQL, SQLITE
from ledger.audit import audit
from ledger.digest import digest
from ledger.entries import EntryId
from ledger.hold import HoldState, is_hold_id
from ledger.migrate import differences
from ledger.money import ZERO, CallId, Money
from ledger.outcomes import Answer, Ended, Placed, Refusal, Refused, to_text
from ledger.products.requests import SellAccount
from ledger.proof.sealing import make_checkpoint
from ledger.proof.verify import Witness
from ledger.requests import Deposit, PlaceHold, Refund, StartCall
from ledger.store import Book
from tests.support.books import Shelf
from tests.support.ledger import FAMILY, NOW, NUMBER, STORY, a_call, deposit, end, hold, hold_of, later, usd

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MANY = [hold("0.01", number) for number in range(1, 110)]


async def answers_of(book: Book, holds: Iterable[PlaceHold]) -> list[Answer]:
    return await asyncio.gather(*map(book.answer, holds))


def repeated(answers: Iterable[Answer]) -> list[Answer]:
    return [Answer(each.outcome, is_repeat=True) for each in answers]


async def test_many_holds_asked_again_have_their_first_outcomes(shelf: Shelf) -> None:
    async with await Book.open(shelf.book(*STORY)) as book:
        first = await answers_of(book, MANY)
        assert first == [
            Answer(Placed(each.hold_id, Money(10_000_000 - 10_000 * number)), is_repeat=False)
            for number, each in enumerate(MANY, start=1)
        ]
        assert await answers_of(book, MANY) == repeated(first)
        assert (await audit(book)).findings == ()


async def test_one_that_was_placed_among_many_that_were_not_is_placed_once(shelf: Shelf) -> None:
    async with await Book.open(shelf.book(*STORY)) as book:
        alone = await book.answer(MANY[7])
        among = await answers_of(book, MANY)
        assert among[7] == Answer(alone.outcome, is_repeat=True)
        assert [each.is_repeat for each in among].count(True) == 1
        account = await book.balance(FAMILY)
        assert account is not None
        assert account.held == Money(10_000 * len(MANY))
        assert (await audit(book)).findings == ()


async def test_holds_asked_again_after_their_call_have_their_first_outcomes(shelf: Shelf) -> None:
    async with await Book.open(shelf.book(*STORY)) as book:
        first = await answers_of(book, MANY)
        await book.submit(end())
        assert await answers_of(book, MANY) == repeated(first)
        assert {each.state for each in await book.holds()} == {HoldState.RELEASED}


async def test_the_id_of_a_hold_is_refused_for_another_body_alone_and_among_many(shelf: Shelf) -> None:
    async with await Book.open(shelf.book(*STORY)) as book:
        await book.submit(MANY[0])
        other = hold("0.02", 1)
        refused = Answer(Refused(Refusal.ID_REUSED, other.hold_id), is_repeat=False)
        assert await book.answer(other) == refused
        assert (await answers_of(book, [other, *MANY[1:]]))[0] == refused


OTHERS = (
    deposit("1", hold_of()),
    Refund(hold_of(), EntryId("call-1/charge"), usd("1"), NOW),
    SellAccount(hold_of(), NUMBER, ZERO, "processor", NOW),
)


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: type(other).__name__)
async def test_no_other_request_has_the_id_of_a_hold(shelf: Shelf, other: Deposit | Refund | SellAccount) -> None:
    async with await Book.open(shelf.book(*STORY)) as book:
        assert (await book.answer(other)).outcome == Refused(Refusal.ID_RESERVED, hold_of())
        assert isinstance(await book.submit(hold("1")), Placed)
        assert (await book.answer(other)).outcome == Refused(Refusal.ID_REUSED, hold_of())
        assert (await book.answer(hold("1"))).is_repeat


@pytest.mark.parametrize(
    "name", ["call-1/end", "call-1/hold/1/end", "call-1/allowance/hold/1", "hold/1", "a/hold/b", ""]
)
def test_an_id_that_may_be_of_something_else_is_not_told_to_be_a_holds(name: str) -> None:
    assert not is_hold_id(name)


async def test_a_call_has_its_own_holds_whatever_other_calls_are_named(shelf: Shelf) -> None:
    names = [CallId(name) for name in ("c", "c/hold/1", "c0", "C", "c/hold", "c/holds", "ç")]
    begun = (*STORY, *(StartCall(a_call(name)) for name in names), *(hold("0.5", 1, name) for name in names))
    async with await Book.open(shelf.book(*begun)) as book:
        for name in names:
            assert [each.call_id for each in await book.holds(call_id=name)] == [name]
        for ended in range(len(names)):
            ending = await book.submit(end(call_id=names[ended]))
            assert isinstance(ending, Ended)
            assert ending.released == usd("0.5")
            placed = await book.holds(state=HoldState.PLACED)
            assert {each.call_id for each in placed} == set(names[ended + 1 :])
        assert (await audit(book)).findings == ()


def as_it_was_before(shelf: Shelf, address: str, holds: Iterable[PlaceHold], outcomes: Iterable[Placed]) -> None:
    """Turn a book back into one whose holds are remembered beside them."""
    remembering = [
        f"INSERT INTO requests VALUES ('{each.hold_id}', '{digest(each)}', '{to_text(outcome)}')"
        for each, outcome in zip(holds, outcomes, strict=True)
    ]
    schema = {
        SQLITE: "CREATE INDEX ix_holds_call_id ON holds (call_id)",
        POSTGRESQL: "ALTER TABLE holds ADD CONSTRAINT fk_holds_account_id FOREIGN KEY (account_id) REFERENCES accounts",
    }
    shelf.change(
        address,
        *remembering,
        schema[shelf.kind],
        "ALTER TABLE holds DROP COLUMN available",
        "UPDATE alembic_version SET version_num = '0010'",
    )


async def test_an_older_book_keeps_what_it_remembers_and_its_seals(shelf: Shelf) -> None:
    address = shelf.book(*STORY, StartCall(a_call("call-2")))
    old = [hold("0.01", number) for number in range(1, 4)] + [hold("0.02", 1, "call-2")]
    async with await Book.open(address) as book:
        first = [outcome for each in old if isinstance(outcome := await book.submit(each), Placed)]
        await book.submit(end())
    as_it_was_before(shelf, address, old, first)
    async with await Book.open(address) as book:
        assert await book.read(differences) == []
        await make_checkpoint(book, KEY, NOW)
        again = [hold("0.02", number, "call-2") for number in range(1, 61)]
        assert await answers_of(book, old) == [Answer(each, is_repeat=True) for each in first]
        assert [each.is_repeat for each in await answers_of(book, again)] == [True] + [False] * 59
        assert await book.submit(hold("0.03", 1, "call-2")) == Refused(Refusal.ID_REUSED, hold_of(1, "call-2"))
        await book.submit(end(call_id="call-2"))
        await make_checkpoint(book, KEY, later(60))
        assert (await audit(book, Witness(KEY.public_key()))).findings == ()
