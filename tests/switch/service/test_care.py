"""What agents do: blocks (S1-14), refunds by kind, notes, and the time line that shows them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ledger.chart import AccountKind, account_of, advancepay
from ledger.money import ZERO
from ledger.outcomes import Refusal
from ledger.products.card_requests import KeepRefund, RepayCard, card_payment_id, card_refund_id
from ledger.requests import Deposit, RefundKind
from ledger.store import Book
from switch.directory.blocks import EVERY_FACILITY, BlockKind, Blocks
from switch.service.acts import WORDS_MAX
from switch.service.answers import Denial, Denied
from switch.service.care import Blocked, Care, GivenBack, NoteTaken, PaidBack
from switch.service.customers import Customers
from switch.service.history import Moment, history
from switch.service.tables import service_acts
from tests.support.ledger import CALL, NOW, NUMBER, STORY, by_card, end, hold, later, usd
from tests.switch.service.serving import HOME, PROVIDER, a_book, a_customer

CALLED = (*STORY, hold("1"), end("0.5"))
"""A call of fifty cents."""


async def play(book: Book) -> None:
    for request in CALLED:
        await book.answer(request)


async def test_an_agent_removes_the_block_a_key_set_and_the_book_says_who_it_was() -> None:
    """S1-14."""
    async with a_book() as book:
        blocks, care = Blocks(book), Care(book)
        await blocks.block(number=NUMBER, facility="north", kind=BlockKind.KEYPAD, why="7", at=NOW)
        everywhere = await care.unblock(NUMBER, agent="kim", at=later(1), why="asked")
        assert everywhere == Denied(Denial.NOT_BLOCKED, NUMBER, known=("north",))
        freed = await care.unblock("2125550123", agent="kim", at=later(1), why="asked", facility="north")
        assert freed == Blocked(NUMBER, "north", is_blocked=False, is_changed=True)
        assert [(each.removed_at, each.removed_why) for each in await blocks.of(NUMBER)] == [
            (later(1), "asked (by kim)")
        ]


async def test_a_block_stands_once_and_says_where_it_still_stands() -> None:
    async with a_book() as book:
        care = Care(book)
        new = await care.block(NUMBER, agent="kim", at=NOW, why="asked")
        again = await care.block(NUMBER, agent="lee", at=later(1), why="asked")
        assert new == Blocked(NUMBER, EVERY_FACILITY, is_blocked=True, is_changed=True, left=("*",))
        assert again == Blocked(NUMBER, EVERY_FACILITY, is_blocked=True, is_changed=False, left=("*",))
        for act in (care.block, care.unblock):
            assert await act("911", agent="kim", at=NOW, why="") == Denied(Denial.UNDIALABLE, "911")


@pytest.mark.parametrize("kind", RefundKind)
async def test_a_refund_of_every_kind_gives_back_what_is_left_and_never_more(kind: RefundKind) -> None:
    async with a_book() as book:
        care = Care(book)
        await play(book)

        async def refund(refund_id: str, amount: str | None = None) -> GivenBack | Denied:
            wanted = None if amount is None else usd(amount)
            return await care.refund(CALL, kind, refund_id=refund_id, agent="kim", at=NOW, amount=wanted, words="heard")

        dear = await refund("r-0", "0.51")
        assert isinstance(dear, Denied) and dear.refused is not None
        assert (dear.refused.why, dear.refused.available) == (Refusal.OVER_CHARGED, usd("0.5"))
        part = await refund("r-1", "0.2")
        assert isinstance(part, GivenBack) and (part.amount, part.balance) == (usd("0.2"), usd("9.7"))
        again = await refund("r-1", "0.2")
        assert isinstance(again, GivenBack) and again.is_repeat
        rest = await refund("r-2")
        assert isinstance(rest, GivenBack) and (rest.amount, rest.balance) == (usd("0.3"), usd("10"))
        none = await refund("r-3")
        assert isinstance(none, Denied) and none.words == Refusal.OVER_CHARGED.value
        (entry,) = [each.draft for each in await book.entries() if each.draft.entry_id == "r-1"]
        assert entry.memo == f"{kind.value}: heard (by kim)"


PAYMENT, ONECALL = card_payment_id(CALL, 1), account_of(AccountKind.ONECALL, CALL)


async def test_a_refund_of_a_call_that_a_card_paid_goes_to_the_card_and_stands_in_the_time_line_of_its_number() -> None:
    async with a_book() as book:
        for request in (*STORY, *by_card(CALL)):
            await book.answer(request)
        care = Care(book)
        given = await care.refund(
            CALL, RefundKind.DROPPED_CALL, refund_id="r-1", agent="kim", at=later(2), amount=usd("0.2")
        )
        assert isinstance(given, GivenBack) and given.to_card
        await book.answer(RepayCard(card_refund_id(PAYMENT, 1), "phone", later(3)))
        told = await history(book, NUMBER)
        assert not isinstance(told, Denied)
        assert [(each.what, each.amount) for each in told if each.words.startswith(ONECALL)] == [
            ("capture", usd("0.5")),
            ("refund", usd("0.2")),
            ("repayment", usd("-0.2")),
        ]


async def test_a_refund_that_a_card_did_not_take_back_is_paid_by_hand_once_and_stands_in_the_log() -> None:
    async with a_book() as book:
        refund_id = card_refund_id(PAYMENT, 1)
        care = Care(book)
        for request in (*STORY, *by_card(CALL)):
            await book.answer(request)
        await care.refund(CALL, RefundKind.COURTESY, refund_id="r-1", agent="kim", at=later(2), amount=usd("0.2"))

        async def pay(refund: str = refund_id) -> PaidBack | Denied:
            return await care.pay_refund(refund, channel="mail", agent="lee", at=later(4), words="cheque 7")

        assert await pay() == Denied(Denial.NO_REFUND, refund_id), "the card may still have it back"
        await book.answer(KeepRefund(refund_id, later(3)))
        assert [row.refund_id for row in await care.refused_refunds()] == [refund_id]
        other = card_refund_id(PAYMENT, 2)
        assert await pay(other) == Denied(Denial.NO_REFUND, other, known=(refund_id,))
        assert [await pay(), await pay()] == [
            PaidBack(refund_id, CALL, usd("0.2"), "mail", is_repeat=False),
            PaidBack(refund_id, CALL, usd("0.2"), "mail", is_repeat=True),
        ]
        assert await care.refused_refunds() == ()
        (entry,) = [each.draft for each in await book.entries() if each.draft.entry_id == refund_id]
        assert entry.memo == "cheque 7 (by lee)"
        done = select(service_acts.c.agent, service_acts.c.words)
        log = await book.read(lambda connection: [tuple(row) for row in connection.execute(done)])
        assert log == [("kim", "courtesy 0.2"), ("lee", "0.2 by mail: cheque 7")]


async def test_a_call_that_cost_nothing_or_never_was_has_no_refund() -> None:
    async with a_book() as book:
        care = Care(book)
        for request in (*STORY, end()):
            await book.answer(request)

        async def refund(call: str) -> GivenBack | Denied:
            return await care.refund(call, RefundKind.COURTESY, refund_id="r-1", agent="kim", at=NOW)

        assert await refund(CALL) == Denied(Denial.NO_CHARGE, CALL)
        assert await refund("call-9") == Denied(Denial.NO_CALL, "call-9")


async def test_a_note_is_about_a_customer_or_a_number_and_has_words() -> None:
    async with a_book() as book:
        care = Care(book)
        await a_customer(book)

        async def note(subject: str, words: str) -> tuple[str | None, str | None] | Denial:
            taken = await care.note(subject, words, agent="kim", at=NOW)
            return (taken.act.customer_id, taken.act.number) if isinstance(taken, NoteTaken) else taken.why

        assert await note("c-1", "called") == ("c-1", None)
        assert await note(HOME, "called") == ("c-1", HOME)
        assert await note("+12125550199", "called") == (None, "+12125550199")
        assert await note("c-9", "called") is Denial.NO_CUSTOMER
        assert [await note("c-1", " "), await note("c-1", "x" * (WORDS_MAX + 1))] == [Denial.NO_WORDS] * 2


async def test_calls_money_blocks_and_notes_stand_in_one_time_line() -> None:
    async with a_book() as book:
        care = Care(book)
        await play(book)
        await a_customer(book)
        at = later(100)
        await Customers(book, PROVIDER).deposit(
            "c-1", usd("5"), deposit_id="d-2", channel="web", agent="kim", at=later(100)
        )
        await care.block(HOME, agent="kim", at=later(101), why="asked")
        await care.unblock(HOME, agent="lee", at=later(102), why="changed their mind")
        await care.refund(CALL, RefundKind.DROPPED_CALL, refund_id="r-1", agent="kim", at=later(103))
        await care.note("c-1", "said thanks", agent="lee", at=later(104))
        found = await history(book, "c-1")
        assert isinstance(found, tuple)
        assert [each.what for each in found] == [
            "call",
            "deposit",
            "customer created",
            "facility added",
            "number added",
            "deposit",
            "block",
            "unblock",
            "refund",
            "noted",
        ]
        account = advancepay(HOME)
        assert found[5] == Moment(at, "deposit", "d-2", f"{account}: c-1, by kim", usd("5"))
        assert found[7].words == "facility *: changed their mind (by lee)"
        assert found[0].amount == usd("0.5")
        assert [each.what for each in await _of(book, HOME) if each.what != "noted"] == [
            each.what for each in found if each.what not in {"customer created", "facility added", "noted"}
        ]
        assert [each.what for each in await _of(book, "c-1", last=2)] == ["refund", "noted"]


async def _of(book: Book, subject: str, last: int = 100) -> tuple[Moment, ...]:
    found = await history(book, subject, last=last)
    assert isinstance(found, tuple)
    return found


async def test_nobody_has_no_time_line_and_a_number_that_was_never_called_an_empty_one() -> None:
    async with a_book() as book:
        assert await history(book, "c-9") == Denied(Denial.NO_CUSTOMER, "c-9")
        assert await history(book, "+12125550199") == ()
        await book.submit(Deposit("d-1", advancepay(HOME), ZERO, "web", NOW))
        assert await history(book, HOME) == ()
