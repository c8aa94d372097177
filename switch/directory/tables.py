"""What the directory keeps in the book's database: blocks, and stations locked after bad PINs."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Integer, String, Table, Text

from ledger.tables import Instant, metadata

blocks: Final = Table(
    "blocks",
    metadata,
    Column("block_id", Integer, primary_key=True),
    Column("number", String(32), nullable=False),
    Column("facility", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("why", Text, nullable=False),
    Column("blocked_at", Instant, nullable=False),
    Column("removed_at", Instant, nullable=True),
    Column("removed_why", Text, nullable=True),
    Index(None, "number"),
    comment="Rows stay: a removed block keeps when and why. One facility, or `*` for all.",
)

lockouts: Final = Table(
    "lockouts",
    metadata,
    Column("station", String(64), primary_key=True),
    Column("until", Instant, nullable=False),
)
