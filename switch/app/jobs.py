"""The command `payphone jobs run`: what is due on a day, by the calendar of a named zone (`ledger.jobs`).

Exit codes: 0 done, whether anything was due or not; 1 more is due than one run does; 2 used wrongly, or no book.
"""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ledger.jobs import Month, Report, Rules, run_jobs
from ledger.products.inactivity import InactivityRule
from ledger.products.requests import Ending
from ledger.store import DEFAULT_URL, Book
from ledger.terminal import AsJson, Database, fail, print_facts, with_book
from rating.calendar import day_start, is_zone
from switch.service.outbox import Notice, Outbox, notice_facts, notice_line

DUE_AFTER: Final = timedelta(days=20)
"""From the day of an invoice to the day it is due; the texts name no number."""


NoticeFile = Annotated[
    Path | None, typer.Option("--notices", help="A file that gets each waiting notice as a line of JSON.")
]


class Trigger(Enum):
    """What the 180 days of an idle account are counted from."""

    NOTICE = "notice"
    LAST_USE = "last-use"


def register(app: typer.Typer) -> None:
    """Mount the commands."""
    jobs = typer.Typer(help="Work that is due on a day.", no_args_is_help=True)
    jobs.command("run")(run)
    jobs.command("notices")(notices)
    app.add_typer(jobs, name="jobs")


def run(  # noqa: PLR0917 - typer calls it by name.
    as_of: Annotated[datetime, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day, at its first instant.")],
    zone: Annotated[str, typer.Option(help="Whose days and months: a name such as America/New_York.")] = "UTC",
    idle_from: Annotated[Trigger, typer.Option(help="What the 180 days of an idle account run from.")] = Trigger.NOTICE,
    unclaimed: Annotated[str, typer.Option(help="The state that gets closed accounts (ct); refunded without.")] = "",
    export: NoticeFile = None,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,  # noqa: FBT002 - as above.
) -> None:
    """Post pending charges, invoice the last month, judge due invoices, notify and close idle accounts.

    Running it twice for one day changes nothing the second time.
    """
    if not is_zone(zone):
        fail(f"{zone!r} is not the name of a time zone; write for example America/New_York", 2)
    day, rules = as_of.date(), rules_of(idle_from, unclaimed)
    if not MINYEAR < day.year < MAXYEAR:  # Its month before, and the due date after it, are days as well.
        fail(f"--as-of {day}: no book is that old or that new; write a day like 2026-12-01", 2)

    async def work(book: Book) -> tuple[Report, tuple[Notice, ...]]:
        report = await run_day(book, day, zone, rules)
        made = await Outbox(book).fill(rules.inactivity)
        if export is not None:
            await _hand_over(book, export, day_start(day, zone))
        return report, made

    report, made = with_book(db, work)
    facts = report_facts(report) | {"notices": list(map(_notice_facts, made))}
    print_facts(facts, "\n".join([*report_words(report), *map(_notice_words, made)]), as_json=as_json)
    if not report.is_complete:
        raise typer.Exit(1)


def notices(
    export: NoticeFile = None,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,  # noqa: FBT002 - typer calls it by name.
) -> None:
    """List what customers are still to be told; with a file, hand it over there."""
    now = datetime.now(UTC)

    async def look(book: Book) -> tuple[Notice, ...]:
        return await (Outbox(book).waiting() if export is None else _hand_over(book, export, now))

    found = with_book(db, look)
    words = "\n".join(map(_notice_words, found)) or "no notice waits"
    print_facts(list(map(_notice_facts, found)), words, as_json=as_json)


async def _hand_over(book: Book, file: Path, at: datetime) -> tuple[Notice, ...]:
    """Append every waiting notice to a file, a line of JSON each."""
    try:
        with file.open("a", encoding="utf-8") as sink:
            taken = await Outbox(book).hand_over(
                lambda each: print(notice_line(each), file=sink, flush=True), to="file", at=at
            )
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}", 2)
    return taken


def _notice_facts(notice: Notice) -> dict[str, Any]:
    return notice_facts(notice) | {"at": notice.at.isoformat()}


def _notice_words(notice: Notice) -> str:
    return f"notice to {notice.customer_id or 'nobody known'}: {notice.words}"


def rules_of(idle_from: Trigger, unclaimed: str) -> Rules:
    """The rules that the options say."""
    return Rules(
        inactivity=InactivityRule(is_from_notice=idle_from is Trigger.NOTICE),
        ending=Ending.UNCLAIMED if unclaimed else Ending.REFUND,
        to=unclaimed.lower() or Rules().to,
    )


async def run_day(book: Book, day: date, zone: str, rules: Rules) -> Report:
    """Do what is due at the first instant of a day in a named zone.

    Raises:
        LedgerUnavailableError: The database did not answer; what was done until then is stored.
    """
    return await run_jobs(book, day_start(day, zone), last_month(day, zone), rules)


def last_month(day: date, zone: str) -> Month:
    """The month that ended last before or on a day, in a named zone; an invoice is due after `DUE_AFTER`."""
    first = day.replace(day=1)
    label = f"{first - timedelta(days=1):%Y-%m}"
    return Month(label, day_start(first, zone), day_start(day + DUE_AFTER, zone))


def report_facts(report: Report) -> dict[str, Any]:
    """A report as facts for other programs."""
    return {
        "done": [
            {
                "job": each.job.name.lower(),
                "subject": each.subject,
                "amount": None if each.amount is None else str(each.amount),
            }
            for each in report.done
        ],
        "left": [{"subject": each.subject, "why": each.refused.why.name.lower()} for each in report.left],
        "complete": report.is_complete,
    }


def report_words(report: Report) -> list[str]:
    """A report in words, a line for each step."""
    lines = [
        f"{each.job.value} {each.subject}" + ("" if each.amount is None else f": {each.amount}") for each in report.done
    ]
    lines += [f"left {each.subject}: {each.refused.why.value}" for each in report.left]
    if not report.is_complete:
        lines.append("more is due: run it again")
    return lines or ["nothing is due"]
