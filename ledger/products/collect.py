"""Collect calls: how much of a month may be billed to a number (S1-9)."""

from __future__ import annotations

from ledger.draft import Draft, RefusedError
from ledger.money import AccountId, Money
from ledger.outcomes import Refusal
from ledger.products.windows import Sum, Window
from ledger.requests import MonthlyLimits
from ledger.rows import Account


def check_limits(draft: Draft, account: Account, amount: Money, limits: MonthlyLimits) -> None:
    """Refuse a hold that leads over a limit of the month; what goes on counts with what it holds.

    Raises:
        RefusedError: With the reason of the lower limit, and how much of it is left.
    """
    spent = -draft.total_of(month_of(account.account_id, limits)) + account.held
    reached = [
        (limit - spent, why)
        for limit, why in (
            (limits.by_carrier, Refusal.OVER_CARRIER_LIMIT),
            (limits.by_provider, Refusal.OVER_PROVIDER_LIMIT),
        )
        if limit is not None and spent + amount > limit
    ]
    if reached:
        left, why = min(reached, key=lambda each: each[0])
        raise RefusedError(why, account.account_id, left)


def month_of(account_id: AccountId, limits: MonthlyLimits) -> Window:
    """The calls of the month so far."""
    return Window(account_id, Sum.CALLS, since=limits.since)
