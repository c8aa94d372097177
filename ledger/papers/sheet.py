"""A statement as the words and columns that people read, the same for text, HTML and PDF.

Amounts are exact: all of a sheet have as many decimals as the finest of them needs, two at least. On an account that
is owed to us (a phone bill, an invoiced account) signs are turned: what is due is positive. Instants are shown on
the clocks of the caller's zone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ledger.chart import Side, terms_of
from ledger.entries import MICROSECOND
from ledger.money import MICROS_PER_UNIT, AccountId, Money
from ledger.papers.statement import Line, LineKind, Statement

CENTS: Final = 2
"""Decimals an amount has at least."""

Clock = Callable[[datetime], datetime]
"""The local time of an instant."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the statement."""

    when: str
    what: str
    detail: str
    minutes: str
    amount: str
    balance: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A statement ready to be set."""

    title: str
    account: str
    month: str
    period: str
    totals: tuple[tuple[str, str], ...]
    """Opening balance, what each kind of line came to, closing balance: they add up."""
    balance_word: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def set_sheet(statement: Statement, month: str, zone: str, clock: Clock) -> Sheet:
    """Put a statement into words.

    Args:
        statement: What happened.
        month: The name of the month, as it is to be shown: `June 2021`.
        zone: The name of the zone whose month it is.
        clock: The local time of an instant in that zone.
    """
    is_owed = terms_of(statement.account.account_id).side is Side.DEBIT

    moved = [amount for line in statement.lines for amount in (line.amount, line.balance)]
    decimals = max(map(decimals_of, (statement.opening, *moved)))

    def shown(amount: Money) -> str:
        return dollars(-amount if is_owed else amount, decimals)

    balance = "amount due" if is_owed else "balance"
    used = [kind for kind in LineKind if any(line.kind is kind for line in statement.lines)]
    totals = (
        (f"Opening {balance}", shown(statement.opening)),
        *((kind.value, shown(statement.total_of(kind))) for kind in used),
        (f"Closing {balance}", shown(statement.closing)),
    )
    return Sheet(
        title="Statement of account",
        account=statement.account.account_id,
        month=month,
        period=f"{clock(statement.begins):%Y-%m-%d %H:%M} to {clock(statement.ends):%Y-%m-%d %H:%M}, {zone}",
        totals=totals,
        balance_word=balance.capitalize(),
        rows=tuple(_row(line, clock, shown) for line in statement.lines),
        notes=_notes(is_owed=is_owed),
    )


def decimals_of(amount: Money) -> int:
    """How many decimals an amount needs: from two to six."""
    return max(CENTS, len(f"{abs(amount.micros) % MICROS_PER_UNIT:06d}".rstrip("0")))


def dollars(amount: Money, decimals: int) -> str:
    """An amount with so many decimals, no fewer than it needs: `1,000.00`, `0.375`, `-0.000001`."""
    assert decimals >= decimals_of(amount), "no amount is cut"
    sign = "-" if amount.micros < 0 else ""
    units, micros = divmod(abs(amount.micros), MICROS_PER_UNIT)
    return f"{sign}{units:,}.{f'{micros:06d}'[:decimals]}"


def minutes(talk: timedelta) -> str:
    """Talk as minutes and seconds, exact: `15:00`, `0:01.25`."""
    seconds, micros = divmod(talk // MICROSECOND, MICROS_PER_UNIT)
    fraction = f".{micros:06d}".rstrip("0") if micros else ""
    return f"{seconds // 60}:{seconds % 60:02d}{fraction}"


def one_line(memo: str) -> str:
    """A memo as one line: nothing in it looks like another one, and no terminal obeys it."""
    return printable(" ".join(memo.split()))


def printable(line: str) -> str:
    """A line of somebody else's without what a terminal would obey."""
    return "".join(each if each.isprintable() else "\ufffd" for each in line)


def _notes(*, is_owed: bool) -> tuple[str, ...]:
    sign = (
        "A positive amount is due; payments and refunds lower it."
        if is_owed
        else "A positive balance is yours; charges lower it."
    )
    return (
        "Amounts are US dollars, exact to a millionth: prices by the minute are finer than a cent.",
        sign,
        "A call stands where it was booked: at its end. Only talk from acceptance on is billed.",
    )


_ONE: Final = {
    LineKind.DEPOSIT: "Deposit",
    LineKind.CALL: "Call",
    LineKind.REFUND: "Refund",
    LineKind.FEE: "Fee",
    LineKind.TRANSFER: "Transfer",
    LineKind.ADJUSTMENT: "Adjustment",
}


def _row(line: Line, clock: Clock, shown: Callable[[Money], str]) -> Row:
    call = line.call
    what = _ONE[line.kind]
    if call is not None and call.number is not None:
        what += f" to {call.number}" if line.kind is LineKind.CALL else f" for the call to {call.number}"
    details = [memo] if (memo := one_line(line.memo)) else []
    details += [f"{_part_word(account_id)} {_exact(abs(amount.micros))}" for account_id, amount in line.parts]
    return Row(
        when=f"{clock(line.at):%Y-%m-%d %H:%M}",
        what=what,
        detail="; ".join(details),
        minutes=minutes(call.talk) if call is not None and line.kind is LineKind.CALL else "",
        amount=shown(line.amount),
        balance=shown(line.balance),
    )


def _exact(micros: int) -> str:
    return dollars(Money(micros), decimals_of(Money(micros)))


def _part_word(account_id: AccountId) -> str:
    """`taxes:ca:sales` → `includes tax (ca, sales)`; `income:fees:card` → `includes fee (card)`."""
    kind, *path = account_id.split(":")
    match kind:
        case "taxes":
            return f"includes tax ({', '.join(path)})"
        case "income":
            return f"includes fee ({', '.join(path[1:])})"
        case _:
            return f"paid by others ({', '.join(path)})"
