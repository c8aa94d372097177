"""The whole journal in the languages of beancount and hledger, with our balances asserted at its end.

Both programs add up the postings by themselves and compare: that checks our balances with somebody else's
arithmetic. Amounts have all six decimals; days are UTC days; the exact instant stands in the notes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection

from ledger.entries import Entry
from ledger.money import MICROS_PER_UNIT, Money
from ledger.papers.names import foreign_name, hledger_type
from ledger.papers.snapshot import day_after_all, iterate_entries, read_account_lines

CURRENCY: Final = "USD"

Writing = Callable[[Connection], Iterator[str]]
"""Makes the lines of a journal, without their ends."""


def six_decimals(amount: Money) -> str:
    """An amount with all its decimals: `-0.375000`."""
    sign = "-" if amount.micros < 0 else ""
    units, micros = divmod(abs(amount.micros), MICROS_PER_UNIT)
    return f"{sign}{units}.{micros:06d}"


def beancount_lines(connection: Connection) -> Iterator[str]:
    """The book for beancount: `bean-check` adds it up."""
    accounts = read_account_lines(connection)
    yield 'option "title" "payphone"'
    yield f'option "operating_currency" "{CURRENCY}"'
    yield ""
    for account in accounts:
        yield f"{account.first_day} open {foreign_name(account.account_id)} {CURRENCY}"
        yield f"  id: {_quoted(account.account_id)}"
        yield f"  opened-at: {_quoted(account.opened_at.isoformat())}"
    for entry in iterate_entries(connection):
        yield from _beancount_entry(entry)
    if (day := day_after_all(connection, accounts)) is not None:
        yield ""
        for account in accounts:
            # Without the tolerance of nothing, a difference of one micro would pass.
            amount = six_decimals(-account.balance)
            yield f"{day} balance {foreign_name(account.account_id)}  {amount} ~ 0.000000 {CURRENCY}"


def _beancount_entry(entry: Entry) -> Iterator[str]:
    draft = entry.draft
    yield ""
    yield f"{draft.at.date()} * {_quoted(draft.kind.value)} {_quoted(draft.memo)}"
    yield f"  seq: {entry.seq}"
    yield f"  id: {_quoted(draft.entry_id)}"
    yield f"  at: {_quoted(draft.at.isoformat())}"
    if draft.call_id is not None:
        yield f"  call: {_quoted(draft.call_id)}"
    if draft.refunds is not None:
        yield f"  refunds: {_quoted(draft.refunds)}"
    yield f"  hash: {_quoted(entry.hash)}"
    for posting in draft.postings:
        yield f"  {foreign_name(posting.account_id)}  {six_decimals(-posting.amount)} {CURRENCY}"


def hledger_lines(connection: Connection) -> Iterator[str]:
    """The book for hledger: `hledger check --strict` adds it up."""
    accounts = read_account_lines(connection)
    yield "; payphone"
    yield "decimal-mark ."
    yield f"commodity 0.000000 {CURRENCY}"
    yield ""
    for account in accounts:
        yield f"account {foreign_name(account.account_id)}  ; type:{hledger_type(account.account_id)}"
        yield f"    ; id:{_tagged(account.account_id)}"
        yield f"    ; opened-at:{account.opened_at.isoformat()}"
    for entry in iterate_entries(connection):
        yield from _hledger_entry(entry)
    if (day := day_after_all(connection, accounts)) is not None:
        yield ""
        yield f"{day} * balances"
        for account in accounts:
            amount = six_decimals(-account.balance)
            yield f"    {foreign_name(account.account_id)}  0.000000 {CURRENCY} = {amount} {CURRENCY}"


def _hledger_entry(entry: Entry) -> Iterator[str]:
    draft = entry.draft
    memo = _described(draft.memo)
    yield ""
    yield f"{draft.at.date()} * ({entry.seq}) {draft.kind.value}" + (f" | {memo}" if memo else "")
    yield f"    ; id:{_tagged(draft.entry_id)}"
    yield f"    ; at:{draft.at.isoformat()}"
    if draft.call_id is not None:
        yield f"    ; call:{_tagged(draft.call_id)}"
    if draft.refunds is not None:
        yield f"    ; refunds:{_tagged(draft.refunds)}"
    yield f"    ; memo:{_tagged(draft.memo)}"
    yield f"    ; hash:{entry.hash}"
    for posting in draft.postings:
        yield f"    {foreign_name(posting.account_id)}  {six_decimals(-posting.amount)} {CURRENCY}"


_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def _quoted(text: str) -> str:
    """A string of beancount; control characters, which it does not take, become U+FFFD."""
    return '"' + "".join(_ESCAPES.get(each, each) for each in _CONTROL.sub("\ufffd", text)) + '"'


def _described(text: str) -> str:
    """A memo within one line's description: what begins a comment or a note there is put aside."""
    return " ".join(re.sub(r"[;|]", ",", _CONTROL.sub("\ufffd", text)).split())


def _tagged(text: str) -> str:
    """A tag's value, which a comma or the line's end would close: these are percent-encoded, as in a URL."""
    return re.sub(r"[%,]|[^\S ]", lambda found: quote(found[0]), _CONTROL.sub("\ufffd", text))
