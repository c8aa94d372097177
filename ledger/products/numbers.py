"""Called numbers of accounts that have several (S3-3): who pays for a number, and from when on (S3-5)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from ledger.chart import terms_of
from ledger.draft import Draft, RefusedError
from ledger.money import AccountId
from ledger.outcomes import NumberAdded, NumberRemoved, Refusal
from ledger.products.requests import AddNumber, RemoveNumber
from ledger.products.rows import CalledNumber, DropRow

NUMBERS_MAX: Final = 50
"""Numbers of one account; allowed lists have 30 at most, and a household calls from fewer."""

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")


def add(draft: Draft, request: AddNumber) -> NumberAdded:
    """Put a number on an account, unless it is there already: then its activation stays as it was."""
    account_id, number = request.account_id, request.number
    if not terms_of(draft.account(account_id).account_id).has_numbers or _E164.fullmatch(number) is None:
        raise RefusedError(Refusal.NOT_ALLOWED, number)
    products = draft.view.products
    row = products.get(CalledNumber, number)
    if row is None:
        if sum(1 for _ in products.of(CalledNumber, account_id)) >= NUMBERS_MAX:
            raise RefusedError(Refusal.TOO_MANY_NUMBERS, account_id)
        row = CalledNumber(number, account_id, request.at, request.active_from)
        draft.put(row)
    elif row.account_id != account_id:
        raise RefusedError(Refusal.NUMBER_TAKEN, number)
    return NumberAdded(number, account_id, row.active_from)


def remove(draft: Draft, request: RemoveNumber) -> NumberRemoved:
    """Take a number off its account; a call that goes on keeps its payer."""
    row = draft.view.products.get(CalledNumber, request.number)
    if row is None or row.account_id != request.account_id:
        raise RefusedError(Refusal.UNKNOWN_NUMBER, request.number)
    draft.put(DropRow(CalledNumber, row.row_id))
    return NumberRemoved(request.number)


def payer_at(row: CalledNumber | None, at: datetime) -> AccountId | None:
    """Which account pays for a number at an instant; None if none does yet."""
    return None if row is None or at < row.active_from else row.account_id
