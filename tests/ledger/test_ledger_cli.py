from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from ledger import __main__ as alone
from ledger.cli import register
from tests.support.ledger import STORY, end, hold, write_book

app = typer.Typer()
register(app)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_book(tmp_path / "book.db", *STORY, hold("1"), end("0.375"))


def run(path: Path | str, *words: str) -> Result:
    return CliRunner().invoke(app, [*words], env={"PAYPHONE_DB": str(path), "COLUMNS": "200"})


def facts(path: Path, *words: str) -> object:
    result = run(path, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_accounts_are_listed_with_amounts_as_decimal_strings(path: Path) -> None:
    listed = facts(path, "accounts")
    assert isinstance(listed, list)
    assert [(each["account"], each["balance"], each["available"]) for each in listed] == [
        ("advancepay:+12125550123", "9.625", "9.625"),
        ("cash:processor", "-10", None),
        ("income:calls:advancepay", "0.375", None),
    ]
    assert "no limit" in run(path, "accounts").stdout


@pytest.mark.parametrize("name", ["+12125550123", "advancepay:+12125550123"])
def test_a_balance_is_asked_by_account_or_number(path: Path, name: str) -> None:
    (found,) = facts(path, "balance", name)  # type: ignore[misc]
    assert found["balance"] == "9.625"


def test_an_account_that_is_not_there_is_said(path: Path) -> None:
    result = run(path, "balance", "+13105550100")
    assert (result.exit_code, "no account +13105550100" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("balance", "12"), "give a number"),
    ],
)
def test_what_cannot_be_understood_is_named_with_a_remedy(path: Path, words: tuple[str, ...], hint: str) -> None:
    result = run(path, *words)
    assert (result.exit_code, hint in result.stderr) == (2, True), result.output


def test_calls_are_listed_the_newest_first(path: Path) -> None:
    (call,) = facts(path, "calls", "--last", "5")  # type: ignore[misc]
    assert (call["call"], call["charged"], call["why"], call["accepted_at"]) == ("call-1", "0.375", "hung-up", None)
    assert "hung-up" in run(path, "calls").stdout


def test_a_sound_book_passes_the_audit(path: Path) -> None:
    assert facts(path, "audit")["clean"] is True  # type: ignore[call-overload, index]
    assert "the book balances" in run(path, "audit").stdout


def test_an_audit_that_finds_something_says_what_and_fails(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE accounts SET held = 1 WHERE account_id LIKE 'advancepay%'")
        other.commit()
    result = run(path, "audit", "--json")
    assert result.exit_code == 1
    assert [each["rule"] for each in json.loads(result.stdout)["findings"]] == ["held"]
    assert "placed holds sum to 0" in run(path, "audit").stdout


@pytest.mark.parametrize("command", [("accounts",), ("calls",), ("audit",), ("balance", "+12125550123")])
def test_a_book_that_is_not_there_is_not_made(tmp_path: Path, command: tuple[str, ...]) -> None:
    result = run(tmp_path / "none.db", *command)
    assert (result.exit_code, "payphone serve" in result.stderr) == (2, True)
    assert not (tmp_path / "none.db").exists()


def test_a_file_that_is_no_book_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"garbage" * 1000)
    result = run(tmp_path / "x.db", "audit")
    assert (result.exit_code, "is not a book" in result.stderr) == (2, True)


def test_the_package_alone_audits_a_book(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alone.main(str(path), as_json=True)
    assert json.loads(capsys.readouterr().out)["clean"] is True
