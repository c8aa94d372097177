"""What must always hold of the rows that products keep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, select

from ledger.chart import AccountKind, kind_of
from ledger.finding import RESTORE, Finding
from ledger.product_rows import read_rows
from ledger.products.rows import Allowance, AllowanceTake, CreditLine
from ledger.reads import read_accounts
from ledger.tables import open_calls


def check_allowances(connection: Connection) -> Iterator[Finding]:
    """What an allowance holds is held for calls that go on."""
    held: defaultdict[tuple[str, str], int] = defaultdict(int)
    is_open = set(connection.execute(select(open_calls.c.call_id)).scalars())
    for take in read_rows(connection, AllowanceTake):
        held[take.key, take.cycle] += take.seconds
        if take.call_id not in is_open:
            yield Finding(
                "allowance", f"call {take.call_id}", f"{take.seconds} s of {take.key} held, it is not open", RESTORE
            )
    for row in read_rows(connection, Allowance):
        seconds = held.pop((row.key, row.cycle), 0)
        if row.held_seconds != seconds:
            yield Finding(
                "allowance", row.key, f"{row.held_seconds} s held in {row.cycle}, its calls hold {seconds} s", RESTORE
            )
    for (key, cycle), seconds in held.items():
        yield Finding("allowance", key, f"calls hold {seconds} s in {cycle}, of which it knows nothing", RESTORE)


def check_credit(connection: Connection) -> Iterator[Finding]:
    """An account on credit goes down to what was agreed on, or to its debt."""
    lines = {line.account_id: line for line in read_rows(connection, CreditLine)}
    for account in read_accounts(connection):
        if kind_of(account.account_id) is not AccountKind.DIRECTBILL:
            continue
        row, line = f"account {account.account_id}", lines.get(account.account_id)
        if line is None:
            yield Finding("floor", row, "it is on credit that nobody agreed on", RESTORE)
        elif account.floor != min(line.floor, account.balance - account.held):
            yield Finding("floor", row, f"floor {account.floor}, agreed is {line.floor}", RESTORE)


PRODUCT_CHECKS: Final = (check_allowances, check_credit)
