"""Commands about money: accounts, balance, calls, audit.

Exit codes: 0 done; 1 refused, or the audit found something; 2 used wrongly, or there is no book.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from ledger.audit import AuditReport, audit
from ledger.export import record_facts
from ledger.proof.checkpoint import Checkpoint, CheckpointError
from ledger.proof.keys import KeyFileError, read_public_key
from ledger.proof.verify import Witness
from ledger.rows import Account
from ledger.store import DEFAULT_URL, Book
from ledger.terminal import AsJson, Database, accounts_named, fail, print_facts, with_book

TABLE_WIDTH: Final = 132
"""Columns a record needs to stand whole on its line; a narrower terminal breaks the line itself."""


def register(app: typer.Typer) -> None:
    """Mount the commands."""
    app.command("accounts")(accounts)
    app.command("balance")(balance)
    app.command("calls")(calls)
    app.command("audit")(audit_book)


def accounts(db: Database = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List all accounts with balance, held and available."""
    _print_accounts(with_book(db, Book.accounts), as_json=as_json)


def balance(
    account: Annotated[str, typer.Argument(help="An account (advancepay:+12125550123) or a number.")],
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show the balance of an account, or of every account of a number."""
    candidates = accounts_named(account)

    async def find(book: Book) -> tuple[Account, ...]:
        found = [await book.balance(candidate) for candidate in candidates]
        return tuple(each for each in found if each is not None)

    found = with_book(db, find)
    if not found:
        fail(f"no account {account}: `payphone accounts` lists them; `deposit --open` opens one", 1)
    _print_accounts(found, as_json=as_json)


def calls(
    last: Annotated[int, typer.Option("--last", min=1, max=10_000, help="How many, the newest first.")] = 20,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List call records, the newest first."""
    records = with_book(db, lambda book: book.calls(last=last))
    if as_json:
        print_facts([record_facts(record) for record in records], "", as_json=True)
        return
    table = Table(box=SIMPLE_HEAD)
    for name in ("started", "call", "number", "kind", "talk", "charged", "why", "by"):
        table.add_column(name, no_wrap=True)  # Ids and numbers are there to be copied: nothing is cut.
    for record in records:
        table.add_row(
            f"{record.started_at:%m-%d %H:%M:%S}",
            record.call_id,
            record.number or "-",
            record.billing,
            f"{record.talk.total_seconds():.1f} s",
            str(record.charged),
            record.why,
            record.ended_by,
        )
    Console(width=max(Console().width, TABLE_WIDTH)).print(table)


def audit_book(
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", help="A checkpoint that was kept outside the book.")
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option("--public-key", help="The key that checks signatures (`payphone ledger keygen`).")
    ] = None,
) -> None:
    """Rebuild every balance from the postings, check what must always hold, and compare with the checkpoints."""
    witness = _witness(checkpoint, public_key)
    report = with_book(db, lambda book: audit(book, witness))
    print_report(report, as_json=as_json)
    if not report.is_clean:
        raise typer.Exit(1)


def _witness(checkpoint: Path | None, public_key: Path | None) -> Witness:
    if checkpoint is not None and public_key is None:
        fail("a checkpoint proves nothing unless its signature is checked: add --public-key FILE", 2)
    try:
        key = None if public_key is None else read_public_key(public_key)
        kept = None if checkpoint is None else Checkpoint.from_json(checkpoint.read_text(encoding="utf-8"))
    except KeyFileError as error:
        fail(str(error), 2)
    except (CheckpointError, UnicodeDecodeError):
        fail(f"{checkpoint} is no checkpoint: `payphone ledger checkpoints --out FILE` writes one", 2)
    except OSError as error:
        fail(f"{checkpoint} cannot be read: {error.strerror}", 2)
    return Witness(key, kept)


def print_report(report: AuditReport, *, as_json: bool) -> None:
    """Say what the audit looked at and found."""
    counted = {
        "accounts": report.accounts,
        "entries": report.entries,
        "calls": report.calls,
        "open_calls": report.open_calls,
        "holds": report.holds,
        "checkpoints": report.checkpoints,
    }
    owed = report.cards
    told = {
        "refunding": (
            owed.refunding,
            "refunded to cards, whose processor has not said yet that they have it",
        ),
        "refunds_refused": (owed.kept, "refunded to cards, and refused: `payphone service refused-refunds`"),
        "captures_refused": (owed.lost, "of calls lost, for the processor of their cards refused it"),
    }
    found = [
        {"rule": each.rule, "row": each.row, "problem": each.problem, "remedy": each.remedy} for each in report.findings
    ]
    if as_json:
        cards = {name: str(amount) for name, (amount, _) in told.items()}
        facts = counted | {"cards": cards, "head": report.head.hash, "clean": report.is_clean, "findings": found}
        print_facts(facts, "", as_json=True)
        return
    console = Console()
    console.print(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counted.items()))
    for amount, words in told.values():
        if amount:
            console.print(f"{amount} {words}", highlight=False)
    if report.is_clean:
        console.print(f"the book balances; chain of {report.entries} entries ends in {report.head.hash[:16]}")
        return
    table = Table("rule", "row", "problem", "remedy", box=SIMPLE_HEAD)
    for each in report.findings:
        table.add_row(each.rule, each.row, each.problem, each.remedy)
    console.print(table)


def _print_accounts(found: tuple[Account, ...], *, as_json: bool) -> None:
    if as_json:
        print_facts([_account_facts(account) for account in found], "", as_json=True)
        return
    table = Table("account", box=SIMPLE_HEAD)
    for name in ("balance", "held", "available"):
        table.add_column(name, justify="right")
    for account in found:
        available = "no limit" if account.available is None else str(account.available)
        table.add_row(account.account_id, str(account.balance), str(account.held), available)
    Console().print(table)


def _account_facts(account: Account) -> dict[str, Any]:
    return {
        "account": account.account_id,
        "balance": str(account.balance),
        "held": str(account.held),
        "available": None if account.available is None else str(account.available),
        "opened_at": account.opened_at.isoformat(),
    }
