"""What the directory keeps in the book: blocks, lock-outs, enrolments, allowed lists, shares of limits, flags, ..."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text

from ledger.columns import Instant, Span
from ledger.tables import metadata

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

enrolments: Final = Table(
    "enrolments",
    metadata,
    Column("person", String(64), primary_key=True),
    Column("salt", String(64), nullable=False),
    Column("secret", String(128), nullable=False),
    Column("name", String(200), nullable=True),
    Column("enrolled_at", Instant, nullable=False),
    comment="Who chose the rest of their PIN, kept as a salted digest, and the clip of the name they spoke.",
)

courtesy_calls: Final = Table(
    "courtesy_calls",
    metadata,
    Column("number", String(32), primary_key=True),
    Column("call_id", String(128), nullable=False),
    Column("used_at", Instant, nullable=False),
    comment="The one courtesy call that each number had. Rows stay for ever.",
)

contact_changes: Final = Table(
    "contact_changes",
    metadata,
    Column("change_id", Integer, primary_key=True),
    Column("person", String(64), nullable=False),
    Column("number", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "person"),
    comment="What became of a number on a person's allowed list; the last row of a number holds.",
)

facility_switches: Final = Table(
    "facility_switches",
    metadata,
    Column("facility", String(64), primary_key=True),
    Column("is_off", Boolean, nullable=False),
    Column("ends_calls", Boolean, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Instant, nullable=False),
    comment="Facilities that were turned off or on while switches run; goes before the configuration.",
)

velocity_shares: Final = Table(
    "velocity_shares",
    metadata,
    Column("call_id", String(128), primary_key=True),
    Column("number", String(32), nullable=False),
    Column("person", Text, nullable=False),
    Column("talk", Span, nullable=False),
    comment="The longest talk of each open call, where velocity limits share it out.",
)

call_flags: Final = Table(
    "call_flags",
    metadata,
    Column("flag_id", Integer, primary_key=True),
    Column("call_id", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("source", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "call_id"),
    comment="Suspicions about calls: a third party, a forwarding. They say nothing of what was done.",
)
