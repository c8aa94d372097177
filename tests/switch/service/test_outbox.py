"""Notices to customers (S1-5): made of what the book says, kept until they were handed over."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from ledger.products.inactivity import InactivityRule
from ledger.products.requests import CloseAccount, Ending, NotifyIdle
from switch.service.outbox import Notice, Outbox, notice_line
from tests.support.ledger import FAMILY, NOW, deposit, later, open_account
from tests.switch.service.serving import a_book, a_customer

RULE = InactivityRule()
DAY = timedelta(days=1)


async def test_a_notice_is_made_once_for_each_spell_and_names_the_customer() -> None:
    async with a_book() as book:
        box = Outbox(book)
        await a_customer(book)
        assert await box.fill(RULE) == ()
        await book.submit(NotifyIdle(FAMILY, later(1), NOW + 90 * DAY))
        (made,) = await box.fill(RULE)
        assert (made.kind, made.account_id, made.customer_id, made.at) == ("idle", FAMILY, "c-1", NOW + 90 * DAY)
        assert "closed on 2027-08-19" in made.words
        assert await box.fill(RULE) == ()
        assert await box.waiting() == (made,)


async def test_a_closed_account_is_told_too_and_the_other_rule_names_no_day() -> None:
    async with a_book() as book:
        box = Outbox(book)
        await book.submit(open_account())
        await book.submit(deposit("5"))
        await book.submit(NotifyIdle(FAMILY, later(1), NOW + 90 * DAY))
        await book.submit(CloseAccount("closing-1", FAMILY, later(1), Ending.REFUND, "check", NOW + 270 * DAY))
        made = await box.fill(InactivityRule(is_from_notice=False))
        assert [(each.kind, each.customer_id) for each in made] == [("idle", None), ("closed", None)]
        assert "180 days after its last use" in made[0].words


async def test_what_was_handed_over_waits_no_more_and_what_the_sink_refused_does() -> None:
    async with a_book() as book:
        box, taken = Outbox(book), list[Notice]()
        for number in range(2):
            account = open_account(type(FAMILY)(f"{FAMILY[:-1]}{number}"))
            await book.submit(account)
            await book.submit(NotifyIdle(account.account_id, later(1), NOW + 90 * DAY))
        await box.fill(RULE)

        def full_after_one(notice: Notice) -> None:
            if taken:
                raise OSError("no space left")
            taken.append(notice)

        with pytest.raises(OSError, match="no space"):
            await box.hand_over(full_after_one, to="file", at=NOW)
        assert len(await box.waiting()) == 1
        rest = await box.hand_over(taken.append, to="file", at=NOW)
        assert len(rest) == 1 and await box.waiting() == ()
        assert json.loads(notice_line(rest[0]))["account_id"] == rest[0].account_id
