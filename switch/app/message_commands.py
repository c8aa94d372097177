"""Commands about messages: `messages buy|send|queue|review|approve|reject|deliver|show` (S2-1, S2-2).

Exit codes: 0 done; 1 refused; 2 used wrongly, no book, or a configuration with mistakes.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ledger.papers.sheet import printable
from ledger.products.rows import Direction
from ledger.store import DEFAULT_URL
from ledger.terminal import AsJson, Database, print_facts, with_book
from switch.app.reading import EXAMPLE, Configuration, serving
from switch.app.serving import Agent, OwnId, answered, own_id
from switch.service.mail import Letter, Mail, Sold

MessageId = Annotated[str, typer.Argument(metavar="MESSAGE", help="The message's id.")]


def register(app: typer.Typer) -> None:
    """Mount the commands."""
    group = typer.Typer(help="Messages, their credits, and the queue of their review.", no_args_is_help=True)
    group.command("buy")(buy)
    group.command("send")(send)
    group.command("queue")(queue)
    group.command("review")(review)
    group.command("approve")(approve)
    group.command("reject")(reject)
    group.command("deliver")(deliver)
    group.command("show")(show)
    app.add_typer(group, name="messages")


def buy(  # noqa: PLR0917 - typer calls it by name.
    owner: Annotated[str, typer.Argument(help="A customer, or a person inside, whose Trust Fund pays.")],
    credits_: Annotated[int, typer.Argument(metavar="CREDITS", help="The size of a bundle that is sold there.")],
    agent: Agent,
    facility: Annotated[str | None, typer.Option(help="Whose prices; the customer's first facility without.")] = None,
    channel: Annotated[str, typer.Option(help="How the money comes: processor, web, ...")] = "processor",
    source: Annotated[str | None, typer.Option("--from", help="A prepaid account of the customer that pays.")] = None,
    purchase_id: OwnId = "",
    config: Configuration = EXAMPLE,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Sell a bundle of credits at the price of the day."""
    provider, now, chosen = serving(config), datetime.now(UTC), own_id(purchase_id, "credits")
    answer = with_book(
        db,
        lambda book: Mail(book, provider).buy(
            owner,
            credits_,
            purchase_id=chosen,
            agent=agent,
            at=now,
            facility=facility,
            channel=channel,
            source=source,
        ),
    )

    def said(sold: Sold) -> tuple[Any, str]:
        facts = {
            "id": sold.booked.entry_id,
            "account": sold.account_id,
            "credits": sold.bundle.credits,
            "price": str(sold.bundle.price),
            "fee": str(sold.fee),
            "balance": str(sold.booked.balance),
            "already_booked": sold.is_repeat,
        }
        on_top = f", and a fee of {sold.fee}" if sold.fee else ""
        before = " before; not sold again" if sold.is_repeat else ""
        return facts, f"sold {sold.bundle.credits} credits to {owner} for {sold.bundle.price}{on_top}{before}"

    answered(answer, said, as_json=as_json)


def send(  # noqa: PLR0917 - typer calls it by name.
    customer: Annotated[str, typer.Argument(help="The customer outside.")],
    person: Annotated[str, typer.Argument(help="The person inside.")],
    text: Annotated[str, typer.Option(help="The words; read from standard input without.")] = "",
    is_back: Annotated[bool, typer.Option("--back", help="From the person to the customer.")] = False,
    message_id: OwnId = "",
    config: Configuration = EXAMPLE,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Send a message; whoever sends it pays with own credits. It waits for its review."""
    provider, now, chosen = serving(config), datetime.now(UTC), own_id(message_id, "m")
    words = text or sys.stdin.read(provider.messages.characters_max + 1)
    direction = Direction.FROM_PERSON if is_back else Direction.TO_PERSON
    answer = with_book(
        db,
        lambda book: Mail(book, provider).send(customer, person, words, message_id=chosen, direction=direction, at=now),
    )
    answered(answer, _letter, as_json=as_json)


def queue(
    facility: Annotated[str | None, typer.Option(help="Of one facility.")] = None,
    config: Configuration = EXAMPLE,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List messages that wait for review or delivery, those promised first at the top."""
    provider, now = serving(config), datetime.now(UTC)
    found = with_book(db, lambda book: Mail(book, provider).queue(facility))
    lines = []
    for letter in found:
        message = letter.message
        late = "  LATE" if letter.is_late(now) else ""
        who = f"{message.contact} {'to' if message.direction is Direction.TO_PERSON else 'from'} {message.person}"
        lines.append(
            f"{message.message_id}  {message.state.value}  {who}  by {message.promised_at:%Y-%m-%d %H:%M} UTC{late}"
        )
    facts = [_facts(letter) | {"late": letter.is_late(now)} for letter in found]
    print_facts(facts, "\n".join(lines) or "no message waits", as_json=as_json)


def review(
    message: MessageId,
    agent: Agent,
    config: Configuration = EXAMPLE,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Take a message into review, and show its words."""
    provider, now = serving(config), datetime.now(UTC)
    answer = with_book(db, lambda book: Mail(book, provider).review(message, agent=agent, at=now))
    answered(answer, _letter, as_json=as_json)


def approve(
    message: MessageId,
    agent: Agent,
    config: Configuration = EXAMPLE,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Let a message that is in review go on."""
    provider, now = serving(config), datetime.now(UTC)
    answer = with_book(db, lambda book: Mail(book, provider).approve(message, agent=agent, at=now))
    answered(answer, _stands, as_json=as_json)


def reject(  # noqa: PLR0917 - typer calls it by name.
    message: MessageId,
    why: Annotated[str, typer.Option(help="Kept with the rejection.")],
    agent: Agent,
    config: Configuration = EXAMPLE,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Stop a message that is in review; its credits come back, or not, as the configuration has it."""
    provider, now = serving(config), datetime.now(UTC)
    answer = with_book(db, lambda book: Mail(book, provider).reject(message, why, agent=agent, at=now))
    answered(answer, _stands, as_json=as_json)


def deliver(
    message: MessageId,
    agent: Agent,
    config: Configuration = EXAMPLE,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Say that an approved message has reached its reader: its credits are earned."""
    provider, now = serving(config), datetime.now(UTC)
    answer = with_book(db, lambda book: Mail(book, provider).deliver(message, agent=agent, at=now))
    answered(answer, _stands, as_json=as_json)


def show(
    message: MessageId, config: Configuration = EXAMPLE, db: Database = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """Show a message: where it stands, since when, and its words."""
    provider = serving(config)
    answered(with_book(db, lambda book: Mail(book, provider).show(message)), _letter, as_json=as_json)


def _letter(letter: Letter) -> tuple[Any, str]:
    facts, stands = _stands(letter)
    words = "(deleted)" if letter.words is None else quoted(letter.words)
    return facts | {"words": letter.words}, f"{stands}\n{words}"


def quoted(words: str) -> str:
    """What somebody else wrote: no line of it looks like one of ours, and no terminal obeys it."""
    return "\n".join(f"> {printable(line)}".rstrip() for line in words.splitlines())


def _stands(letter: Letter) -> tuple[dict[str, Any], str]:
    message = letter.message
    words = (
        f"{message.message_id} is {message.state.value}: {message.characters} characters for {message.credits}"
        f" credits, {letter.credits_left} left; reviewed by {message.promised_at:%Y-%m-%d %H:%M} UTC as promised"
    )
    return _facts(letter) | {"credits_left": letter.credits_left}, words


def _facts(letter: Letter) -> dict[str, Any]:
    message = letter.message
    times = ("submitted_at", "promised_at", "reviewed_at", "judged_at", "delivered_at")
    at = {name: getattr(message, name) for name in times}
    return {
        "message": message.message_id,
        "state": message.state.value,
        "facility": message.facility,
        "person": message.person,
        "customer": message.contact,
        "direction": message.direction.value,
        "characters": message.characters,
        "credits": message.credits,
        **{name: None if value is None else value.isoformat() for name, value in at.items()},
    }
