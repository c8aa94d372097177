from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from ledger import __main__ as alone
from ledger.cli import register
from tests.support.books import ServerShelf, Shelf
from tests.support.ledger import STORY, end, hold

app = typer.Typer()
register(app)


@pytest.fixture
def address(shelf: Shelf) -> str:
    return shelf.book(*STORY, hold("1"), end("0.375"))


def run(address: Path | str, *words: str) -> Result:
    return CliRunner().invoke(app, [*words], env={"PAYPHONE_DB": str(address), "COLUMNS": "200"})


def facts(address: str, *words: str) -> object:
    result = run(address, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_accounts_are_listed_with_amounts_as_decimal_strings(address: str) -> None:
    listed = facts(address, "accounts")
    assert isinstance(listed, list)
    assert [(each["account"], each["balance"], each["available"]) for each in listed] == [
        ("advancepay:+12125550123", "9.625", "9.625"),
        ("cash:processor", "-10", None),
        ("income:calls:advancepay", "0.375", None),
    ]
    assert "no limit" in run(address, "accounts").stdout


@pytest.mark.parametrize("name", ["+12125550123", "advancepay:+12125550123"])
def test_a_balance_is_asked_by_account_or_number(address: str, name: str) -> None:
    (found,) = facts(address, "balance", name)  # type: ignore[misc]
    assert found["balance"] == "9.625"


def test_an_account_that_is_not_there_is_said(address: str) -> None:
    result = run(address, "balance", "+13105550100")
    assert (result.exit_code, "no account +13105550100" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("balance", "12"), "give a number"),
    ],
)
def test_what_cannot_be_understood_is_named_with_a_remedy(address: str, words: tuple[str, ...], hint: str) -> None:
    result = run(address, *words)
    assert (result.exit_code, hint in result.stderr) == (2, True), result.output


def test_calls_are_listed_the_newest_first(address: str) -> None:
    (call,) = facts(address, "calls", "--last", "5")  # type: ignore[misc]
    assert (call["call"], call["charged"], call["why"], call["accepted_at"]) == ("call-1", "0.375", "hung-up", None)
    assert "hung-up" in run(address, "calls").stdout


def test_a_sound_book_passes_the_audit(address: str) -> None:
    assert facts(address, "audit")["clean"] is True  # type: ignore[call-overload, index]
    assert "the book balances" in run(address, "audit").stdout


def test_an_audit_that_finds_something_says_what_and_fails(address: str, shelf: Shelf) -> None:
    shelf.change(address, "UPDATE accounts SET held = 1 WHERE account_id LIKE 'advancepay%'")
    result = run(address, "audit", "--json")
    assert result.exit_code == 1
    assert [each["rule"] for each in json.loads(result.stdout)["findings"]] == ["held"]
    assert "placed holds sum to 0" in run(address, "audit").stdout


@pytest.mark.parametrize("command", [("accounts",), ("calls",), ("audit",), ("balance", "+12125550123")])
def test_a_book_that_is_not_there_is_not_made(tmp_path: Path, command: tuple[str, ...]) -> None:
    result = run(tmp_path / "none.db", *command)
    assert (result.exit_code, "payphone serve" in result.stderr) == (2, True)
    assert not (tmp_path / "none.db").exists()


@pytest.mark.postgres
def test_a_book_that_is_not_there_is_named_without_its_password(postgres: ServerShelf) -> None:
    address = postgres.empty().replace("@", ":sekret@")
    result = run(address, "audit")
    assert (result.exit_code, "payphone serve" in result.stderr, "sekret" in result.stderr) == (2, True, False)


def test_a_file_that_is_no_book_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"garbage" * 1000)
    result = run(tmp_path / "x.db", "audit")
    assert (result.exit_code, "is not a book" in result.stderr) == (2, True)


def test_a_book_that_lost_the_row_of_its_head_is_said(address: str, shelf: Shelf) -> None:
    shelf.change(address, "DELETE FROM head")
    result = run(address, "audit")
    assert (result.exit_code, "table head has 0 rows" in result.stderr) == (2, True), result.output


def test_the_package_alone_audits_a_book(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    alone.main(address, as_json=True)
    assert json.loads(capsys.readouterr().out)["clean"] is True
