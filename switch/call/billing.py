"""The charge of a call's talk, from its terms: income, taxes, fees, and what a state pays of it."""

from __future__ import annotations

from datetime import timedelta

from ledger.chart import AccountKind, account_of, fee_income_id, taxes
from ledger.money import AccountId
from ledger.requests import Charge, ChargeLine
from rating.bill import Bill, By, LineKind, bill
from rating.terms import Priced


def charge_of(priced: Priced, talk: timedelta, *, payer: AccountId, income: AccountId, memo: str) -> Charge:
    """What is booked for this much talk: every line of the bill in the account it belongs to."""
    found = bill(priced, talk)
    return Charge(payer, found.payer_total, income, memo, lines=_lines(found), shares=_shares(found))


def _lines(found: Bill) -> tuple[ChargeLine, ...]:
    """Taxes are passed on, fees are earned, each in an account of its own."""
    lines = []
    for line in found.lines:
        match line.kind:
            case LineKind.TAX:
                lines.append(ChargeLine(taxes(line.jurisdiction, line.name), line.amount))
            case LineKind.FEE:
                lines.append(ChargeLine(fee_income_id(line.name), line.amount))
            case LineKind.TALK:
                pass  # What is left is the income of calls.
    return tuple(lines)


def _shares(found: Bill) -> tuple[ChargeLine, ...]:
    return tuple(
        ChargeLine(account_of(AccountKind.RECEIVABLE, f"state:{line.jurisdiction}"), line.amount)
        for line in found.lines
        if line.by is By.STATE
    )
