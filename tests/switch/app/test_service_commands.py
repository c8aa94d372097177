"""Commands of customer service: what docs/service.md does not show. Refusals as facts, mistakes with their place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from switch.app.config import ConfigError, parse_config
from switch.app.message_commands import quoted
from switch.app.service_commands import register
from tests.support.ledger import STORY, write_book

ROOT = typer.Typer()
register(ROOT)

CONFIG = """
[[facilities]]
id = "north"

[[people]]
id = "jordan"
pin = "4417"
facility = "north"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_book(tmp_path / "book.db", *STORY)
    (tmp_path / "provider.toml").write_text(CONFIG, encoding="utf-8")
    for name, value in (("AGENT", "kim"), ("CONFIG", tmp_path / "provider.toml"), ("DB", tmp_path / "book.db")):
        monkeypatch.setenv(f"PAYPHONE_{name}", str(value))
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(ROOT, arguments)
    return result.exit_code, result.output


def test_a_refusal_is_facts_for_programs(folder: Path) -> None:
    result = CliRunner().invoke(ROOT, ["customer", "deposit", "c-1", "5", "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "denied": "no_customer",
        "refused": None,
        "subject": "c-1",
        "first": "create_account",
        "known": [],
    }
    run("customer", "create", "--name", "Alex Doe", "--id", "c-1")
    run("customer", "add-facility", "c-1", "north")
    result = CliRunner().invoke(ROOT, ["customer", "add-number", "c-1", "+12125550125", "--account", "lec:1", "--json"])
    assert json.loads(result.stdout)["refused"] == "malformed_account"
    assert (folder / "book.db").is_file()


def test_an_answer_is_facts_for_programs(folder: Path) -> None:
    _, text = run("customer", "create", "--name", "Alex Doe", "--json")
    facts = json.loads(text)
    assert facts["customer"].startswith("c-") and facts["next"] == "add_facility"
    _, text = run("service", "block", "+12125550123", "--json")
    assert json.loads(text)["still_blocked_for"] == ["*"]
    assert run("service", "block", "+12125550123")[1].endswith("(they were before)\n")
    assert run("service", "history", "+12125550199") == (0, "nothing yet\n")
    assert run("messages", "queue") == (0, "no message waits\n")
    assert folder.is_dir()


def test_a_note_is_one_line_of_the_time_line(folder: Path) -> None:
    forged = "asked\x1b[8m\n2026-01-01 00:00:00  deposit  forged"
    assert run("service", "note", "+12125550123", forged)[0] == 0
    code, text = run("service", "history", "+12125550123")
    assert (code, [line for line in text.splitlines() if line.startswith("2026-01-01")]) == (0, []), text
    assert "asked\ufffd[8m 2026-01-01 00:00:00 deposit forged" in text
    assert folder.is_dir()


def test_the_words_of_others_are_quoted_line_by_line() -> None:
    assert quoted("one\x1b[2J\r\n\nm-2 is approved") == "> one\ufffd[2J\n>\n> m-2 is approved"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("customer", "deposit", "c-1", "a lot"), "a lot"),
        (("customer", "list", "--config", "nowhere.toml"), "cannot be read"),
        (("service", "note", "c-1", "x", "--agent", "two\nlines"), "name the agent"),
        (("service", "note", "+12125550123", "latin \udcff"), "is not a text in Unicode"),
        (("service", "history", "latin \udcff"), "is not a text in Unicode"),
        (("service", "block", "+12125550123", "--facility", "nowhere"), "there is no facility 'nowhere'; known: north"),
    ],
)
def test_what_is_used_wrongly_ends_in_two(folder: Path, arguments: tuple[str, ...], words: str) -> None:
    code, text = run(*arguments)
    assert code == 2 and words in text
    (folder / "provider.toml").write_text(CONFIG.replace('id = "north"', 'id = "north"\nprofile = "none"'))
    code, text = run("customer", "list")
    assert code == 2 and "profile" in text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[[messages.bundles]]\ncredits = 10\nprice = "0"', "less than a millionth"),
        ('[[messages.bundles]]\ncredits = 10\nprice = "1"\nstate = "CA"\nfacility = "north"', "not both"),
        ('[messages]\nopens = "9"', "write a time of day"),
        ('[messages]\nopens = "18:00"', "opens comes before closes"),
        ("[messages]\nopens = 2000", "must be 1440 or less"),
        ("[messages]\ndays = []", "working days"),
        ('[[people]]\nid = "j"\npin = "4417"\nfacility = "north"\ninmate_id = "C-1"', "both inmate_id and legal_name"),
    ],
)
def test_a_mistake_in_what_is_sold_or_known_is_told_with_its_remedy(text: str, place: str) -> None:
    with pytest.raises(ConfigError, match=place):
        parse_config(text, "provider.toml")
