"""Find what was changed since a checkpoint, and name it.

Three things vouch for each other. The signature vouches for the text of a checkpoint; the text, for the hash of its
last entry and for the seals; a seal, for its row. A row that does not fit its seal was changed, a seal without
its row names what was removed, an entry without a seal before a checkpoint's last one was inserted. A chain that was
written anew, with hashes that fit, does not fit the text; a text that fits it was not signed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, String, cast, func, select

from ledger.finding import RESTORE, Finding
from ledger.proof.checkpoint import FIRST_PREVIOUS, Checkpoint, Facts
from ledger.proof.keys import is_signed, key_id
from ledger.proof.seal import SEALED, Seal, Sealed, digest_of, rows_of, sealed_rows
from ledger.proof.sealing import read_checkpoints
from ledger.proof.tables import checkpoints, seals
from ledger.question import Question
from ledger.tables import calls, entries, holds

_FORGED: Final = "trust nothing before it that no copy outside the book vouches for"
_MADE: Final = Question(select(seals.c.table_name, func.count()).group_by(seals.c.table_name))
_COLUMNS: Final = Question(
    select(checkpoints.c.number, checkpoints.c.at, checkpoints.c.seq, checkpoints.c.hash).order_by(checkpoints.c.number)
)
_KEY: Final = "give the public key of who signed it, or trust nothing before it"


@dataclass(frozen=True, slots=True)
class Witness:
    """What an audit may compare the book with, from outside the book."""

    public_key: Ed25519PublicKey | None = None
    """Without it no signature is looked at."""
    checkpoint: Checkpoint | None = None
    """A copy that was kept; None takes those in the book alone."""


def check_checkpoints(connection: Connection, witness: Witness) -> Iterator[Finding]:
    """Everything that does not fit the checkpoints of the book, or the one that was kept outside."""
    stored: list[tuple[Checkpoint, Facts]] = []
    for checkpoint in read_checkpoints(connection):
        try:
            stored.append((checkpoint, Facts.of(checkpoint.statement)))
        except ValueError:
            yield Finding("checkpoint", f"checkpoint {len(stored) + 1}", "its text cannot be read", _FORGED)
            break
    yield from _check_row(connection, stored)
    yield from _check_signatures(stored, witness.public_key)
    if witness.checkpoint is not None:
        yield from _check_kept(stored, witness)
        if witness.checkpoint not in [checkpoint for checkpoint, _ in stored]:
            facts = Facts.of(witness.checkpoint.statement)
            stored = [(each, told) for each, told in stored if told.number != facts.number]
            stored.append((witness.checkpoint, facts))
    for _, facts in stored:
        yield from _check_last_entry(connection, facts)
    yield from _check_seals(connection, [facts for _, facts in stored])
    made = dict(_MADE.rows(connection))
    for sealed in SEALED:
        if count := made.get(sealed.name):
            yield from _check_rows(connection, sealed, count)
    if stored:
        yield from _check_inserted(connection, max(facts.seq for _, facts in stored))
        yield from _check_inserted_holds(connection)


def _check_row(connection: Connection, stored: list[tuple[Checkpoint, Facts]]) -> Iterator[Finding]:
    """Checkpoints are numbered from 1, each names the one before, and their columns say what their texts say."""
    before, last = FIRST_PREVIOUS, 0
    for (checkpoint, facts), (number, at, seq, hash_) in zip(stored, list(_COLUMNS.rows(connection)), strict=False):
        name = f"checkpoint {number}"
        if (facts.number, facts.at, facts.seq, facts.hash) != (number, at, seq, hash_):
            yield Finding("checkpoint", name, "its row says other than its text", RESTORE)
        if number != last + 1:
            yield Finding("checkpoint", f"checkpoint {last + 1}", f"it is missing before {number}", _FORGED)
        elif facts.previous != before:
            yield Finding("checkpoint", name, "it does not follow the checkpoint before it", _FORGED)
        before, last = checkpoint.digest, number


def _check_signatures(stored: list[tuple[Checkpoint, Facts]], public_key: Ed25519PublicKey | None) -> Iterator[Finding]:
    if public_key is None:
        return
    for checkpoint, facts in stored:
        if not is_signed(public_key, checkpoint.statement, checkpoint.signature):
            yield Finding("signature", f"checkpoint {facts.number}", _why_unsigned(facts, public_key), _KEY)


def _why_unsigned(facts: Facts, public_key: Ed25519PublicKey) -> str:
    if facts.key_id != key_id(public_key):
        return f"signed by key {facts.key_id}, not by {key_id(public_key)}"
    return "its text is not what was signed"


def _check_kept(stored: list[tuple[Checkpoint, Facts]], witness: Witness) -> Iterator[Finding]:
    """The copy that was kept outside is signed, and the book has the same."""
    kept = witness.checkpoint
    assert kept is not None
    facts = Facts.of(kept.statement)
    name = f"checkpoint {facts.number}"
    if witness.public_key is not None and not is_signed(witness.public_key, kept.statement, kept.signature):
        yield Finding("signature", f"the kept {name}", _why_unsigned(facts, witness.public_key), _KEY)
    same_number = [checkpoint for checkpoint, told in stored if told.number == facts.number]
    if not same_number:
        yield Finding("checkpoint", name, "it was removed from the book", RESTORE)
    elif same_number != [kept]:
        yield Finding("checkpoint", name, "the book has another in its place", RESTORE)


def _check_last_entry(connection: Connection, facts: Facts) -> Iterator[Finding]:
    """The entry a checkpoint ends with is there, with its hash."""
    if facts.seq == 0:
        return
    query = select(entries.c.entry_id, entries.c.hash).where(entries.c.seq == facts.seq)
    row = connection.execute(query).one_or_none()
    if row is None:
        about = _about_entry(connection, facts.seq)
        problem = f"checkpoint {facts.number} ends with it, and it was removed"
        yield Finding("checkpoint", f"entry {facts.seq}{about}", problem, RESTORE)
    elif row.hash != facts.hash:
        problem = f"its hash is not that of checkpoint {facts.number}: entries up to it were written anew"
        yield Finding("checkpoint", f"entry {facts.seq} ({row.entry_id})", problem, RESTORE)


def _about_entry(connection: Connection, seq: int) -> str:
    query = select(seals.c.about).where(seals.c.table_name == entries.name, seals.c.row_key == str(seq))
    about = connection.execute(query).scalar_one_or_none()
    return "" if about is None else f" ({about})"


def _check_seals(connection: Connection, told: list[Facts]) -> Iterator[Finding]:
    """The seals of each checkpoint are those it was signed with."""
    for facts in told:
        for name, (count, digest) in facts.sealed.items():
            query = select(seals).where(seals.c.table_name == name, seals.c.checkpoint == facts.number)
            made = [Seal(row.table_name, row.row_key, row.about, row.digest) for row in connection.execute(query)]
            if len(made) != count:
                problem = f"{len(made)} seals, it was signed with {count}"
            elif digest_of(made) != digest:
                problem = "they are not those it was signed with"
            else:
                continue
            yield Finding("seal", f"seals of {name}, checkpoint {facts.number}", problem, RESTORE)


def _check_rows(connection: Connection, sealed: Sealed, made: int) -> Iterator[Finding]:
    """Every sealed row fits its seal, and every one of the seals made has its row."""
    found = 0
    for row in sealed_rows(connection, sealed):
        found += 1
        if not row.is_intact:
            name = _named(sealed.word, row.row_key, row.about)
            yield Finding("sealed", name, "it is not what it was when it was sealed", RESTORE)
    if made != found:
        # Read only when something is gone: keys of a table may be millions.
        present = set(connection.execute(select(sealed.key)).scalars())
        for seal in rows_of(connection, select(seals).where(seals.c.table_name == sealed.name)):
            if seal.row_key not in present:
                gone = _named(sealed.word, seal.row_key, seal.about)
                yield Finding("sealed", gone, "it was removed", RESTORE)


def _named(word: str, key: str, about: str) -> str:
    return f"{word} {key} ({about})" if about else f"{word} {key}"


def _check_inserted(connection: Connection, last: int) -> Iterator[Finding]:
    """No entry up to the last checkpoint's last one came later."""
    its_seal = (seals.c.table_name == entries.name) & (seals.c.row_key == cast(entries.c.seq, String))
    query = (
        select(entries.c.seq, entries.c.entry_id)
        .outerjoin(seals, its_seal)
        .where(entries.c.seq <= last, seals.c.digest.is_(None))
        .order_by(entries.c.seq)
    )
    for row in connection.execute(query):
        yield Finding("sealed", f"entry {row.seq} ({row.entry_id})", "it was inserted after a checkpoint", RESTORE)


def _check_inserted_holds(connection: Connection) -> Iterator[Finding]:
    """No hold of a call whose record is sealed came later: both are final at one instant."""
    of_hold, of_call = seals.alias(), seals.alias()
    query = (
        select(holds.c.hold_id, holds.c.account_id)
        .join(of_call, (of_call.c.table_name == calls.name) & (of_call.c.row_key == holds.c.call_id))
        .outerjoin(of_hold, (of_hold.c.table_name == holds.name) & (of_hold.c.row_key == holds.c.hold_id))
        .where(of_hold.c.digest.is_(None))
    )
    for hold_id, account_id in connection.execute(query):
        yield Finding("sealed", f"hold {hold_id} ({account_id})", "it was inserted after a checkpoint", RESTORE)
