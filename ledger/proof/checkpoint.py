"""A checkpoint: what the book was at an instant, as one line of text, and its signature.

The text names the last entry and its hash, which covers every entry before it; for each sealed table the number of
new seals and a digest over them; and the checkpoint before, so that none can be taken out of their row. Whoever
keeps a copy outside the book, and the public key, finds every change to what was before it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ledger.entries import ROOT_HASH
from ledger.errors import LedgerError

VERSION: Final = 1
"""Of the text's form."""


class CheckpointError(LedgerError):
    """A checkpoint cannot be made or read; says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed checkpoint: the signature is over `statement`, letter by letter."""

    statement: str
    signature: str

    @property
    def digest(self) -> str:
        """What the next checkpoint names as the one before it."""
        return hashlib.sha256(f"{self.statement}\n{self.signature}".encode()).hexdigest()

    def to_json(self) -> str:
        """The file that is kept outside the book."""
        return json.dumps({"statement": self.statement, "signature": self.signature}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Checkpoint:
        """The inverse of `to_json`.

        Raises:
            CheckpointError: It is something else.
        """
        try:
            match json.loads(text):
                case {"statement": str(statement), "signature": str(signature)}:
                    Facts.of(statement)
                    return cls(statement, signature)
        except ValueError:
            pass
        raise CheckpointError("no checkpoint: `payphone ledger checkpoints --out FILE` writes one")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a checkpoint says."""

    number: int
    """Counted from 1 without gaps."""
    at: datetime
    seq: int
    hash: str
    """Of entry `seq`, the last one."""
    previous: str
    """The digest of the checkpoint before, `ROOT_HASH` in the first."""
    key_id: str
    sealed: Mapping[str, tuple[int, str]]
    """By table: how many seals it adds, and the digest over them."""

    @property
    def text(self) -> str:
        """The text that is signed: JSON without spaces."""
        return json.dumps(
            {
                "payphone_checkpoint": VERSION,
                "number": self.number,
                "at": self.at.isoformat(),
                "seq": self.seq,
                "hash": self.hash,
                "previous": self.previous,
                "key": self.key_id,
                "sealed": {name: list(self.sealed[name]) for name in sorted(self.sealed)},
            },
            separators=(",", ":"),
            ensure_ascii=True,
        )

    @classmethod
    def of(cls, statement: str) -> Facts:
        """Read the text of a checkpoint.

        Raises:
            ValueError: It was not written by this program, or by a newer one.
        """
        read: Any = json.loads(statement)
        match read:
            case {
                "payphone_checkpoint": 1,
                "number": int(number),
                "at": str(at),
                "seq": int(seq),
                "hash": str(hash_),
                "previous": str(previous),
                "key": str(key),
                "sealed": dict(sealed),
            }:
                added = {str(name): (int(count), str(digest)) for name, (count, digest) in sealed.items()}
                return cls(number, datetime.fromisoformat(at), seq, hash_, previous, key, added)
            case _:
                raise ValueError("not the text of a checkpoint")


FIRST_PREVIOUS: Final = ROOT_HASH
"""What the first checkpoint names as the one before it."""
