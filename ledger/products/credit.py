"""Whether somebody may pay by invoice, and up to how much (S3-10, S3-11): rules without a book."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ledger.money import Money
from ledger.products.rows import CreditLine, Invoice, InvoiceState

PROVING_TIME: Final = timedelta(days=90)
"""How long invoices must be paid on time before the limit is raised."""

_LIMIT: Final = Money.from_text("30")
_PROVEN_LIMIT: Final = Money.from_text("50")


@dataclass(frozen=True, slots=True)
class CreditRule:
    """What a provider agrees on. There is no fee for opening."""

    limit: Money = _LIMIT
    proven_limit: Money = _PROVEN_LIMIT
    score_min: int = 600
    """The least score of a credit check that is accepted; *unverified*, set your own."""
    preapproved: Sequence[tuple[str, Money]] = (("AK", _PROVEN_LIMIT),)
    """States whose residents need no credit check, and their limit (S3-11: Alaska)."""

    def decide(self, state: str, score: int | None) -> Money | None:
        """The limit of a new account, None where it is declined. No score is no credit check yet."""
        for preapproved, limit in self.preapproved:
            if state.upper() == preapproved:
                return limit
        return self.limit if score is not None and score >= self.score_min else None

    def limit_at(self, line: CreditLine, invoices: Iterable[Invoice], at: datetime) -> Money:
        """The limit an account has earned: the proven one after 90 days in which every invoice was paid on time."""
        states = {invoice.state for invoice in invoices if invoice.state is not InvoiceState.OPEN}
        has_proven = states == {InvoiceState.PAID} and at - line.agreed_at >= PROVING_TIME
        return (
            max(line.credit_limit, self.proven_limit) if has_proven and line.blocked_at is None else line.credit_limit
        )
