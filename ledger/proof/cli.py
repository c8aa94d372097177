"""Commands of `payphone ledger` about checkpoints: `keygen`, `checkpoint`, `checkpoints`.

Exit codes: 0 done; 1 there is no checkpoint; 2 used wrongly, or there is no book.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from ledger.proof.checkpoint import Checkpoint, Facts
from ledger.proof.keys import KeyFileError, key_id, make_key, read_private_key, read_public_key
from ledger.proof.sealing import make_checkpoint, read_checkpoints
from ledger.store import DEFAULT_URL
from ledger.terminal import AsJson, Database, fail, print_facts, with_book

KeyFile = Annotated[
    Path, typer.Option("--key", envvar="PAYPHONE_CHECKPOINT_KEY", help="The private key, made by `ledger keygen`.")
]
OutFile = Annotated[Path | None, typer.Option("--out", help="Write it to this file, to be kept outside the book.")]


def register(group: typer.Typer) -> None:
    """Mount the commands."""
    group.command("keygen")(keygen)
    group.command("checkpoint")(checkpoint)
    group.command("checkpoints")(list_checkpoints)


def keygen(
    out: Annotated[Path, typer.Option("--out", help="The private key's file; the public key becomes FILE.pub.")],
) -> None:
    """Make a key that signs checkpoints: keep FILE to yourself, and away from the book; give FILE.pub to auditors."""
    try:
        public = make_key(out)
        typer.echo(f"{out}: signs; {public}: checks; key {key_id(read_public_key(public))}")
    except KeyFileError as error:
        fail(str(error), 2)


def checkpoint(key: KeyFile, out: OutFile = None, db: Database = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Seal and sign the book as it is now."""
    try:
        private = read_private_key(key)
    except KeyFileError as error:
        fail(str(error), 2)
    now = datetime.now(UTC)
    made = with_book(db, lambda book: make_checkpoint(book, private, now))
    _write(made, out)
    facts = Facts.of(made.statement)
    words = f"checkpoint {facts.number}: entry {facts.seq}, hash {facts.hash[:16]}, signed by key {facts.key_id}"
    print_facts(_facts(facts, made), words, as_json=as_json)


def list_checkpoints(
    number: Annotated[int | None, typer.Option("--number", min=1, help="That one; without it, all.")] = None,
    out: OutFile = None,
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List checkpoints, the first one first; with --out, write one (or the last) to a file."""
    stored = with_book(db, lambda book: book.read(read_checkpoints))
    told = [(Facts.of(each.statement), each) for each in stored]
    chosen = [pair for pair in told if number is None or pair[0].number == number]
    if not chosen and (number is not None or out is not None):
        fail("there is no such checkpoint: `payphone ledger checkpoint --key FILE` makes one", 1)
    if out is not None:
        _write(chosen[-1][1], out)
    if as_json:
        print_facts([_facts(facts, each) for facts, each in chosen], "", as_json=True)
        return
    table = Table("checkpoint", "at", "entry", "hash", "key", box=SIMPLE_HEAD)
    for facts, _ in chosen:
        table.add_row(str(facts.number), f"{facts.at:%Y-%m-%d %H:%M:%S}", str(facts.seq), facts.hash[:16], facts.key_id)
    Console().print(table)


def _write(made: Checkpoint, out: Path | None) -> None:
    if out is None:
        return
    try:
        out.write_text(made.to_json(), encoding="utf-8")
    except OSError as error:
        fail(f"{out} cannot be written: {error.strerror}; name another file with --out", 2)


def _facts(facts: Facts, made: Checkpoint) -> dict[str, object]:
    return {
        "number": facts.number,
        "at": facts.at.isoformat(),
        "seq": facts.seq,
        "hash": facts.hash,
        "key": facts.key_id,
        "statement": made.statement,
        "signature": made.signature,
    }
