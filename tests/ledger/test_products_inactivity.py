"""Idle accounts (S1-5, 47 CFR 64.6130): notified, closed 180 days later, unless anything happens on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ledger.chart import cash
from ledger.entries import EntryId
from ledger.money import ZERO, AccountId
from ledger.outcomes import Booked, Noted, Refusal, Refused
from ledger.products.inactivity import InactivityRule, Step
from ledger.products.requests import Chargeback, CloseAccount, Ending, NoteInterest, NotifyIdle
from ledger.products.rows import Dormancy
from ledger.requests import Deposit, Request
from tests.support.ledger import FAMILY, NOW, PHONE_BILL, STORY, PureBook, deposit, end, hold, open_account, usd

DAY = timedelta(days=1)


def after(days: float) -> datetime:
    return NOW + days * DAY


CLOSE = CloseAccount("closing-1", FAMILY, NOW, Ending.REFUND, "check", after(270))
NOTIFY = NotifyIdle(FAMILY, NOW, after(90))
IDLE: tuple[Request, ...] = (open_account(), deposit("10"))


@pytest.mark.parametrize(
    ("is_from_notice", "used", "notified", "at", "step"),
    [
        (True, 0, None, 89, None),
        (True, 0, None, 90, Step.NOTIFY),
        (True, 0, 90, 269, None),
        (True, 0, 90, 270, Step.CLOSE),
        (True, 100, 90, 270, Step.NOTIFY),
        (True, 100, 90, 150, None),
        (True, 0, None, 400, Step.NOTIFY),
        (False, 0, 90, 179, None),
        (False, 0, 90, 180, Step.CLOSE),
        (False, 0, None, 180, Step.NOTIFY),
        (False, 100, 90, 190, Step.NOTIFY),
        (False, 100, 190, 280, Step.CLOSE),
    ],
)
def test_180_days_run_from_the_notice_or_from_the_last_use(
    is_from_notice: bool, used: float, notified: float | None, at: float, step: Step | None
) -> None:
    """S1-5 counts from the first notification; 47 CFR 64.6130 counts continuous inactivity. None is closed unwarned."""
    rule = InactivityRule(is_from_notice=is_from_notice)
    assert rule.step(after(used), None if notified is None else after(notified), after(at)) is step


def test_the_first_notification_of_a_spell_counts() -> None:
    book = PureBook(*IDLE)
    for days in (90, 120):
        assert book.submit(replace(NOTIFY, at=after(days))) == Noted(FAMILY)
    assert book.rows.products.get(Dormancy, FAMILY) == Dormancy(FAMILY, notified_at=after(90))
    book.submit(Deposit("d-2", FAMILY, usd("1"), "mail", after(130)))
    assert book.submit(NOTIFY) == Refused(Refusal.STILL_USED, FAMILY)
    book.submit(replace(NOTIFY, idle_since=after(130), at=after(220)))
    assert book.rows.products.get(Dormancy, FAMILY) == Dormancy(FAMILY, notified_at=after(220))


@pytest.mark.parametrize(
    ("ending", "to", "receiver"),
    [(Ending.REFUND, "check", cash("check")), (Ending.UNCLAIMED, "ct", AccountId("unclaimed:ct"))],
)
def test_what_is_on_a_closed_account_goes_to_its_owner_or_to_the_state(
    ending: Ending, to: str, receiver: AccountId
) -> None:
    book = PureBook(*IDLE)
    request = replace(CLOSE, ending=ending, to=to)
    assert [book.submit(request) for _ in range(2)] == [Booked(EntryId("closing-1"), usd("10"), ZERO)] * 2
    assert (book.balance(FAMILY), book.balance(receiver)) == (ZERO, usd("10"))
    assert book.rows.products.get(Dormancy, FAMILY) == Dormancy(FAMILY, closed_at=after(270))


def test_an_empty_account_is_closed_without_an_entry() -> None:
    book = PureBook(open_account())
    assert book.submit(CLOSE) == Noted(FAMILY)
    assert book.rows.new_entries == []


@pytest.mark.parametrize(
    "use",
    [
        Deposit("d-2", FAMILY, usd("1"), "mail", after(1)),
        NoteInterest(FAMILY, after(1)),
        hold("1"),
        end("1"),
    ],
)
def test_a_deposit_a_call_or_interest_keeps_an_account(use: Request) -> None:
    """47 CFR 64.6130: any deposit, use or interest restarts the clock."""
    book = PureBook(*STORY, hold("1", 2), use)
    for request in (CLOSE, NOTIFY):
        outcome = book.submit(request)
        assert isinstance(outcome, Refused)
        assert outcome.why in {Refusal.STILL_USED, Refusal.HAS_CALLS}


def test_what_we_do_to_an_account_is_not_its_use() -> None:
    book = PureBook(*IDLE, deposit("1", "payment-2"), Chargeback("back-2", EntryId("payment-2"), after(100)))
    assert book.submit(CLOSE) == Booked(EntryId("closing-1"), usd("10"), ZERO)


def test_interest_never_turns_time_back() -> None:
    book = PureBook(*IDLE)
    for days in (5, 3):
        assert book.submit(NoteInterest(FAMILY, after(days))) == Noted(FAMILY)
    assert book.rows.products.get(Dormancy, FAMILY) == Dormancy(FAMILY, interest_at=after(5))


@pytest.mark.parametrize(
    ("before", "request_", "outcome"),
    [
        ((open_account(PHONE_BILL),), replace(CLOSE, account_id=PHONE_BILL), Refused(Refusal.NOT_ALLOWED, PHONE_BILL)),
        (IDLE, replace(CLOSE, to="No Way"), Refused(Refusal.MALFORMED_ACCOUNT, "cash:No Way")),
        (
            IDLE,
            replace(CLOSE, ending=Ending.UNCLAIMED, to="Connecticut"),
            Refused(Refusal.MALFORMED_ACCOUNT, "Connecticut"),
        ),
        (
            (*STORY, hold("4"), end("4"), Chargeback("back-1", EntryId("payment-1"), NOW)),
            replace(CLOSE, idle_since=after(1)),
            Refused(Refusal.OWES, FAMILY, usd("-4")),
        ),
    ],
)
def test_an_account_that_cannot_be_closed_says_why(
    before: tuple[Request, ...], request_: Request, outcome: Refused
) -> None:
    assert PureBook(*before).submit(request_) == outcome
