"""What customer service keeps in the book's database: customers, what agents did, notices, words of messages."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from ledger.columns import Instant
from ledger.tables import metadata

customers: Final = Table(
    "customers",
    metadata,
    Column("customer_id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("email", String(254), nullable=True),
    Column("address", String(400), nullable=True),
    Column("language", String(8), nullable=False),
    Column("created_at", Instant, nullable=False),
    comment="Holders of accounts; nothing more of them than is needed.",
)

customer_facilities: Final = Table(
    "customer_facilities",
    metadata,
    Column("customer_id", String(64), ForeignKey("customers.customer_id"), primary_key=True),
    Column("facility", String(64), primary_key=True),
    Column("added_at", Instant, nullable=False),
)

customer_numbers: Final = Table(
    "customer_numbers",
    metadata,
    Column("number", String(32), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.customer_id"), nullable=False),
    Column("account_id", String(128), ForeignKey("accounts.account_id"), nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("active_from", Instant, nullable=False),
    Index(None, "customer_id"),
    Index(None, "account_id"),
    comment="Whose a called number is, and the account that pays for it.",
)

service_acts: Final = Table(
    "service_acts",
    metadata,
    Column("act_id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("agent", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("customer_id", String(64), nullable=True),
    Column("number", String(32), nullable=True),
    Column("subject", String(200), nullable=False),
    Column("words", Text, nullable=False),
    Index(None, "customer_id"),
    Index(None, "number"),
    comment="What agents did and noted; rows are only ever added.",
)

notices: Final = Table(
    "notices",
    metadata,
    Column("notice_id", String(200), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("account_id", String(128), nullable=False),
    Column("customer_id", String(64), nullable=True),
    Column("words", Text, nullable=False),
    Column("sent_at", Instant, nullable=True),
    Column("sent_by", String(64), nullable=True),
    Index(None, "sent_at"),
    comment="What customers are to be told, and when it was handed over.",
)

message_words: Final = Table(
    "message_words",
    metadata,
    Column("message_id", String(128), primary_key=True),
    Column("words", Text, nullable=False),
    comment="The words of messages, apart from the book's rows: they may be deleted.",
)
