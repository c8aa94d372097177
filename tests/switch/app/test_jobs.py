from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ledger import jobs as ledger_jobs
from switch.app.jobs import last_month, register
from tests.support.ledger import deposit, open_account, write_book

ROOT = typer.Typer()
register(ROOT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_book(tmp_path / "book.db", open_account(), deposit("10"))


def run(path: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(ROOT, ["jobs", "run", "--db", str(path), *arguments])
    return result.exit_code, result.output


def test_a_run_says_what_it_did_and_the_next_one_that_nothing_is_due(path: Path) -> None:
    assert run(path, "--as-of", "2027-03-01") == (0, "notified as idle advancepay:+12125550123\n")
    assert run(path, "--as-of", "2027-03-01") == (0, "nothing is due\n")
    code, text = run(path, "--as-of", "2027-08-28", "--unclaimed", "CT", "--json")
    assert (code, json.loads(text)) == (
        0,
        {
            "done": [{"job": "close", "subject": "advancepay:+12125550123", "amount": "10"}],
            "left": [],
            "complete": True,
        },
    )


def test_an_idle_account_may_be_counted_from_its_last_use(path: Path) -> None:
    assert run(path, "--as-of", "2027-03-01", "--idle-from", "last-use")[0] == 0
    assert run(path, "--as-of", "2027-05-22", "--idle-from", "last-use") == (
        0,
        "closed advancepay:+12125550123: 10\n",
    )


def test_a_run_that_is_refused_a_step_says_why(path: Path) -> None:
    run(path, "--as-of", "2027-03-01")
    code, text = run(path, "--as-of", "2027-08-28", "--unclaimed", "Connecticut")
    assert (code, text) == (0, "left advancepay:+12125550123: not the id of an account\n")


def test_a_run_that_is_not_complete_ends_in_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_jobs.run_jobs, "__defaults__", (0,))
    assert run(path, "--as-of", "2027-03-01") == (1, "more is due: run it again\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--as-of", "2027-03-01", "--zone", "Mars/Olympus"], "Mars/Olympus"),
        (["--as-of", "soon"], "soon"),
        ([], "as-of"),
    ],
)
def test_what_it_cannot_work_with_is_named(path: Path, arguments: list[str], words: str) -> None:
    code, text = run(path, *arguments)
    assert code == 2
    assert words in text


@pytest.mark.parametrize(
    ("day", "label", "until", "due_at"),
    [
        (date(2026, 12, 1), "2026-11", datetime(2026, 12, 1, 5, tzinfo=UTC), datetime(2026, 12, 21, 5, tzinfo=UTC)),
        (date(2026, 3, 7), "2026-02", datetime(2026, 3, 1, 5, tzinfo=UTC), datetime(2026, 3, 27, 4, tzinfo=UTC)),
        (date(2027, 1, 31), "2026-12", datetime(2027, 1, 1, 5, tzinfo=UTC), datetime(2027, 2, 20, 5, tzinfo=UTC)),
    ],
)
def test_the_last_month_is_that_of_the_zone(day: date, label: str, until: datetime, due_at: datetime) -> None:
    month = last_month(day, "America/New_York")
    assert (month.label, month.until, month.due_at) == (label, until, due_at)
