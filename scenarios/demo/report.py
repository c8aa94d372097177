"""What is shown when the calls are over: each call's ladder, record, money and expectations, then the book."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from ledger.entries import Entry
from ledger.export import record_facts
from ledger.hold import Hold
from ledger.records import CallRecord
from rating.explain import Explanation
from scenarios.demo.cast import DENIED, PLAN
from scenarios.demo.ears import Listened, spoken_by
from scenarios.demo.folder import Folder
from scenarios.demo.judge import Expectation, Source
from scenarios.demo.scenes import Scene
from scenarios.demo.stage import Performance
from scenarios.demo.voices import SENTENCES
from scenarios.report.ladder import as_rich, as_text, draw, with_keys
from switch.call.timeline import CALLEE, CALLER, Item, Kind

WIDTH: Final = 100
"""Of the report in a file, and where the output is no terminal."""

HEARD: Final = frozenset({Source.PHONES, Source.RECORDING})
"""What is shown as met: the rest can be seen in the record and the book, which stand right above."""


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run, judged."""

    performance: Performance
    listened: Mapping[str, Listened]
    expectations: Sequence[Expectation]
    folder: Folder
    seconds: float
    """From the start of the command to the judgement."""

    @property
    def failures(self) -> list[Expectation]:
        """The expectations that did not hold."""
        return [each for each in self.expectations if not each.is_met]


def print_plan(console: Console) -> None:
    """Say what is going to be seen."""
    together = sum(planned is not DENIED for planned in PLAN)
    what = f"{together} calls side by side, then one more: SIP and RTP on 127.0.0.1, in real time"
    console.print(Text(what, style="bold"))
    grid = Table.grid(padding=(0, 2))
    for number, planned in enumerate(PLAN, start=1):
        grid.add_row(f"  {number}", f"{planned.person} → {planned.number}", planned.title)
    console.print(grid)
    console.print()


def ladder_items(scene: Scene, listened: Listened) -> list[Item]:
    """The timeline with the keys that were pressed, and what each party heard the other say."""
    items = [] if scene.timeline is None else scene.timeline.items
    pressed = {
        party: [key for each in scene.pressed if each.party == party for key in each.shown]
        for party in (CALLER, CALLEE)
    }
    words = {sentence.name: sentence.words for sentence in SENTENCES}
    heard = [
        Item(0, each.at, Kind.WORDS, source, target, words[each.name])
        for source, target, sounded in ((CALLER, CALLEE, listened.outside), (CALLEE, CALLER, listened.inside))
        for each in spoken_by(source, sounded)
    ]
    return sorted([*with_keys(items, pressed), *heard], key=lambda item: item.at)


def print_report(report: Report, console: Console, *, is_full: bool) -> None:
    """Print everything; `is_full` names every expectation, not only those that a look at the record cannot tell."""
    for number, scene in enumerate(report.performance.scenes, start=1):
        _print_call(report, number, scene, console, is_full=is_full)
    _print_book(report, console, is_full=is_full)


def print_verdict(report: Report, console: Console) -> None:
    """Say whether all held, or what did not, and where the files lie."""
    folder = report.folder
    console.print()
    for name, what in (
        (folder.book, "the book: payphone audit --db " + str(folder.book)),
        (folder.calls, "the call records"),
        (folder.recordings, "the recording: caller left, called party right"),
        (folder.report, "this report, with every expectation"),
        (folder.log, "the log of the switch and the phones"),
    ):
        console.print(Text.assemble((f"  {name}", "cyan"), f"  {what}"), soft_wrap=True)
    console.print()
    if report.failures:
        console.print(_expectations(report.failures))
    count = len(report.expectations)
    calls_seconds = report.performance.ended_at - report.performance.started_at
    took = f"calls took {calls_seconds:.1f} s, all {report.seconds:.1f} s"
    if report.failures:
        console.print(Text(f"{len(report.failures)} of {count} expectations failed; {took}", style="bold red"))
    else:
        console.print(Text(f"all {count} expectations held; {took}", style="bold green"))


def facts(report: Report) -> dict[str, Any]:
    """Everything as plain facts; amounts are decimal strings."""
    performance = report.performance
    return {
        "ok": not report.failures,
        "seconds": round(report.seconds, 3),
        "calls": [_call_facts(report, scene) for scene in performance.scenes],
        "accounts": [
            {"account": each.account_id, "balance": str(each.balance), "held": str(each.held)}
            for each in performance.accounts
        ],
        "entries": [_entry_facts(entry) for entry in performance.entries],
        "audit": {
            "clean": performance.audit.is_clean,
            "entries": performance.audit.entries,
            "calls": performance.audit.calls,
            "head": performance.audit.head.hash,
            "findings": [f"{each.row}: {each.problem}" for each in performance.audit.findings],
        },
        "expectations": [
            {"call": each.call, "source": each.source.value, "text": each.text, "met": each.is_met, "found": each.found}
            for each in report.expectations
        ],
        "folder": str(report.folder.path),
    }


def _call_facts(report: Report, scene: Scene) -> dict[str, Any]:
    since = report.performance.started_at
    items = ladder_items(scene, report.listened[scene.planned.key])
    return {
        "key": scene.planned.key,
        "title": scene.planned.title,
        "record": None if scene.record is None else record_facts(scene.record),
        "holds": [
            {"id": hold.hold_id, "amount": str(hold.amount), "state": hold.state.value, "captured": str(hold.captured)}
            for hold in _holds(report, scene)
        ],
        "timeline": [
            {
                "at": round(item.at - since, 3),
                "kind": item.kind.value,
                "from": item.source,
                "to": item.target,
                "text": item.text,
            }
            for item in items
        ],
        "ladder": as_text(draw(items, since=since, width=WIDTH)).split("\n"),
    }


def _entry_facts(entry: Entry) -> dict[str, Any]:
    draft = entry.draft
    return {
        "seq": entry.seq,
        "id": draft.entry_id,
        "kind": draft.kind.value,
        "call": draft.call_id,
        "postings": [{"account": each.account_id, "amount": str(each.amount)} for each in draft.postings],
    }


def _print_call(report: Report, number: int, scene: Scene, console: Console, *, is_full: bool) -> None:
    planned = scene.planned
    title = f"{number}  {planned.person} → {planned.number}: {planned.title}"
    console.print()
    console.print(Rule(Text(title, style="bold"), align="left"))
    items = ladder_items(scene, report.listened[planned.key])
    console.print(as_rich(draw(items, since=report.performance.started_at, width=console.width)), soft_wrap=True)
    if scene.record is not None:
        console.print()
        console.print(Padding(_record_table(scene.record), (0, 0, 0, 2)))
        _print_money(report, scene, scene.record, console)
    _print_expectations([each for each in report.expectations if each.call == planned.key], console, is_full=is_full)


def _record_table(record: CallRecord) -> Table:
    """The record in two columns of names and values."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column()
    grid.add_column(style="dim")
    grid.add_column()

    def after(at: datetime | None) -> str:
        return "–" if at is None else f"after {(at - record.started_at).total_seconds():.2f} s"

    pairs = [
        ("call", record.call_id),
        ("started", f"{record.started_at:%Y-%m-%d %H:%M:%S.%f} UTC"[:-7] + " UTC"),
        ("facility, station", f"{record.facility}, {record.station}"),
        ("rang", after(record.rang_at)),
        ("person", record.person or "–"),
        ("answered", after(record.answered_at)),
        ("number", record.number or "–"),
        ("accepted", after(record.accepted_at)),
        ("billing", record.billing if record.tariff is None else f"{record.billing}, tariff {record.tariff}"),
        ("ended", f"{after(record.ended_at)}, by the {record.ended_by}"),
        ("payer", record.payer or "–"),
        ("why", record.why),
        ("talk", f"{record.talk.total_seconds():g} s"),
        ("charged", str(record.charged)),
        ("recording", record.recording or "–"),
    ]
    for left in range(0, len(pairs), 2):
        row = [cell for pair in pairs[left : left + 2] for cell in pair]
        grid.add_row(*row)
    return grid


def _print_money(report: Report, scene: Scene, record: CallRecord, console: Console) -> None:
    """Holds, postings, and why it is so much."""
    holds = _holds(report, scene)
    table = _table("hold", "account", right=("amount", "captured", "state"))
    for hold in holds:
        number = hold.hold_id.removeprefix(f"{record.call_id}/")
        table.add_row(number, hold.account_id, str(hold.amount), str(hold.captured), hold.state.value)
    _print_table(table, console)
    entries = [entry for entry in report.performance.entries if entry.draft.call_id == record.call_id]
    for entry in entries:
        table = _table(f"posting of {entry.draft.entry_id}", right=("amount",))
        for posting in entry.draft.postings:
            table.add_row(posting.account_id, str(posting.amount))
        _print_table(table, console)
    console.print()
    if record.explanation is not None and entries:
        for line in Explanation.from_json(record.explanation).to_text().split("\n"):
            console.print(f"  {line}", highlight=False, soft_wrap=True)
    else:
        console.print("  nothing was charged, so nothing is posted" + ("; what was held went back" if holds else ""))


def _table(*left: str, right: Sequence[str]) -> Table:
    """A table without lines."""
    table = Table(*left, box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for name in right:
        table.add_column(name, justify="right")
    return table


def _print_table(table: Table, console: Console) -> None:
    if table.row_count:
        console.print()
        console.print(Padding(table, (0, 0, 0, 2)))


def _print_expectations(expectations: Iterable[Expectation], console: Console, *, is_full: bool) -> None:
    shown = [each for each in expectations if is_full or not each.is_met or each.source in HEARD]
    if shown:
        console.print()
        console.print(_expectations(shown))


def _expectations(expectations: Iterable[Expectation]) -> Table:
    """A mark and a sentence for each, and what was found."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=3, justify="right")
    grid.add_column(overflow="fold")
    for each in expectations:
        mark, style = ("✓", "green") if each.is_met else ("✗", "bold red")
        found = "" if each.is_met and each.text.endswith(each.found) else f"  {each.found}"
        grid.add_row(Text(mark, style), Text.assemble((each.text, style), (found, "dim")))
    return grid


def _print_book(report: Report, console: Console, *, is_full: bool) -> None:
    """The accounts, and the audit."""
    performance = report.performance
    console.print()
    console.print(Rule(Text("the book", style="bold"), align="left"))
    table = _table("account", right=("before", "after", "held"))
    before = {account.account_id: account.balance for account in performance.opening}
    for account in performance.accounts:
        opening = before.get(account.account_id)
        table.add_row(
            account.account_id, "–" if opening is None else str(opening), str(account.balance), str(account.held)
        )
    _print_table(table, console)
    console.print()
    audit = performance.audit
    counted = f"{audit.accounts} accounts, {audit.entries} entries, {audit.calls} calls, {audit.holds} holds"
    verdict = "the book balances" if audit.is_clean else f"{len(audit.findings)} findings"
    console.print(f"  audit: {counted}; {verdict}", highlight=False)
    console.print(f"  its chain of entries ends in {audit.head.hash}", highlight=False)
    _print_expectations([each for each in report.expectations if each.call == "book"], console, is_full=is_full)


def _holds(report: Report, scene: Scene) -> list[Hold]:
    call_id = None if scene.record is None else scene.record.call_id
    return [hold for hold in report.performance.holds if hold.call_id == call_id]
