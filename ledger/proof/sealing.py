"""Make a checkpoint: seal what has become final, sign, store.

The book goes on meanwhile. Rows are read in one snapshot, in which they are final; their seals are written a few
thousand at a time, so that no call waits for them; the signed row comes last. Seals of a run that broke off
have no checkpoint, and the next run puts them away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import starmap
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from ledger.head import read_head
from ledger.proof.checkpoint import FIRST_PREVIOUS, Checkpoint, CheckpointError, Facts
from ledger.proof.keys import key_id, sign
from ledger.proof.seal import SEALED, Seal, digest_of, new_seals
from ledger.proof.tables import checkpoints, seals
from ledger.question import Question
from ledger.store import Book

WRITE_ROWS: Final = 2_000
"""Seals stored in one transaction: some 20 ms, as long as a hold may wait."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """One snapshot: where the book stands, and the seals it wants."""

    seq: int
    hash: str
    before: Checkpoint | None
    number: int
    added: dict[str, list[Seal]]


async def make_checkpoint(book: Book, key: Ed25519PrivateKey, at: datetime) -> Checkpoint:
    """Seal, sign and store the book as it is now.

    Raises:
        CheckpointError: Another checkpoint was being made at the same time.
        LedgerUnavailableError: The database did not answer.
    """
    await book.write(_forget_unfinished)
    seen = await book.read(_look)
    facts = Facts(
        number=seen.number,
        at=at,
        seq=seen.seq,
        hash=seen.hash,
        previous=FIRST_PREVIOUS if seen.before is None else seen.before.digest,
        key_id=key_id(key.public_key()),
        sealed={name: (len(made), digest_of(made)) for name, made in seen.added.items()},
    )
    made = Checkpoint(facts.text, sign(key, facts.text))
    try:
        for each in seen.added.values():
            for start in range(0, len(each), WRITE_ROWS):
                await book.write(_Storing(facts.number, each[start : start + WRITE_ROWS]))
        await book.write(_Closing(facts, made))
    except IntegrityError as error:
        raise CheckpointError("another checkpoint was made at the same time: make this one again") from error
    return made


def read_checkpoints(connection: Connection) -> tuple[Checkpoint, ...]:
    """All checkpoints of the book, the first one first."""
    return tuple(starmap(Checkpoint, _CHECKPOINTS.rows(connection)))


_CHECKPOINTS: Final = Question(select(checkpoints.c.statement, checkpoints.c.signature).order_by(checkpoints.c.number))


def _forget_unfinished(connection: Connection) -> None:
    connection.execute(delete(seals).where(seals.c.checkpoint > _last_number(connection)))


def _last_number(connection: Connection) -> int:
    return connection.execute(select(func.max(checkpoints.c.number))).scalar_one() or 0


def _look(connection: Connection) -> _Seen:
    head = read_head(connection)
    stored = read_checkpoints(connection)
    return _Seen(
        seq=head.seq,
        hash=head.hash,
        before=stored[-1] if stored else None,
        number=_last_number(connection) + 1,
        added={sealed.name: list(new_seals(connection, sealed)) for sealed in SEALED},
    )


@dataclass(frozen=True, slots=True)
class _Storing:
    """Write some seals."""

    number: int
    made: Sequence[Seal]

    def __call__(self, connection: Connection) -> None:
        rows = [
            {
                "table_name": seal.table_name,
                "row_key": seal.row_key,
                "checkpoint": self.number,
                "about": seal.about,
                "digest": seal.digest,
            }
            for seal in self.made
        ]
        connection.execute(insert(seals), rows)


@dataclass(frozen=True, slots=True)
class _Closing:
    """Write the checkpoint, if all its seals are there and no other took its number."""

    facts: Facts
    made: Checkpoint

    def __call__(self, connection: Connection) -> None:
        query = select(func.count()).select_from(seals).where(seals.c.checkpoint == self.facts.number)
        if connection.execute(query).scalar_one() != sum(count for count, _ in self.facts.sealed.values()):
            raise CheckpointError("another checkpoint was made at the same time: make this one again")
        row = {
            "number": self.facts.number,
            "at": self.facts.at,
            "seq": self.facts.seq,
            "hash": self.facts.hash,
            "statement": self.made.statement,
            "signature": self.made.signature,
        }
        connection.execute(insert(checkpoints), [row])
