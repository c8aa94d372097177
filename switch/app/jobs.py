"""The command `payphone jobs run`: what is due on a day, by the calendar of a named zone (`ledger.jobs`).

Exit codes: 0 done, whether anything was due or not; 1 more is due than one run does; 2 used wrongly, or no book.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import Enum
from typing import Annotated, Any, Final

import typer

from ledger.jobs import Month, Report, Rules, run_jobs
from ledger.products.inactivity import InactivityRule
from ledger.products.requests import Ending
from ledger.store import DEFAULT_URL, Book
from ledger.terminal import AsJson, Database, fail, print_facts, with_book
from rating.calendar import day_start, is_zone

DUE_AFTER: Final = timedelta(days=20)
"""From the day of an invoice to the day it is due; the texts name no number."""


class Trigger(Enum):
    """What the 180 days of an idle account are counted from."""

    NOTICE = "notice"
    LAST_USE = "last-use"


def register(app: typer.Typer) -> None:
    """Mount the commands."""
    jobs = typer.Typer(help="Work that is due on a day.", no_args_is_help=True)
    jobs.command("run")(run)
    app.add_typer(jobs, name="jobs")


def run(  # noqa: PLR0917 - typer calls it by name.
    as_of: Annotated[datetime, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day, at its first instant.")],
    zone: Annotated[str, typer.Option(help="Whose days and months: a name such as America/New_York.")] = "UTC",
    idle_from: Annotated[Trigger, typer.Option(help="What the 180 days of an idle account run from.")] = Trigger.NOTICE,
    unclaimed: Annotated[str, typer.Option(help="The state that gets closed accounts (ct); refunded without.")] = "",
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,  # noqa: FBT002 - as above.
) -> None:
    """Post pending charges, invoice the last month, judge due invoices, notify and close idle accounts.

    Running it twice for one day changes nothing the second time.
    """
    if not is_zone(zone):
        fail(f"{zone!r} is not the name of a time zone; write for example America/New_York", 2)
    day, rules = as_of.date(), rules_of(idle_from, unclaimed)
    report = with_book(db, lambda book: run_day(book, day, zone, rules))
    print_facts(report_facts(report), "\n".join(report_words(report)), as_json=as_json)
    if not report.is_complete:
        raise typer.Exit(1)


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
