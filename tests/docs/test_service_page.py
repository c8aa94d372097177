"""Every block of the page about customer service does what it says, on a book with a paid call and one by card."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ledger.chart import AccountKind, account_of
from ledger.money import CallId
from ledger.products.requests import AskCard, AuthoriseCard, CaptureCard, DueCard, card_payment_id
from ledger.products.rows import CardUse
from ledger.requests import StartCall
from tests.support.ledger import NOW, STORY, a_call, end, hold, usd, write_book

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "service.md").read_text(encoding="utf-8")

CARD_CALL = CallId("call-2")
PAYMENT = card_payment_id(CARD_CALL, 1)
ONECALL = account_of(AccountKind.ONECALL, CARD_CALL)
ENDED = end("0.05", CARD_CALL, ONECALL)
BY_CARD = (
    StartCall(a_call(CARD_CALL)),
    AskCard(PAYMENT, CARD_CALL, CardUse.CALL, usd("1"), "phone", NOW),
    AuthoriseCard(PAYMENT, NOW),
    hold("0.05", 1, CARD_CALL, ONECALL),
    replace(ENDED, record=replace(ENDED.record, number="+12125550126")),
    DueCard(PAYMENT, NOW),
    CaptureCard(PAYMENT, "phone", NOW),
)


def blocks() -> list[tuple[str, str]]:
    """Each command of the page, with what it prints."""
    found: list[tuple[str, str]] = []
    for block in re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def matches(expected: str, printed: str) -> bool:
    """Whether a text is as the page has it; `…` stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, expected.split("…"))), printed, re.DOTALL) is not None


@pytest.mark.timeout(200)  # Three dozen commands, each opening the book; on a busy machine several times ten seconds.
def test_every_block_of_the_page_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ((name, text),) = re.findall(r"^```toml\n# (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("PAYPHONE_DB", str(write_book(tmp_path / "book.db", *STORY, hold("1"), end("0.5"), *BY_CARD)))
    app = typer.Typer()
    for entry in entry_points(group="payphone.commands"):
        if entry.value.startswith(("switch.app.service", "switch.app.jobs", "ledger.cli")):
            entry.load()(app)
    runner, said = CliRunner(), blocks()
    for command, expected in said:
        program, *arguments = shlex.split(command)
        if program == "export":
            for setting in arguments:
                monkeypatch.setenv(*setting.split("=", 1))
            continue
        assert program == "payphone"
        done = runner.invoke(app, arguments)
        assert done.exit_code == (1 if expected.startswith("refused: ") else 0), f"{command}\n{done.output}"
        assert matches(expected, done.output), f"{command}\n{done.output}"
    lines = (tmp_path / "notices.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3


def test_the_page_has_every_command_of_customer_service() -> None:
    said = "\n".join(command for command, _ in blocks())
    groups = {
        "customer": ("create", "show", "list", "add-facility", "add-number", "deposit"),
        "service": ("block", "unblock", "refund", "note", "history"),
        "trust": ("deposit", "balance", "top-up"),
        "messages": ("buy", "send", "queue", "review", "approve", "reject", "deliver", "show"),
    }
    for group, verbs in groups.items():
        for verb in verbs:
            assert f"payphone {group} {verb} " in f"{said}\n".replace("\n", " \n"), f"{group} {verb}"


def test_a_block_that_says_otherwise_is_seen() -> None:
    assert matches("a … c\n", "a b c\n")
    assert not matches("a … c\n", "a b d\n")
