"""The postings of a charge with its lines and shares, and those that give part of it back."""

from __future__ import annotations

from typing import Final

from ledger.chart import AccountKind, kind_of, parse_account
from ledger.draft import RefusedError
from ledger.entries import EntryId, Posting
from ledger.errors import MalformedAccountError
from ledger.money import ZERO, AccountId, CallId, Money, apportion
from ledger.outcomes import Refusal
from ledger.requests import Charge
from ledger.rows import ChargeEntry

_CHARGE: Final = "/charge"
_LINES: Final = frozenset({AccountKind.INCOME, AccountKind.TAXES, AccountKind.COMMISSIONS})
_SHARES: Final = frozenset({AccountKind.RECEIVABLE})


def charge_id(call_id: CallId) -> EntryId:
    """The id of the one entry that charges a call."""
    return EntryId(f"{call_id}{_CHARGE}")


def call_of_charge(entry_id: EntryId) -> CallId:
    """The call that a charge is of."""
    return CallId(entry_id.removesuffix(_CHARGE))


def charge_postings(charge: Charge) -> tuple[Posting, ...]:
    """The payer's first, the income's second, then lines and shares; none twice on one account.

    Raises:
        RefusedError: A line or a share stands on an account of a kind that is not for it.
    """
    amounts = {charge.payer: -charge.amount, charge.income: charge.earned}
    for line in charge.lines:
        _check_kind(line.account_id, _LINES)
        amounts[line.account_id] = amounts.get(line.account_id, ZERO) + line.amount
    for share in charge.shares:
        _check_kind(share.account_id, _SHARES)
        amounts[share.account_id] = amounts.get(share.account_id, ZERO) - share.amount
    return tuple(Posting(account_id, amount) for account_id, amount in amounts.items())


def refund_postings(charge: ChargeEntry, amount: Money) -> tuple[Posting, ...]:
    """Give back so much of what the payer paid, more than nothing, and the rest in proportion.

    Other payers have back what is proportional, to the micro below; what all have back is divided among
    those who got it by largest remainder. What is left is given back exactly by a refund of all of it.
    The payer's posting is the last.
    """
    debits = [(part.account_id, -part.left) for part in charge.parts[1:] if part.left < ZERO]
    credits_ = [(part.account_id, part.left) for part in charge.parts if part.left > ZERO]
    shares = [(account_id, Money(left.micros * amount.micros // charge.left.micros)) for account_id, left in debits]
    whole = Money(amount.micros + sum(share.micros for _, share in shares))
    parts = apportion(whole, [left for _, left in credits_])
    taken = [(account_id, -part) for (account_id, _), part in zip(credits_, parts, strict=True)]
    postings = (Posting(account_id, part) for account_id, part in (*taken, *shares) if part)
    return (*postings, Posting(charge.payer, amount))


def _check_kind(account_id: AccountId, kinds: frozenset[AccountKind]) -> None:
    try:
        kind = kind_of(parse_account(account_id))
    except MalformedAccountError:
        raise RefusedError(Refusal.MALFORMED_ACCOUNT, account_id) from None
    if kind not in kinds:
        raise RefusedError(Refusal.NOT_ALLOWED, account_id)
