"""Commands of customer service: `service block|unblock|refund|...|note|history`, and the mounting of its other groups.

Exit codes: 0 done; 1 refused; 2 used wrongly, or no book.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ledger.papers.sheet import one_line
from ledger.requests import RefundKind
from ledger.store import DEFAULT_URL
from ledger.terminal import AsJson, Database, fail, print_facts, with_book
from switch.app import customer_commands, message_commands, trust_commands
from switch.app.reading import EXAMPLE, Configuration, serving
from switch.app.serving import Agent, OwnId, answered, money, own_id
from switch.directory.blocks import EVERY_FACILITY
from switch.service.care import Blocked, Care, GivenBack, NoteTaken, PaidBack
from switch.service.history import LAST_MAX, Moment, history

Number = Annotated[str, typer.Argument(help="The called number, for example +12125550123.")]
At = Annotated[str, typer.Option("--facility", help="The facility's id; without it, every facility.")]
Why = Annotated[str, typer.Option("--why", help="Kept with the block.")]


def register(app: typer.Typer) -> None:
    """Mount the commands of everything that customer service does."""
    service = typer.Typer(help="What an agent does for a caller.", no_args_is_help=True)
    service.command("block")(block)
    service.command("unblock")(unblock)
    service.command("refund")(refund)
    service.command("refused-refunds")(refused_refunds)
    service.command("pay-refund")(pay_refund)
    service.command("note")(note)
    service.command("history")(show_history)
    app.add_typer(service, name="service")
    customer_commands.register(app)
    trust_commands.register(app)
    message_commands.register(app)


def block(  # noqa: PLR0917 - typer calls it by name.
    number: Number,
    agent: Agent,
    facility: At = EVERY_FACILITY,
    config: Configuration = EXAMPLE,
    why: Why = "asked for by the called party",
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Block calls to a number, from one facility or from all."""
    known = [each.facility_id for each in serving(config).directory.facilities()]
    if facility not in {EVERY_FACILITY, *known}:
        fail(f"there is no facility {facility!r}; known: {', '.join(known)} (name your --config)", 2)
    now = datetime.now(UTC)
    answer = with_book(db, lambda book: Care(book).block(number, agent=agent, at=now, why=why, facility=facility))
    answered(answer, _blocked, as_json=as_json)


def unblock(  # noqa: PLR0917 - typer calls it by name.
    number: Number,
    agent: Agent,
    facility: At = EVERY_FACILITY,
    why: Why = "asked for by the called party",
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Remove the block of a number for one facility, or the one for all, also one set by a key in a call (S1-14)."""
    now = datetime.now(UTC)
    answer = with_book(db, lambda book: Care(book).unblock(number, agent=agent, at=now, why=why, facility=facility))
    answered(answer, _blocked, as_json=as_json)


def refund(  # noqa: PLR0917 - typer calls it by name.
    call: Annotated[str, typer.Argument(help="The call's id, as `payphone calls` shows it.")],
    kind: Annotated[RefundKind, typer.Option(help="Why it is given back.")],
    agent: Agent,
    amount: Annotated[
        str | None, typer.Option(help="Part of what it cost, in dollars; all that is left without.")
    ] = None,
    words: Annotated[str, typer.Option("--note", help="Kept with the entry.")] = "",
    refund_id: OwnId = "",
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Give back what a call cost, or part of it: never more than is left of its charge."""
    now, chosen = datetime.now(UTC), own_id(refund_id, "refund")
    wanted = None if amount is None else money(amount)
    answer = with_book(
        db,
        lambda book: Care(book).refund(call, kind, refund_id=chosen, agent=agent, at=now, amount=wanted, words=words),
    )

    def said(done: GivenBack) -> tuple[Any, str]:
        facts = {
            "id": done.refund_id,
            "call": done.call_id,
            "kind": done.kind.value,
            "amount": str(done.amount),
            "balance": str(done.balance),
            "to_card": done.to_card,
            "already_booked": done.is_repeat,
        }
        whom = "to the card that paid" if done.to_card else f"balance {done.balance}"
        before = ", as before; not given back again" if done.is_repeat else ""
        return (
            facts,
            f"gave back {done.amount} of call {done.call_id} ({done.kind.value}), {whom}{before}",
        )

    answered(answer, said, as_json=as_json)


def refused_refunds(db: Database = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Refunds that the processor of a card refused for good, and that nobody paid to its holder yet."""
    found = with_book(db, lambda book: Care(book).refused_refunds())
    facts = [
        {"id": each.refund_id, "call": each.call_id, "amount": str(each.amount), "asked_at": each.asked_at.isoformat()}
        for each in found
    ]
    lines = [f"{each.refund_id}  {each.amount}  of call {each.call_id}, {each.asked_at:%Y-%m-%d}" for each in found]
    print_facts(facts, "\n".join(lines) or "no refund was refused", as_json=as_json)


def pay_refund(  # noqa: PLR0917 - typer calls it by name.
    refund_id: Annotated[str, typer.Argument(help="The refund's id, as `payphone service refused-refunds` shows it.")],
    agent: Agent,
    channel: Annotated[str, typer.Option(help="The way in which it was paid, for example mail.")],
    words: Annotated[str, typer.Option("--note", help="Kept with the entry, for example the number of a cheque.")] = "",
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Note that you paid a refused refund to the holder of the card."""
    now = datetime.now(UTC)
    answer = with_book(
        db, lambda book: Care(book).pay_refund(refund_id, channel=channel, agent=agent, at=now, words=words)
    )

    def said(done: PaidBack) -> tuple[Any, str]:
        facts = {
            "id": done.refund_id,
            "call": done.call_id,
            "amount": str(done.amount),
            "channel": done.channel,
            "already_booked": done.is_repeat,
        }
        before = ", as before; not booked again" if done.is_repeat else ""
        return facts, f"paid {done.amount} of call {done.call_id} by {done.channel}{before}"

    answered(answer, said, as_json=as_json)


def note(
    subject: Annotated[str, typer.Argument(help="A customer, or a called number.")],
    words: Annotated[str, typer.Argument(help="What is to be remembered.")],
    agent: Agent,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Keep a note about a customer or a number."""
    now = datetime.now(UTC)
    answer = with_book(db, lambda book: Care(book).note(subject, words, agent=agent, at=now))

    def said(taken: NoteTaken) -> tuple[Any, str]:
        act = taken.act
        facts = {"subject": act.subject, "customer": act.customer_id, "number": act.number, "agent": act.agent}
        return facts, f"noted about {act.subject}"

    answered(answer, said, as_json=as_json)


def show_history(
    subject: Annotated[str, typer.Argument(help="A customer, or a called number.")],
    last: Annotated[int, typer.Option("--last", min=1, max=LAST_MAX, help="How many lines.")] = 50,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show calls, money, blocks and notes in one time line, the oldest first."""
    answer = with_book(db, lambda book: history(book, subject, last=last))

    def said(moments: tuple[Moment, ...]) -> tuple[Any, str]:
        facts = [
            {
                "at": each.at.isoformat(),
                "what": each.what,
                "subject": each.subject,
                "words": each.words,
                "amount": None if each.amount is None else str(each.amount),
            }
            for each in moments
        ]
        return facts, "\n".join(map(_line, moments)) or "nothing yet"

    answered(answer, said, as_json=as_json)


def _line(moment: Moment) -> str:
    amount = "" if moment.amount is None else f"  {moment.amount}"
    return f"{moment.at:%Y-%m-%d %H:%M:%S}  {moment.what}  {moment.subject}  {one_line(moment.words)}{amount}"


def _blocked(done: Blocked) -> tuple[Any, str]:
    facts = {
        "number": done.number,
        "facility": done.facility,
        "blocked": done.is_blocked,
        "changed": done.is_changed,
        "still_blocked_for": list(done.left),
    }
    place = _place(done.facility)
    if done.is_blocked:
        return facts, f"calls from {place} to {done.number} are blocked" + (
            "" if done.is_changed else " (they were before)"
        )
    still = f"; still blocked for {', '.join(map(_place, done.left))}" if done.left else ""
    return facts, f"calls from {place} to {done.number} are allowed again{still}"


def _place(facility: str) -> str:
    return "every facility" if facility == EVERY_FACILITY else facility
