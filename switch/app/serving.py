"""What the commands of customer service share: the provider of a configuration, their options, their refusals."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Final, Never

import typer

from ledger.money import AmountError, Money
from ledger.products.policy import DepositPolicy
from ledger.terminal import fail, print_facts
from switch.app.config import Config
from switch.directory.people import Directory
from switch.service.acts import AGENT
from switch.service.answers import Denial, Denied, Step
from switch.service.provider import Provider

_COMMANDS: Final = {
    Step.CREATE_ACCOUNT: "payphone customer create --name NAME",
    Step.ADD_FACILITY: "payphone customer add-facility CUSTOMER FACILITY",
    Step.ADD_NUMBER: "payphone customer add-number CUSTOMER NUMBER",
    Step.DEPOSIT: "payphone customer deposit CUSTOMER AMOUNT",
}


def _agent(value: str) -> str:
    if AGENT.fullmatch(value) is None:
        raise typer.BadParameter("name the agent in up to 64 letters, digits, spaces, points, @ or hyphens")
    return value


Agent = Annotated[
    str,
    typer.Option("--agent", envvar="PAYPHONE_AGENT", callback=_agent, help="Who does it; kept with what is done."),
]
OwnId = Annotated[str, typer.Option("--id", help="The request's own id: sent again, it is done once.")]


def provider_of(config: Config, directory: Directory, deposits: DepositPolicy) -> Provider:
    """What a configuration says to those who serve its customers."""
    return Provider(
        directory=directory,
        deposits=deposits,
        activation=timedelta(seconds=config.billing.activates_after),
        messages=config.messages.policy(),
        review=config.messages.hours(),
    )


def money(text: str) -> Money:
    """An amount in dollars, or an end with what is wrong about it."""
    try:
        return Money.from_text(text)
    except AmountError as error:
        fail(str(error), 2)


def own_id(given: str, word: str) -> str:
    """The id that was given, or a new one."""
    return given or f"{word}-{secrets.token_hex(8)}"


def refuse(denied: Denied, *, as_json: bool) -> Never:
    """Say why nothing was done and what comes first, and end."""
    refused = denied.refused
    if as_json:
        facts: dict[str, Any] = {
            "denied": denied.why.name.lower(),
            "refused": None if refused is None else refused.why.name.lower(),
            "subject": denied.subject,
            "first": None if denied.first is None else denied.first.name.lower(),
            "known": list(denied.known),
        }
        print_facts(facts, "", as_json=True)
    words = f"refused: {denied.words} ({denied.subject})"
    if refused is not None and refused.available is not None:
        words += f"; at most {refused.available}"
    if denied.known:
        words += f"; there is {', '.join(denied.known)}"
    if denied.why is Denial.NOT_A_CONTACT:
        words += f"; ask for one: payphone contacts request {denied.subject} NUMBER"
    if denied.first is not None:
        words += f"; first {denied.first.value}: {_COMMANDS[denied.first]}"
    fail(words, 1)


def answered(answer: Any, show: Callable[[Any], tuple[Any, str]], *, as_json: bool) -> None:
    """Print an answer by its facts and words, or why there is none."""
    if isinstance(answer, Denied):
        refuse(answer, as_json=as_json)
    facts, words = show(answer)
    print_facts(facts, words, as_json=as_json)
