"""Commands about the Trust Fund: `trust deposit|balance|top-up` (S1-16, S1-18, S2-4).

Exit codes: 0 done; 1 refused; 2 used wrongly, no book, or a configuration with mistakes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ledger.rows import Account
from ledger.store import DEFAULT_URL
from ledger.terminal import AsJson, Database, with_book
from switch.app.reading import EXAMPLE, Configuration, serving
from switch.app.serving import Agent, OwnId, answered, money, own_id
from switch.service.trust import Sent, TrustFund

Person = Annotated[str, typer.Argument(metavar="PERSON", help="The id of a person of the configuration.")]
Dollars = Annotated[str, typer.Argument(metavar="AMOUNT", help="Dollars, for example 25 or 0.375.")]


def register(app: typer.Typer) -> None:
    """Mount the commands."""
    trust = typer.Typer(help="Money of people inside that the facility keeps.", no_args_is_help=True)
    trust.command("deposit")(deposit)
    trust.command("balance")(balance)
    trust.command("top-up")(top_up)
    app.add_typer(trust, name="trust")


def deposit(  # noqa: PLR0917 - typer calls it by name.
    person: Person,
    amount: Dollars,
    customer: Annotated[str, typer.Option("--from", help="The customer who sends it, and has an account here.")],
    inmate_id: Annotated[str, typer.Option(help="The person's id at the facility, as the sender knows it.")],
    legal_name: Annotated[str, typer.Option(help="The person's legal name, as the sender knows it.")],
    agent: Agent,
    channel: Annotated[str, typer.Option(help="How the money came: processor, mail, web, phone, ...")] = "processor",
    deposit_id: OwnId = "",
    config: Configuration = EXAMPLE,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Send money to a person, with the fee of its channel; id and name must both be right."""
    provider, now = serving(config), datetime.now(UTC)
    sent, chosen = money(amount), own_id(deposit_id, "trust")
    answer = with_book(
        db,
        lambda book: TrustFund(book, provider).deposit(
            person,
            sent,
            customer_id=customer,
            inmate_id=inmate_id,
            legal_name=legal_name,
            deposit_id=chosen,
            channel=channel,
            agent=agent,
            at=now,
        ),
    )
    answered(answer, _sent, as_json=as_json)


def balance(
    person: Person, config: Configuration = EXAMPLE, db: Database = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """Show what a person has at the facility."""
    provider = serving(config)

    def said(account: Account) -> tuple[Any, str]:
        facts = {"account": account.account_id, "balance": str(account.balance)}
        return facts, f"{account.account_id} has {account.balance}"

    answered(with_book(db, lambda book: TrustFund(book, provider).balance(person)), said, as_json=as_json)


def top_up(  # noqa: PLR0917 - typer calls it by name.
    person: Person,
    amount: Dollars,
    agent: Agent,
    transfer_id: OwnId = "",
    config: Configuration = EXAMPLE,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Move a person's money to the person's own account for debit calls."""
    provider, now = serving(config), datetime.now(UTC)
    moved, chosen = money(amount), own_id(transfer_id, "top-up")
    answer = with_book(
        db,
        lambda book: TrustFund(book, provider).top_up(person, moved, transfer_id=chosen, agent=agent, at=now),
    )
    answered(answer, _sent, as_json=as_json)


def _sent(done: Sent) -> tuple[Any, str]:
    booked = done.booked
    facts = {
        "id": booked.entry_id,
        "account": done.account_id,
        "amount": str(booked.amount),
        "fee": None if done.fee is None else str(done.fee),
        "balance": str(booked.balance),
        "already_booked": done.is_repeat,
    }
    on_top = f", and a fee of {done.fee}" if done.fee else ""
    before = " before; not booked again" if done.is_repeat else ""
    return facts, f"booked {booked.amount} on {done.account_id}{on_top}, balance {booked.balance}{before}"
