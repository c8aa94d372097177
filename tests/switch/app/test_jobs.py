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


CLOSED = "advancepay:+12125550123 was not used and is closed; what was on it is paid out"
IDLE = (
    "advancepay:+12125550123 has not been used for a while: it is closed on 2027-08-28"
    " unless you call, pay, or tell us to keep it"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_book(tmp_path / "book.db", open_account(), deposit("10"))


def run(path: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(ROOT, ["jobs", "run", "--db", str(path), *arguments])
    return result.exit_code, result.output


def test_a_run_says_what_it_did_and_the_next_one_that_nothing_is_due(path: Path) -> None:
    code, text = run(path, "--as-of", "2027-03-01")
    assert (code, text) == (0, f"notified as idle advancepay:+12125550123\nnotice to nobody known: {IDLE}\n")
    assert run(path, "--as-of", "2027-03-01") == (0, "nothing is due\n")
    code, text = run(path, "--as-of", "2027-08-28", "--unclaimed", "CT", "--json")
    assert (code, json.loads(text)) == (
        0,
        {
            "done": [{"job": "close", "subject": "advancepay:+12125550123", "amount": "10"}],
            "left": [],
            "complete": True,
            "notices": [
                {
                    "notice_id": "closed/advancepay:+12125550123/1819411200000000",
                    "at": "2027-08-28T00:00:00+00:00",
                    "kind": "closed",
                    "account_id": "advancepay:+12125550123",
                    "customer_id": None,
                    "words": "advancepay:+12125550123 was not used and is closed; what was on it is paid out",
                }
            ],
        },
    )


def test_notices_wait_until_a_file_has_them(path: Path, tmp_path: Path) -> None:
    def notices(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(ROOT, ["jobs", "notices", "--db", str(path), *arguments])
        return result.exit_code, result.output

    run(path, "--as-of", "2027-03-01")
    assert notices() == (0, f"notice to nobody known: {IDLE}\n")
    assert notices("--notices", str(tmp_path))[0] == 2
    file = tmp_path / "notices.jsonl"
    run(path, "--as-of", "2027-03-02", "--notices", str(file))
    assert [json.loads(line)["words"] for line in file.read_text().splitlines()] == [IDLE]
    assert notices() == (0, "no notice waits\n")


def test_an_idle_account_may_be_counted_from_its_last_use(path: Path) -> None:
    assert run(path, "--as-of", "2027-03-01", "--idle-from", "last-use")[0] == 0
    assert run(path, "--as-of", "2027-05-22", "--idle-from", "last-use") == (
        0,
        f"closed advancepay:+12125550123: 10\nnotice to nobody known: {CLOSED}\n",
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
        (["--as-of", "0001-01-01"], "write a day like"),
        (["--as-of", "9999-12-31"], "write a day like"),
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
