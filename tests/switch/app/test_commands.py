"""`payphone check` and `payphone serve`: what they print, and how they exit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
import typer
from typer.testing import CliRunner

import switch.app.commands as commands
from ledger.errors import LedgerUnavailableError
from switch.app import reading
from switch.app.config import Config
from switch.app.switch import ListenError
from switch.media.files import TooFewFilesError
from tests.support.ledger import record

RUN = CliRunner()
EXAMPLE = commands.EXAMPLE.read_text(encoding="utf-8")


@pytest.fixture
def app() -> Iterator[typer.Typer]:
    app = typer.Typer(pretty_exceptions_enable=False)
    commands.register(app)
    yield app
    structlog.reset_defaults()  # `serve` sets up the log of its process


def write(folder: Path, text: str) -> str:
    file = folder / "payphone.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_a_right_configuration_is_counted(app: typer.Typer, tmp_path: Path) -> None:
    result = RUN.invoke(app, ["check", write(tmp_path, EXAMPLE)])
    assert result.exit_code == 0
    assert "is right" in result.stdout
    assert "2 facilities" in result.stdout
    facts = json.loads(RUN.invoke(app, ["check", "--json", write(tmp_path, EXAMPLE)]).stdout)
    assert (facts["ok"], facts["facilities"], facts["tariffs"][0]) == (True, 2, "california-2021")


def test_every_mistake_is_printed_with_its_place_and_the_exit_code_is_one(app: typer.Typer, tmp_path: Path) -> None:
    file = write(tmp_path, EXAMPLE.replace('pin = "4417"', "pin = true").replace("5060", "506000"))
    result = RUN.invoke(app, ["check", file])
    assert result.exit_code == 1
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == ["switch.listen", "people[0].pin"]
    facts = json.loads(RUN.invoke(app, ["check", "--json", file]).stdout)
    assert not facts["ok"]
    assert [mistake["key"] for mistake in facts["mistakes"]] == ["switch.listen", "people[0].pin"]
    assert all(mistake["line"] for mistake in facts["mistakes"])


def test_serve_refuses_a_wrong_configuration_as_wrong_use(app: typer.Typer, tmp_path: Path) -> None:
    result = RUN.invoke(app, ["serve", "--config", write(tmp_path, "[swich]")])
    assert result.exit_code == 2
    assert "swich" in result.stderr


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (LedgerUnavailableError("locked"), "the book cannot be used: locked"),
        (ListenError("switch.listen", "127.0.0.1", 5060, "Address already in use"), "change switch.listen"),
        (TooFewFilesError(10, 9), "files"),
    ],
)
def test_serve_says_what_keeps_it_from_starting(
    app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    async def fail(*_args: object) -> None:
        raise error

    monkeypatch.setattr(commands, "_serve", fail)
    result = RUN.invoke(app, ["serve", "--config", write(tmp_path, EXAMPLE)])
    assert (result.exit_code, told in result.stderr) == (1, True), result.stderr


def test_serve_starts_nothing_whose_recordings_would_be_lost(app: typer.Typer, tmp_path: Path) -> None:
    (tmp_path / "recordings").touch()
    result = RUN.invoke(app, ["serve", "--config", write(tmp_path, EXAMPLE)])
    assert (result.exit_code, result.stderr.split(": ")[0]) == (1, "media.recordings")
    assert not (tmp_path / "payphone.db").exists()


def test_a_book_given_on_the_command_line_takes_the_place_of_the_files() -> None:
    assert reading._with_book(Config(), "other.db").book.url.endswith("/other.db")
    assert reading._with_book(Config(), "sqlite+aiosqlite:////x.db").book.url == "sqlite+aiosqlite:////x.db"


def test_a_file_of_records_that_cannot_be_written_costs_no_call(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as logged:
        commands._appender(tmp_path / "no" / "such.jsonl", structlog.get_logger())(record(), None)
        commands._appender(tmp_path / "calls.jsonl", structlog.get_logger())(record(), None)
    assert [line["event"] for line in logged] == ["record_not_written"]
    (line,) = (tmp_path / "calls.jsonl").read_text().splitlines()
    assert json.loads(line)["call"] == "call-1"
