"""Commands about customers, in the order of provisioning (S1-17): create, add-facility, add-number, deposit.

Exit codes: 0 done; 1 refused; 2 used wrongly, no book, or a configuration with mistakes.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ledger.store import DEFAULT_URL
from ledger.terminal import AsJson, Database, print_facts, with_book
from switch.app.reading import EXAMPLE, Configuration, serving
from switch.app.serving import Agent, OwnId, answered, money, own_id
from switch.service.customers import Credit, Customers, Holding, OwnNumber, PaidIn

CustomerId = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")]


def register(app: typer.Typer) -> None:
    """Mount the commands."""
    customer = typer.Typer(
        help="Holders of accounts: create, add a facility, add a number, deposit.", no_args_is_help=True
    )
    customer.command("create")(create)
    customer.command("show")(show)
    customer.command("list")(list_)
    customer.command("add-facility")(add_facility)
    customer.command("add-number")(add_number)
    customer.command("deposit")(deposit)
    customer.command("credit")(credit)
    app.add_typer(customer, name="customer")


def create(  # noqa: PLR0917 - typer calls it by name.
    name: Annotated[str, typer.Option(help="The holder's name.")],
    agent: Agent,
    customer_id: Annotated[str, typer.Option("--id", help="The customer's id; a new one without.")] = "",
    language: Annotated[str, typer.Option(help="Of notices: en, es, ...")] = "en",
    email: Annotated[str | None, typer.Option(help="Where notices go.")] = None,
    address: Annotated[str | None, typer.Option(help="Where letters go, on one line.")] = None,
    config: Configuration = EXAMPLE,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Create the account of a holder: the first step."""
    provider, now = serving(config), datetime.now(UTC)
    chosen = customer_id or f"c-{secrets.token_hex(4)}"
    answer = with_book(
        db,
        lambda book: Customers(book, provider).create(
            chosen, name, agent=agent, at=now, language=language, email=email, address=address
        ),
    )
    answered(answer, _held, as_json=as_json)


def show(
    customer: CustomerId, config: Configuration = EXAMPLE, db: Database = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """Show a customer with facilities, numbers and accounts, and the step that comes next."""
    provider = serving(config)
    answered(with_book(db, lambda book: Customers(book, provider).show(customer)), _held, as_json=as_json)


def list_(
    last: Annotated[int, typer.Option("--last", min=1, max=10_000, help="How many, the newest first.")] = 20,
    config: Configuration = EXAMPLE,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List customers, the newest first."""
    provider = serving(config)
    found = with_book(db, lambda book: Customers(book, provider).list(last))
    facts = [{"customer": each.customer_id, "name": each.name} for each in found]
    lines = [f"{each.customer_id}  {each.name}" for each in found]
    print_facts(facts, "\n".join(lines) or "no customers yet", as_json=as_json)


def add_facility(  # noqa: PLR0917 - typer calls it by name.
    customer: CustomerId,
    facility: Annotated[str, typer.Argument(help="A facility of the configuration.")],
    agent: Agent,
    config: Configuration = EXAMPLE,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Add a facility where the customer has somebody: the second step."""
    provider, now = serving(config), datetime.now(UTC)
    answer = with_book(db, lambda book: Customers(book, provider).add_facility(customer, facility, agent=agent, at=now))
    answered(answer, _held, as_json=as_json)


def add_number(  # noqa: PLR0917 - typer calls it by name.
    customer: CustomerId,
    number: Annotated[str, typer.Argument(help="The called number, for example +12125550123.")],
    agent: Agent,
    account: Annotated[
        str | None, typer.Option(help="An account of several numbers (advanceconnect:c-1001); AdvancePay without.")
    ] = None,
    config: Configuration = EXAMPLE,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Add a called number, whose account is opened if need be: the third step. A running switch sees it at once."""
    provider, now = serving(config), datetime.now(UTC)
    answer = with_book(
        db,
        lambda book: Customers(book, provider).add_number(customer, number, agent=agent, at=now, account=account),
    )

    def said(own: OwnNumber) -> tuple[Any, str]:
        facts = {"number": own.number, "account": own.account_id, "active_from": own.active_from.isoformat()}
        when = "" if own.active_from <= now else f" from {own.active_from:%Y-%m-%d %H:%M:%S} UTC on"
        return facts, f"{own.account_id} pays for {own.number}{when}; next: deposit"

    answered(answer, said, as_json=as_json)


def deposit(  # noqa: PLR0917 - typer calls it by name.
    customer: CustomerId,
    amount: Annotated[str, typer.Argument(help="Dollars, for example 25 or 0.375.")],
    agent: Agent,
    account: Annotated[str | None, typer.Option(help="Which account, where the customer has several.")] = None,
    channel: Annotated[str, typer.Option(help="How the money came: processor, mail, web, phone, ...")] = "processor",
    deposit_id: OwnId = "",
    config: Configuration = EXAMPLE,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Book a customer's payment, with the cap and the fee of its channel: the fourth step."""
    provider, now = serving(config), datetime.now(UTC)
    paid, chosen = money(amount), own_id(deposit_id, "deposit")
    answer = with_book(
        db,
        lambda book: Customers(book, provider).deposit(
            customer, paid, deposit_id=chosen, channel=channel, agent=agent, at=now, account=account
        ),
    )

    def said(done: PaidIn) -> tuple[Any, str]:
        booked = done.booked
        facts = {
            "id": booked.entry_id,
            "account": done.account_id,
            "amount": str(booked.amount),
            "fee": str(done.fee),
            "balance": str(booked.balance),
            "already_booked": done.is_repeat,
        }
        on_top = f", and a fee of {done.fee} ({channel})" if done.fee else ""
        before = " before; not booked again" if done.is_repeat else ""
        return facts, f"booked {booked.amount} on {done.account_id}{on_top}, balance {booked.balance}{before}"

    answered(answer, said, as_json=as_json)


def credit(  # noqa: PLR0917 - typer calls it by name.
    customer: CustomerId,
    state: Annotated[str, typer.Option(help="Where the holder lives, for example CT. Alaska needs no credit check.")],
    agent: Agent,
    score: Annotated[int | None, typer.Option(min=300, max=850, help="The score of the credit check.")] = None,
    config: Configuration = EXAMPLE,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Decide on Direct Bill (S3-10): calls invoiced monthly, up to a limit. It costs nothing to open."""
    provider, now = serving(config), datetime.now(UTC)
    answer = with_book(
        db,
        lambda book: Customers(book, provider).give_credit(customer, state=state, score=score, agent=agent, at=now),
    )

    def said(given: Credit) -> tuple[Any, str]:
        facts = {"account": given.account_id, "limit": str(given.limit)}
        return facts, f"{given.account_id} may owe up to {given.limit}; next: add-number --account {given.account_id}"

    answered(answer, said, as_json=as_json)


def _held(held: Holding) -> tuple[Any, str]:
    customer = held.customer
    facts = {
        "customer": customer.customer_id,
        "name": customer.name,
        "language": customer.language,
        "email": customer.email,
        "address": customer.address,
        "created_at": customer.created_at.isoformat(),
        "facilities": list(held.facilities),
        "numbers": [
            {"number": each.number, "account": each.account_id, "active_from": each.active_from.isoformat()}
            for each in held.numbers
        ],
        "next": held.next_step.name.lower(),
    }
    numbers = [f"  {each.number} paid by {each.account_id}" for each in held.numbers]
    facilities = f"; facilities {', '.join(held.facilities)}" if held.facilities else ""
    head = f"{customer.customer_id} {customer.name}{facilities}; next: {held.next_step.value}"
    return facts, "\n".join((head, *numbers))
