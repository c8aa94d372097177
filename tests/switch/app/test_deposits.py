"""The command `payphone deposit`: money comes in once, at most so much, and with the fee of its channel."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from ledger.money import AccountId
from ledger.store import Book
from switch.app import commands, service_commands
from switch.app.deposits import deposit
from tests.support.ledger import STORY, end, hold, write_book

app = typer.Typer()
app.callback()(lambda: None)
app.command()(deposit)

CONFIG = """\
[billing]
deposit_cap = "50"
[[fees]]
channel = "web"
fee = "5.95"
[[fees]]
channel = "phone"
fee = "3"
until = 2025-01-01
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "my.toml").write_text(CONFIG, encoding="utf-8")
    return write_book(tmp_path / "book.db", *STORY, hold("1"), end("0.375"))


def run(path: Path | str, *words: str) -> Result:
    return CliRunner().invoke(app, [*words], env={"PAYPHONE_DB": str(path), "COLUMNS": "200"})


def facts(path: Path, *words: str) -> dict[str, Any]:
    result = run(path, *words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def balance(path: Path, account_id: str) -> str:
    async def look() -> str:
        async with await Book.open(str(path), may_create=False) as book:
            account = await book.balance(AccountId(account_id))
            return "none" if account is None else str(account.balance)

    return asyncio.run(look())


def test_a_deposit_that_is_sent_again_is_booked_once(path: Path) -> None:
    words = ("deposit", "+12125550123", "5", "--id", "receipt-7")
    first, second = facts(path, *words), facts(path, *words)
    assert first == {
        "id": "receipt-7",
        "account": "advancepay:+12125550123",
        "amount": "5",
        "fee": "0",
        "balance": "14.625",
        "already_booked": False,
    }
    assert second == {**first, "already_booked": True}
    assert "not booked again" in run(path, *words).stdout
    assert balance(path, "advancepay:+12125550123") == "14.625"


def test_another_deposit_under_the_same_id_is_refused(path: Path) -> None:
    assert run(path, "deposit", "+12125550123", "5", "--id", "receipt-7").exit_code == 0
    result = run(path, "deposit", "+12125550123", "6", "--id", "receipt-7", "--json")
    assert (result.exit_code, json.loads(result.stdout)["refused"]) == (1, "ID_REUSED")


def test_an_id_that_is_too_long_is_told_its_measure(path: Path) -> None:
    result = run(path, "deposit", "+12125550123", "5", "--id", "y" * 201)
    assert (result.exit_code, "1 to 200 characters" in result.stderr) == (1, True), result.output


def test_a_deposit_opens_an_account_only_if_told_to(path: Path) -> None:
    words = ("deposit", "debit:p-1", "5", "--id", "receipt-8")
    refused = run(path, *words)
    assert (refused.exit_code, "--open" in refused.stderr) == (1, True)
    assert run(path, *words, "--open").exit_code == 0
    assert run(path, "deposit", "cash:mail", "5", "--open").exit_code == 1


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("deposit", "+12125550123", "five"), "is not an amount"),
        (("deposit", "+12125550123", "0.0000001"), "millionth"),
        (("deposit", "gold:1", "5"), "is not an account"),
        (("deposit", "+12125550123", "5", "--channel", "No Way"), "cash:processor"),
        (("deposit", "+12125550123", "5", "--fee", "much"), "is not an amount"),
        (("deposit", "+12125550123", "5", "--fee", "1", "--config", "my.toml"), "leave --fee out"),
        (("deposit", "+12125550123", "5", "--config", "none.toml"), "none.toml: cannot be read"),
        (("deposit", "+12125550123", "5", "--memo", "latin \udcff"), "is not a text in Unicode"),
        (("deposit", "+12125550123", "5", "--id", "latin \udcff"), "is not a text in Unicode"),
        (("deposit", "+12125550123", "0"), "payphone service refund"),
        (("deposit", "+12125550123", "--", "-5"), "payphone service refund"),
    ],
)
def test_what_cannot_be_understood_is_named_with_a_remedy(path: Path, words: tuple[str, ...], hint: str) -> None:
    result = run(path, *words)
    assert (result.exit_code, hint in result.stderr) == (2, True), result.output


def config(path: Path) -> tuple[str, str]:
    return "--config", str(path.with_name("my.toml"))


def test_the_fee_of_the_channel_is_told_and_booked_beside_the_payment(path: Path) -> None:
    words = ("deposit", "+12125550123", "50", "--channel", "web", "--id", "receipt-9", *config(path))
    assert (found := facts(path, *words))["fee"] == "5.95"
    assert found["balance"] == "59.625"
    assert (balance(path, "income:fees:web"), balance(path, "cash:web")) == ("5.95", "-55.95")
    told = run(path, "deposit", "+12125550123", "1", "--channel", "web", *config(path)).stdout
    assert "booked 1 on advancepay:+12125550123, and a fee of 5.95 (web), balance 60.625" in told


@pytest.mark.parametrize("channel", ["mail", "phone"])
def test_a_channel_without_a_fee_today_costs_nothing(path: Path, channel: str) -> None:
    assert facts(path, "deposit", "+12125550123", "5", "--channel", channel, *config(path))["fee"] == "0"
    assert balance(path, f"cash:{channel}") == "-5"


def test_a_payment_over_the_cap_of_the_configuration_is_refused_and_the_cap_is_told(path: Path) -> None:
    result = run(path, "deposit", "+12125550123", "50.01", *config(path))
    assert (result.exit_code, "at most 50 at a time" in result.stderr) == (1, True)
    assert run(path, "deposit", "+12125550123", "50.01").exit_code == 0, "without a configuration there is no cap"
    assert balance(path, "advancepay:+12125550123") == "59.635"


def test_a_fee_may_be_said_without_a_configuration(path: Path) -> None:
    assert facts(path, "deposit", "+12125550123", "5", "--fee", "3", "--channel", "phone")["fee"] == "3"
    assert balance(path, "income:fees:phone") == "3"


def test_a_memo_is_kept_with_a_payment_by_a_configuration(path: Path) -> None:
    run(path, "deposit", "+12125550123", "5", "--memo", "thanks", "--id", "receipt-10", *config(path))

    async def look() -> list[str]:
        async with await Book.open(str(path), may_create=False) as book:
            return [entry.draft.memo for entry in await book.entries() if entry.draft.entry_id == "receipt-10"]

    assert asyncio.run(look()) == ["thanks"]


PAYPHONE = typer.Typer()
commands.register(PAYPHONE)
service_commands.register(PAYPHONE)

WRONG = """\
[billing]
deposit_cap = "50"
[book]
url = "mysql://somewhere"
[[facilities]]
id = "prison"
name = "facility/state-prison"
[[people]]
id = "jordan"
facility = "prison"
pin = "44170"
"""


@pytest.mark.parametrize(
    "words",
    [
        ("serve",),
        ("deposit", "+12125550123", "5"),
        ("customer", "list"),
        ("contacts", "list", "jordan"),
        ("facility", "off", "prison"),
        ("trust", "balance", "jordan"),
        ("messages", "show", "m-1"),
    ],
)
def test_every_command_names_place_and_remedy_of_the_same_mistakes(path: Path, words: tuple[str, ...]) -> None:
    """A PIN of another length than the profile asks for, and an address where no book can be."""
    file = path.with_name("wrong.toml")
    file.write_text(WRONG, encoding="utf-8")
    env = {"PAYPHONE_DB": str(path), "PAYPHONE_AGENT": "kim", "COLUMNS": "200"}
    result = CliRunner().invoke(PAYPHONE, [*words, "--config", str(file)], env=env)
    assert result.exit_code == 2
    told = result.stderr.splitlines()
    assert told[0] == f"{file}:11: people[0].pin: has 5 digits; the profile of 'prison' asks for 4"
    assert len(told) == 2 and told[1].startswith(f"{file}:4: book.url: ")
