from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from shutil import copyfile

import pytest
import typer
from typer.testing import CliRunner, Result

from ledger.cli import register as register_ledger
from switch.app.books import register
from tests.support.ledger import write_book
from tests.support.papers import RICH

app = typer.Typer()
register_ledger(app)
register(app)

FAMILY = "advancepay:+12125550123"


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_book(tmp_path_factory.mktemp("rich") / "book.db", *RICH)


def run(path: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["ledger", *words], env={"PAYPHONE_DB": str(path), "COLUMNS": "200"})


def test_a_statement_is_printed(rich: Path) -> None:
    result = run(rich, "statement", FAMILY, "--month", "2021-06")
    assert (result.exit_code, "Closing balance" in result.stdout) == (0, True)
    assert "23.774001" in result.stdout


def test_the_zone_moves_the_month(rich: Path) -> None:
    result = run(rich, "statement", FAMILY, "--month", "2021-06", "--zone", "America/New_York")
    assert "2021-06-01 00:00 to 2021-07-01 00:00, America/New_York" in result.stdout
    assert result.stdout.count("Call to") == 2, "calls of the last hours there are July's"


@pytest.mark.parametrize(
    ("format_", "start"), [("text", b"Statement"), ("html", b"<!doctype html>"), ("pdf", b"%PDF-")]
)
def test_a_statement_goes_to_a_file(rich: Path, tmp_path: Path, format_: str, start: bytes) -> None:
    out = tmp_path / "statement"
    result = run(rich, "statement", FAMILY, "--month", "2021-06", "--format", format_, "--out", str(out))
    assert (result.exit_code, result.stdout.strip()) == (0, str(out))
    assert out.read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("name", "words", "begins"),
    [
        ("a.html", (), b"<!doctype html>"),
        ("a.PDF", (), b"%PDF"),
        ("a.txt", (), b"Statement of account"),
        ("a.html", ("--format", "text"), b"Statement of account"),
    ],
)
def test_a_file_is_what_its_name_says_unless_told_otherwise(
    rich: Path, tmp_path: Path, name: str, words: tuple[str, ...], begins: bytes
) -> None:
    out = tmp_path / name
    assert run(rich, "statement", FAMILY, "--month", "2021-06", "--out", str(out), *words).exit_code == 0
    assert out.read_bytes()[: len(begins)].lower() == begins.lower()


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("statement", FAMILY, "--month", "2021-13"), 2, "like 2021-06"),
        (("statement", FAMILY, "--month", "2021-06", "--zone", "Mars/Base"), 2, "America/Los_Angeles"),
        (("statement", "gold:1", "--month", "2021-06"), 2, "is not an account"),
        (("statement", "debit:nobody", "--month", "2021-06"), 1, "payphone accounts"),
        (("statement", FAMILY, "--month", "2021-06", "--out", "/nowhere/x"), 2, "name another file"),
        (("export", "--format", "beancount", "--what", "calls"), 2, "--format csv"),
        (("export", "--format", "parquet"), 2, "--out"),
    ],
)
def test_what_cannot_be_done_is_said_with_a_remedy(rich: Path, words: tuple[str, ...], code: int, hint: str) -> None:
    result = run(rich, *words)
    assert (result.exit_code, hint in result.stderr) == (code, True), result.output


def test_an_export_is_printed_or_written(rich: Path, tmp_path: Path) -> None:
    printed = run(rich, "export", "--format", "csv", "--what", "calls")
    assert (printed.exit_code, printed.stdout.splitlines()[0][:13]) == (0, "call,facility")
    written = run(rich, "export", "--format", "csv", "--what", "calls", "--out", str(tmp_path))
    assert written.stdout.strip() == str(tmp_path / "calls.csv")
    assert (tmp_path / "calls.csv").read_text() == printed.stdout


@pytest.fixture
def signed(tmp_path: Path, rich: Path) -> Path:
    """A folder with a book of one checkpoint, which was kept outside, and its key."""
    copyfile(rich, tmp_path / "book.db")
    key = tmp_path / "audit.key"
    assert run(tmp_path / "book.db", "keygen", "--out", str(key)).exit_code == 0
    kept = run(tmp_path / "book.db", "checkpoint", "--key", str(key), "--out", str(tmp_path / "kept.json"))
    assert kept.stdout.startswith("checkpoint 1: entry "), kept.output
    return tmp_path


def audit(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["audit", *words], env={"PAYPHONE_DB": str(folder / "book.db"), "COLUMNS": "200"})


def test_an_audit_takes_the_kept_checkpoint_and_the_key(signed: Path) -> None:
    words = ("--checkpoint", str(signed / "kept.json"), "--public-key", str(signed / "audit.key.pub"))
    assert audit(signed, *words).exit_code == 0
    with closing(sqlite3.connect(signed / "book.db")) as other:
        other.execute("UPDATE calls SET station = 'elsewhere' WHERE call_id = 'free'")
        other.commit()
    result = audit(signed, *words)
    assert (result.exit_code, "call free (advancepay:+12125550123)" in result.stdout) == (1, True)


def test_checkpoints_are_listed_and_written(signed: Path) -> None:
    listed = json.loads(run(signed / "book.db", "checkpoints", "--json").stdout)
    assert [each["number"] for each in listed] == [1]
    assert listed[0]["key"] in run(signed / "book.db", "checkpoints").stdout
    assert run(signed / "book.db", "checkpoints", "--out", str(signed / "again.json")).exit_code == 0
    assert (signed / "again.json").read_text() == (signed / "kept.json").read_text()


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("ledger", "checkpoint", "--key", "none"), 2, "keygen"),
        (("ledger", "checkpoint"), 2, "--key"),
        (("ledger", "checkpoint", "--key", "audit.key", "--out", "/nowhere/x"), 2, "name another file"),
        (("ledger", "checkpoints", "--number", "7"), 1, "no such checkpoint"),
        (("ledger", "keygen", "--out", "audit.key"), 2, "never replaced"),
        (("audit", "--checkpoint", "kept.json"), 2, "--public-key"),
        (("audit", "--public-key", "kept.json"), 2, "no public Ed25519 key"),
        (("audit", "--checkpoint", "audit.key", "--public-key", "audit.key.pub"), 2, "is no checkpoint"),
        (("audit", "--checkpoint", "none", "--public-key", "audit.key.pub"), 2, "cannot be read"),
    ],
)
def test_a_proof_that_cannot_be_given_is_said(
    signed: Path, words: tuple[str, ...], code: int, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(signed)
    result = CliRunner().invoke(app, [*words], env={"PAYPHONE_DB": "book.db", "COLUMNS": "200", "TERM": "dumb"})
    assert (result.exit_code, hint in result.stderr) == (code, True), result.output
