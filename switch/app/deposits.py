"""The command `payphone deposit`, and what a payment costs by the configuration of a provider.

Exit codes: 0 done; 1 refused; 2 used wrongly, no book, or a configuration with mistakes.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import chart
from ledger.errors import MalformedAccountError
from ledger.money import ZERO, AmountError, Money
from ledger.outcomes import Answer, Booked, Refused
from ledger.requests import Deposit, OpenAccount
from ledger.store import DEFAULT_URL, Book
from ledger.terminal import AsJson, Database, accounts_named, fail, print_facts, with_book
from switch.app.reading import serving


def deposit(  # noqa: PLR0917 - typer calls it by name.
    account: Annotated[str, typer.Argument(help="An account, or the number of an AdvancePay account.")],
    amount: Annotated[str, typer.Argument(help="Dollars, for example 25 or 0.375.")],
    deposit_id: Annotated[str, typer.Option("--id", help="The payment's own id: sent again, it is booked once.")] = "",
    channel: Annotated[str, typer.Option(help="How the money came: processor, mail, ...")] = "processor",
    memo: Annotated[str, typer.Option(help="A note kept with the entry.")] = "",
    may_open: Annotated[bool, typer.Option("--open", help="Open the account if there is none.")] = False,
    config: Annotated[Path | None, typer.Option(help="A configuration, whose cap and fees of payments hold.")] = None,
    fee: Annotated[str | None, typer.Option(help="What the payer paid on top, in dollars.")] = None,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Book money that came in for an account. Sent again under the same id, it is booked once.

    With a configuration its cap and fees hold (S3-1, S3-7), those of the day at its first facility.
    """
    account_id = accounts_named(account)[0]
    if config is not None and fee is not None:
        fail("--config knows the fee of the channel: leave --fee out", 2)
    try:
        money, extra = Money.from_text(amount), ZERO if fee is None else Money.from_text(fee)
        chart.cash(channel)
    except (AmountError, MalformedAccountError) as error:
        fail(str(error), 2)
    if money <= ZERO:
        fail(f"a payment of {money} is none; `payphone service refund` gives money back", 2)
    chosen_id = deposit_id or f"deposit-{secrets.token_hex(8)}"
    now = datetime.now(UTC)
    request: Deposit | Refused = Deposit(chosen_id, account_id, money, channel, now, memo, fee=extra)
    if config is not None:
        provider = serving(config)
        request = provider.deposits.deposit(chosen_id, account_id, money, channel, day=provider.day(now), at=now)
    if isinstance(request, Refused):
        report_refused(request, chosen_id, as_json=as_json)
        return
    booking = replace(request, memo=memo)

    async def book_it(book: Book) -> Answer:
        if may_open and await book.balance(account_id) is None:
            opened = await book.answer(OpenAccount(account_id, chart.Opener.AGENT, now))
            if isinstance(opened.outcome, Refused):
                return opened
        return await book.answer(booking)

    _report(with_book(db, book_it), booking, as_json=as_json)


def _report(answer: Answer, booking: Deposit, *, as_json: bool) -> None:
    account_id, fee = booking.account_id, booking.fee
    match answer.outcome:
        case Booked(entry_id, amount, after):
            facts: dict[str, Any] = {
                "id": entry_id,
                "account": account_id,
                "amount": str(amount),
                "fee": str(fee),
                "balance": str(after),
                "already_booked": answer.is_repeat,
            }
            on_top = f", and a fee of {fee} ({booking.channel})" if fee else ""
            words = (
                f"{entry_id} was booked before: {amount} on {account_id}, balance {after} then; not booked again"
                if answer.is_repeat
                else f"booked {amount} on {account_id}{on_top}, balance {after} (id {entry_id})"
            )
            print_facts(facts, words, as_json=as_json)
        case Refused() as refused:
            report_refused(refused, booking.deposit_id, as_json=as_json)
        case other:
            raise AssertionError(f"a deposit came to {other}")


def report_refused(refused: Refused, deposit_id: str, *, as_json: bool) -> None:
    """Say why nothing was booked, and end."""
    why, subject = refused.why, refused.subject
    if as_json:
        print_facts({"refused": why.name, "subject": subject, "id": deposit_id}, "", as_json=True)
    hint = {
        "UNKNOWN_ACCOUNT": "; --open opens it",
        "OVER_CAP": f"; at most {refused.available} at a time",
    }.get(why.name, "")
    fail(f"refused: {why.value} ({subject}){hint}", 1)
