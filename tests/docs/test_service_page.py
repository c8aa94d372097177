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

from ledger.money import CallId
from ledger.products.card_requests import KeepRefund, card_payment_id, card_refund_id
from ledger.products.shares import charge_id
from ledger.requests import EndCall, Refund, Request, StartCall
from tests.support.ledger import NOW, STORY, a_call, by_card, end, hold, usd, write_book

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "service.md").read_text(encoding="utf-8")

CARD_CALL, CLOSED_CALL = CallId("call-2"), CallId("call-3")


def a_card_call(call_id: CallId) -> tuple[Request, ...]:
    """A call to somebody else, of fifty cents, that a card paid."""
    return tuple(
        replace(each, record=replace(each.record, number="+12125550126")) if isinstance(each, EndCall) else each
        for each in (StartCall(a_call(call_id)), *by_card(call_id))
    )


REFUSED = (
    Refund("r-3", charge_id(CLOSED_CALL), usd("0.03"), NOW),
    KeepRefund(card_refund_id(card_payment_id(CLOSED_CALL, 1), 1), NOW),
)
BOOKED = (*STORY, hold("1"), end("0.5"), *a_card_call(CARD_CALL), *a_card_call(CLOSED_CALL), *REFUSED)
"""A paid call, one by card, and one by a card that was closed before a part of it was refunded."""


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
    monkeypatch.setenv("PAYPHONE_DB", str(write_book(tmp_path / "book.db", *BOOKED)))
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
