"""A book with some of everything, for what is made of books: journals, tables, statements, checkpoints."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ledger.chart import call_income, parse_account
from ledger.entries import EntryId
from ledger.money import AccountId, CallId
from ledger.requests import (
    Adjust,
    Charge,
    Deposit,
    EndCall,
    PlaceHold,
    Refund,
    RegisterProcess,
    Request,
    StartCall,
    Transfer,
)
from tests.support.ledger import FAMILY, INCOME, PHONE_BILL, PROCESS, a_call, hold_of, open_account, record, usd

JUNE = datetime(2021, 6, 1, 7, 0, tzinfo=UTC)
"""Midnight of June 1, 2021 in California."""
JULY = datetime(2021, 7, 1, 7, 0, tzinfo=UTC)
ODD_PERSON = AccountId("debit:p_1.x")
ODD_MEMO = 'check; no. 7, "thanks" | \\ 100 %\nsecond line\ttab \x07 ü 電'
COURTESY = parse_account("promotions:courtesy")


def days(count: float) -> datetime:
    """So many days after June begins."""
    return JUNE + timedelta(days=count)


def talked(
    call_id: str,
    at: datetime,
    charged: str,
    *,
    payer: AccountId = FAMILY,
    income: AccountId = INCOME,
    talk: timedelta = timedelta(minutes=15),
) -> tuple[Request, ...]:
    """A call that was accepted at an instant, talked and charged; held before where its payer prepays."""
    ended = at + talk
    told = replace(
        record(call_id, charged, payer),
        started_at=at - timedelta(seconds=30),
        answered_at=at - timedelta(seconds=10),
        accepted_at=at,
        ended_at=ended,
        talk=talk,
        explanation='{"a": 1}',
    )
    amount = usd(charged)
    held = (
        ()
        if payer == PHONE_BILL or not amount
        else (PlaceHold(hold_of(1, call_id), payer, CallId(call_id), amount, at),)
    )
    charge = Charge(payer, amount, income, "+1 at 0.025") if amount else None
    return (StartCall(replace(a_call(call_id), payer=payer, started_at=at)), *held, EndCall(told, charge))


RICH: tuple[Request, ...] = (
    RegisterProcess(PROCESS),
    replace(open_account(), at=days(-20)),
    replace(open_account(ODD_PERSON), at=days(-20)),
    replace(open_account(PHONE_BILL), at=days(3)),
    Deposit("payment-0", FAMILY, usd("1.5"), "processor", days(-10)),
    *talked("may", days(-9), "0.076"),
    Deposit('pay "1", part', FAMILY, usd("25"), "mail", days(1), ODD_MEMO),
    *talked("first", days(2), "0.375"),
    *talked("free", days(2.5), "0", talk=timedelta(minutes=1, microseconds=250_000)),
    *talked("collect", days(4), "2.55", payer=PHONE_BILL, income=call_income("collect")),
    Refund("refund-1", EntryId("first/charge"), usd("0.1"), days(5), "dropped call"),
    Adjust("courtesy-1", FAMILY, usd("0.000001"), COURTESY, days(6), "courtesy"),
    Transfer("transfer-1", FAMILY, ODD_PERSON, usd("3"), days(7), "to the person inside"),
    *talked("inside", days(8), "0.025", payer=ODD_PERSON, talk=timedelta(minutes=1)),
    Adjust("correction-1", FAMILY, usd("-1"), COURTESY, days(9), "given by mistake"),
    Deposit("bill-paid", PHONE_BILL, usd("1"), "processor", days(10), "of the phone company"),
    # Booked late: its day is before that of the entries above.
    Deposit("late", FAMILY, usd("2"), "processor", days(0.5), "found in the mail"),
    *talked("last", JULY - timedelta(minutes=15, microseconds=1), "0.375"),
    *talked("july", JULY - timedelta(minutes=15), "0.375"),
    StartCall(a_call("open")),
    *(PlaceHold(hold_of(each, "open"), FAMILY, CallId("open"), usd("0.2"), days(40)) for each in range(1, 6)),
)
"""Charges, refunds, deposits, promotions, a transfer; memos and ids that a careless writer would break on."""
