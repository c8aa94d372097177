"""Prove a book: rebuild every balance from the postings, and check what must always hold.

The audit believes no total: it adds up the rows they came from. It reads one snapshot, so it may run on
a live book, and it changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import Connection, case, func, literal, select

from ledger.audit_cards import NOTHING_OWED, CardsOwed, read_cards_owed
from ledger.audit_products import PRODUCT_CHECKS
from ledger.chart import AccountKind, kind_of, terms_of
from ledger.columns import Amount
from ledger.entries import EntryKind, Head, entry_hash
from ledger.finding import MEND, RESTORE, Finding
from ledger.head import read_head
from ledger.hold import HoldState
from ledger.money import ZERO, AccountId, CallId, Money, total
from ledger.proof.answers import check_answers
from ledger.proof.tables import checkpoints
from ledger.proof.verify import Witness, check_checkpoints
from ledger.question import Question
from ledger.reads import read_accounts, read_entries_between
from ledger.store import Book
from ledger.tables import accounts, calls, entries, holds, open_calls, pending_charges, postings

CHUNK: Final = 5_000
"""Entries looked at together: a few megabytes."""

FINDINGS_MAX: Final = 1_000
"""Findings listed; a book with more is restored from a copy, not mended by hand."""

Check = Callable[[Connection], Iterator[Finding]]
"""Looks at one snapshot, and tells what does not hold in it."""

NO_WITNESS: Final = Witness()
"""Nothing from outside the book: its checkpoints are compared, their signatures are not."""

_EARNED: Final = frozenset({AccountKind.INCOME, AccountKind.TAXES})
_EARNING: Final = (
    EntryKind.CHARGE,
    EntryKind.REFUND,
    EntryKind.DEPOSIT,
    EntryKind.CHARGEBACK,
    EntryKind.PURCHASE,
    EntryKind.USE,
)
"""The only entries that change what was earned, and what is owed in taxes."""

_NOTHING: Final = literal(ZERO, Amount())

# What is asked of a snapshot.
_COUNTED: Final = (accounts, entries, calls, open_calls, holds, checkpoints)
_COUNTS: Final = Question(
    select(*(select(func.count()).select_from(table).scalar_subquery().label(table.name) for table in _COUNTED))
)
_POSTED: Final = Question(select(postings.c.account_id, func.sum(postings.c.amount)).group_by(postings.c.account_id))
_HELD: Final = Question(
    select(holds.c.account_id, func.sum(holds.c.amount))
    .where(holds.c.state == HoldState.PLACED.value)
    .group_by(holds.c.account_id)
)
_ORPHANS: Final = Question(
    select(holds.c.hold_id, holds.c.amount)
    .outerjoin(open_calls, holds.c.call_id == open_calls.c.call_id)
    .where(holds.c.state == HoldState.PLACED.value, open_calls.c.call_id.is_(None))
)
_OPEN_AND_RECORDED: Final = Question(select(calls.c.call_id).join(open_calls, calls.c.call_id == open_calls.c.call_id))
_BOOKED: Final = Question(
    select(
        entries.c.call_id,
        func.count(entries.c.seq.distinct()),
        func.sum(case((postings.c.line == 1, postings.c.amount), else_=_NOTHING)),
        func.min(case((postings.c.line == 1, postings.c.account_id))),
    )
    .join(postings, postings.c.seq == entries.c.seq)
    .where(entries.c.kind == EntryKind.CHARGE.value)
    .group_by(entries.c.call_id)
)
_PENDING: Final = Question(select(pending_charges.c.call_id, pending_charges.c.amount, pending_charges.c.payer))
_CHARGED: Final = Question(select(calls.c.call_id, calls.c.payer, calls.c.charged))
_CAPTURED: Final = (
    select(holds.c.call_id, func.sum(holds.c.captured).label("amount"))
    .where(holds.c.state == HoldState.CAPTURED.value)
    .group_by(holds.c.call_id)
    .subquery()
)
_OTHERWISE_CAPTURED: Final = Question(
    select(calls.c.call_id, calls.c.charged, func.coalesce(_CAPTURED.c.amount, _NOTHING), accounts.c.floor)
    .outerjoin(_CAPTURED, _CAPTURED.c.call_id == calls.c.call_id)
    .outerjoin(accounts, accounts.c.account_id == calls.c.payer)
    .where(calls.c.charged != func.coalesce(_CAPTURED.c.amount, _NOTHING))
)
_LINES: Final = Question(
    select(entries.c.entry_id, entries.c.refunds, postings.c.account_id, postings.c.amount)
    .join(postings, postings.c.seq == entries.c.seq)
    .where(entries.c.kind.in_([kind.value for kind in _EARNING]))
    .order_by(entries.c.seq, postings.c.line)
)


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What was looked at, and what was found."""

    accounts: int
    entries: int
    calls: int
    open_calls: int
    holds: int
    checkpoints: int
    head: Head
    cards: CardsOwed
    findings: tuple[Finding, ...]

    @property
    def is_clean(self) -> bool:
        """Whether everything holds."""
        return not self.findings


async def audit(book: Book, witness: Witness = NO_WITNESS) -> AuditReport:
    """Check a book from one snapshot.

    Args:
        book: The book.
        witness: The public key, and a checkpoint that was kept outside the book, if there is one.

    Raises:
        LedgerUnavailableError: The database did not answer.
    """
    return await book.read(lambda connection: audit_snapshot(connection, witness))


def audit_snapshot(connection: Connection, witness: Witness = NO_WITNESS) -> AuditReport:
    """Run every check on one connection, within its transaction."""
    findings: list[Finding] = []
    checks: tuple[Check, ...] = (*_CHECKS, partial(check_checkpoints, witness=witness))
    for check in checks:
        try:
            for finding in check(connection):
                if len(findings) < FINDINGS_MAX:
                    findings.append(finding)
        except (ValueError, TypeError, OverflowError) as error:
            # A kind, an instant or an account id that the program never writes; the other checks still name rows.
            findings.append(Finding("unreadable", "some row", str(error), RESTORE))

    try:
        owed = read_cards_owed(connection)
    except ValueError:
        owed = NOTHING_OWED  # A state that the program never writes: the check of cards has named it.
    (counted,) = _COUNTS.rows(connection)
    counts = dict(zip((table.name for table in _COUNTED), counted, strict=True))
    return AuditReport(**counts, head=read_head(connection), cards=owed, findings=tuple(findings))


def _check_chain(connection: Connection) -> Iterator[Finding]:
    """Every entry in its place, unchanged, and summing to zero."""
    head, before = read_head(connection), Head()
    while chunk := read_entries_between(connection, before.seq, CHUNK):
        for entry in chunk:
            row = f"entry {entry.seq} ({entry.draft.entry_id})"
            if entry.seq != before.seq + 1:
                yield Finding("chain", row, f"entry {before.seq + 1} is missing before it", RESTORE)
            if entry.previous_hash != before.hash:
                yield Finding("chain", row, "it does not follow the entry before it", RESTORE)
            if entry.hash != entry_hash(entry.seq, entry.draft, entry.previous_hash):
                yield Finding("chain", row, "its content is not what was sealed", RESTORE)
            if difference := entry.draft.difference:
                yield Finding("double entry", row, f"its postings sum to {difference}, not 0", RESTORE)
            before = Head(entry.seq, entry.hash)
    if (before.seq, before.hash) != (head.seq, head.hash):
        yield Finding("chain", f"entry {head.seq}", f"the book ends at entry {before.seq} instead", RESTORE)


def _check_accounts(connection: Connection) -> Iterator[Finding]:
    """Balances from postings, held from holds, floors, and all balances together."""
    posted, held = _amounts(connection, _POSTED), _amounts(connection, _HELD)
    rows = read_accounts(connection)
    for account in rows:
        row = f"account {account.account_id}"
        if account.balance != (sum_ := posted.pop(account.account_id, ZERO)):
            yield Finding("balance", row, f"balance {account.balance}, its postings sum to {sum_}", RESTORE)
        if account.held != (sum_ := held.pop(account.account_id, ZERO)):
            yield Finding("held", row, f"held {account.held}, its placed holds sum to {sum_}", RESTORE)
        if (available := account.available) is not None and available < ZERO:
            yield Finding("floor", row, f"{-available} below what its terms allow", MEND)
        terms = terms_of(account.account_id)
        if terms.floor is None:
            is_right = account.floor is None or terms.may_have_limit
        else:
            is_debt = account.floor is not None and account.balance - account.held == account.floor < ZERO
            is_agreed = account.floor == terms.floor or (account.floor is None and terms.may_settle_later)
            is_right = is_agreed or is_debt
        if not is_right:
            agreed = "none" if terms.floor is None else terms.floor
            yield Finding("floor", row, f"floor {account.floor}, its kind has {agreed}", RESTORE)
    for account_id, amount in [*posted.items(), *held.items()]:
        yield Finding("balance", f"account {account_id}", f"{amount} of an account that is not there", RESTORE)
    if difference := total(account.balance for account in rows):
        yield Finding("double entry", "all accounts", f"balances sum to {difference}, not 0", RESTORE)


def _check_holds(connection: Connection) -> Iterator[Finding]:
    """No placed hold without its open call."""
    for hold_id, amount in _ORPHANS.rows(connection):
        yield Finding("hold", f"hold {hold_id}", f"{amount} held for a call that is not open", "expire the holds")
    for call_id in _OPEN_AND_RECORDED.column(connection):
        yield Finding("call", f"call {call_id}", "it has a record, and is open", RESTORE)


class _Booked(NamedTuple):
    """What entries charged for a call."""

    call_id: CallId
    entries: int
    taken: Money
    payer: AccountId


class _Pending(NamedTuple):
    """What is to be charged for a call later."""

    call_id: CallId
    amount: Money
    payer: AccountId


def _check_charges(connection: Connection) -> Iterator[Finding]:
    """Every charged call has exactly one charge entry, of its amount, on its payer; and the reverse."""
    booked = {row[0]: _Booked(*row) for row in _BOOKED.rows(connection)}
    pending = {row[0]: _Pending(*row) for row in _PENDING.rows(connection)}
    for call_id, payer, amount in _CHARGED.rows(connection):
        row, entry, later = f"call {call_id}", booked.pop(call_id, None), pending.pop(call_id, None)
        if later is not None:
            if entry is not None:
                yield Finding("charge", row, f"an entry charges it, and {later.amount} is pending", RESTORE)
            elif (later.amount, later.payer) != (amount, payer):
                problem = f"its record says {payer} pays {amount}, pending is {later.amount} of {later.payer}"
                yield Finding("charge", row, problem, RESTORE)
        elif entry is None:
            if amount:
                yield Finding("charge", row, f"its record says {amount}, and no entry charges it", MEND)
        elif entry.entries != 1:
            yield Finding("charge", row, f"{entry.entries} entries charge it", "refund all but one of them")
        elif -entry.taken != amount:
            yield Finding("charge", row, f"its record says {amount}, its entry {-entry.taken}", MEND)
        elif entry.payer != payer:
            yield Finding("charge", row, f"its record says {payer} paid, its entry {entry.payer}", MEND)
    for call_id, later in pending.items():
        yield Finding("charge", f"call {call_id}", f"{later.amount} is pending without a record", RESTORE)
    for call_id, entry in booked.items():
        problem = f"charged {-entry.taken} without a record"
        yield Finding("charge", f"call {call_id}", problem, "refund the charge, or restore the record")


def _check_captures(connection: Connection) -> Iterator[Finding]:
    """What was captured for a call is what it was charged, where money has to be held first."""
    for call_id, charged, amount, floor in _OTHERWISE_CAPTURED.rows(connection):
        if floor is not None or amount > charged:
            yield Finding("capture", f"call {call_id}", f"charged {charged}, captured {amount}", MEND)


def _check_income(connection: Connection) -> Iterator[Finding]:
    """Charges and fees less refunds and chargebacks are the change of income and taxes; none is given back twice."""
    left: dict[tuple[str, str], Money] = {}
    for entry_id, refunds, account_id, amount in _LINES.rows(connection):
        if kind_of(AccountId(account_id)) in _EARNED:
            line = (refunds or entry_id, account_id)
            left[line] = left.get(line, ZERO) + amount
    for (entry_id, _), amount in left.items():
        if amount < ZERO:
            yield Finding("refund", f"entry {entry_id}", f"{-amount} more was given back than taken", MEND)
    earned = total(account.balance for account in read_accounts(connection) if kind_of(account.account_id) in _EARNED)
    if earned != total(left.values()):
        problem = f"income and taxes are {earned}, charges and fees less what was given back {total(left.values())}"
        yield Finding("income", "all income accounts", problem, MEND)


def _check_products(connection: Connection) -> Iterator[Finding]:
    """What products keep (see `ledger.audit_products`)."""
    for check in PRODUCT_CHECKS:
        yield from check(connection)


def _amounts(connection: Connection, question: Question) -> dict[AccountId, Money]:
    return {AccountId(account_id): amount for account_id, amount in question.rows(connection)}


_CHECKS: Final[tuple[Check, ...]] = (
    _check_chain,
    _check_accounts,
    _check_holds,
    _check_charges,
    _check_captures,
    _check_income,
    check_answers,
    _check_products,
)
