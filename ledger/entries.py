"""Entries and their postings, sealed into a chain of hashes.

Each entry's hash covers its content and the hash of the entry before it, so that a changed, dropped or
inserted row shows in `audit`. The text that is hashed is JSON without spaces, in the order of
`Entry`, instants and amounts in whole micros: it must never change for entries already written.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final, NewType

from ledger.money import AccountId, CallId, Money, total

EntryId = NewType("EntryId", str)
"""`<call>/charge`, or the id of the deposit, transfer, adjustment or refund."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
ROOT_HASH: Final = "0" * 64
"""What the first entry names as the one before it."""


class EntryKind(Enum):
    """Why money moved."""

    CHARGE = "charge"
    DEPOSIT = "deposit"
    TRANSFER = "transfer"
    ADJUSTMENT = "adjustment"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    """A bank took a deposit back."""
    CAPTURE = "capture"
    """A card paid what its call had cost."""
    REPAYMENT = "repayment"
    """A card has back what was refunded of its call."""
    LOSS = "loss"
    """What a call had cost was refused by the processor of its card: nobody pays it."""
    CONVERSION = "conversion"
    """What an unpaid invoice left now stands on a prepaid account."""
    CLOSING = "closing"
    """What was on an idle account went back, or to a state."""
    PURCHASE = "purchase"
    """Credits for messages were bought."""
    USE = "use"
    """Credits for messages were used: that is when they are earned."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One account's part of an entry, credit positive."""

    account_id: AccountId
    amount: Money


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """An entry that was decided but has no place in the chain yet."""

    entry_id: EntryId
    kind: EntryKind
    at: datetime
    postings: tuple[Posting, ...]
    call_id: CallId | None = None
    refunds: EntryId | None = None
    """The charge that a refund gives back, or the deposit that a chargeback does."""
    memo: str = ""

    @property
    def difference(self) -> Money:
        """What its postings sum to: nothing, in a sound entry."""
        return total(posting.amount for posting in self.postings)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the book."""

    seq: int
    """Its place, counted from 1 without gaps."""
    draft: EntryDraft
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of the chain, and the number of the last change to the book."""

    seq: int = 0
    hash: str = ROOT_HASH
    changes: int = 0


def to_micros(at: datetime) -> int:
    """Microseconds since 1970 of an aware instant."""
    return (at - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC instant."""
    return EPOCH + MICROSECOND * micros  # Half of what `timedelta(microseconds=micros)` takes.


def entry_hash(seq: int, draft: EntryDraft, previous_hash: str) -> str:
    """SHA-256 over the previous hash and the content, in hexadecimal."""
    content = json.dumps(
        [
            seq,
            draft.entry_id,
            draft.kind.value,
            to_micros(draft.at),
            draft.call_id,
            draft.refunds,
            draft.memo,
            [[posting.account_id, posting.amount.micros] for posting in draft.postings],
        ],
        separators=(",", ":"),
        ensure_ascii=True,
    )
    return hashlib.sha256(f"{previous_hash}{content}".encode("ascii")).hexdigest()


def seal(draft: EntryDraft, head: Head) -> Entry:
    """Give an entry its place after `head`."""
    if draft.difference:
        raise AssertionError(f"the postings of {draft.entry_id} sum to {draft.difference}")
    seq = head.seq + 1
    return Entry(seq, draft, head.hash, entry_hash(seq, draft, head.hash))
