"""The tables of checkpoints, on the ledger's one `metadata`."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from ledger.columns import Instant
from ledger.tables import metadata

checkpoints: Final = Table(
    "checkpoints",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("statement", Text, nullable=False),
    Column("signature", String(128), nullable=False),
    comment="What the book was at an instant: the text that was signed, and its signature.",
)

seals: Final = Table(
    "seals",
    metadata,
    Column("table_name", String(32), primary_key=True),
    Column("row_key", String(200), primary_key=True),
    Column("checkpoint", Integer, nullable=False),
    Column("about", String(200), nullable=False),
    Column("digest", String(64), nullable=False),
    Index(None, "checkpoint"),
    comment="Digests of rows that are final, so that one that was changed can be named.",
)
