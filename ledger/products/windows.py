"""Sums of an account's postings over a span of time: what a month was billed, what was paid since.

A decision sees the sum that is stored, and what its group has posted since the rows were loaded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from ledger.entries import EntryKind
from ledger.money import AccountId, Money, total


class Sum(Enum):
    """Which entries count. Values are their kinds."""

    ALL = frozenset(EntryKind)
    CALLS = frozenset({EntryKind.CHARGE, EntryKind.REFUND})
    """What calls cost, less what was given back."""
    PAYMENTS = frozenset(EntryKind) - {EntryKind.CHARGE}
    """Whatever changed the balance beside calls."""
    USE = frozenset({EntryKind.CHARGE, EntryKind.DEPOSIT, EntryKind.TRANSFER, EntryKind.CAPTURE, EntryKind.PURCHASE})
    """What its owner does: corrections and refunds are ours."""


@dataclass(frozen=True, slots=True)
class Window:
    """The postings of an account whose entries are of these kinds and in this span."""

    account_id: AccountId
    of: Sum
    since: datetime | None = None
    """Inclusive."""
    until: datetime | None = None
    """Exclusive."""

    def covers(self, kind: EntryKind, at: datetime) -> bool:
        """Whether an entry counts."""
        return (
            kind in self.of.value
            and (self.since is None or self.since <= at)
            and (self.until is None or at < self.until)
        )


@dataclass(frozen=True, slots=True)
class Posted:
    """A posting, with what a window asks of its entry."""

    kind: EntryKind
    at: datetime
    amount: Money


def total_of(window: Window, stored: Money, posted: Iterable[Posted]) -> Money:
    """The sum of a window: what was stored, and what was posted since."""
    return total((stored, *(each.amount for each in posted if window.covers(each.kind, each.at))))
