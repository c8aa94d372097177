"""A statement as plain text in columns."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.papers.sheet import Row, Sheet


def sheet_text(sheet: Sheet) -> str:
    """The whole statement; a line is as wide as its longest texts ask for."""
    return "\n".join(line.rstrip() for line in _lines(sheet)) + "\n"


def _lines(sheet: Sheet) -> Iterator[str]:
    yield f"{sheet.title}: {sheet.month}"
    yield sheet.account
    yield sheet.period
    yield ""
    width = max(len(amount) for _, amount in sheet.totals)
    for name, amount in sheet.totals:
        yield f"{name:<24}{amount:>{width}}"
    yield ""
    if sheet.rows:
        yield from _table(sheet)
    else:
        yield "Nothing was booked in this month."
    yield ""
    yield from sheet.notes


def _table(sheet: Sheet) -> Iterator[str]:
    heads = Row("Date", "What", "Details", "Minutes", "Amount", sheet.balance_word)
    every = (heads, *sheet.rows)
    what, length, amount, balance = (
        max(len(getattr(row, name)) for row in every) for name in ("what", "minutes", "amount", "balance")
    )
    for row in every:
        yield (
            f"{row.when:<16}  {row.what:<{what}}  {row.minutes:>{length}}  {row.amount:>{amount}}"
            f"  {row.balance:>{balance}}  {row.detail}"
        )
