"""The tables of the book, on the one `metadata`. Other packages declare theirs on it too.

Columns are of the types of `ledger.columns`. Every change of a table needs a migration in `ledger/migrations/versions`.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

from ledger.columns import Amount, Instant, Span, Word
from ledger.products.card_rows import CardRefundState, CardState, CardUse
from ledger.products.rows import Direction, InvoiceState, MessageState

ONLY_ON: Final = "only_on"
"""In the `info` of an index or a foreign key that one dialect alone has: which one."""

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

head: Final = Table(
    "head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("changes", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
    comment="The last entry of the chain, and the number of committed changes.",
)

accounts: Final = Table(
    "accounts",
    metadata,
    Column("account_id", String(128), primary_key=True),
    Column("floor", Amount, nullable=True),
    Column("balance", Amount, nullable=False),
    Column("held", Amount, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("change", BigInteger, nullable=False),
    CheckConstraint("held >= 0", name="held"),
    CheckConstraint("floor IS NULL OR balance - held >= floor", name="floor"),
    Index(None, "change"),
    comment="Balances as the postings leave them; `change` is the number of the last change to the row.",
)

processes: Final = Table(
    "processes",
    metadata,
    Column("process_id", String(64), primary_key=True),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("pid_started", String(64), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("beat_at", Instant, nullable=False),
)

open_calls: Final = Table(
    "open_calls",
    metadata,
    Column("call_id", String(128), primary_key=True),
    Column("process_id", String(64), ForeignKey("processes.process_id"), nullable=False),
    Column("facility", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("person", Text, nullable=True),
    Column("number", String(32), nullable=True),
    Column("billing", String(16), nullable=False),
    Column("payer", String(128), nullable=True),
    Column("started_at", Instant, nullable=False),
    Column("rang_at", Instant, nullable=True),
    Column("answered_at", Instant, nullable=True),
    Column("accepted_at", Instant, nullable=True),
    Column("granted", Span, nullable=False),
    Column("tariff", Text, nullable=True),
    Column("rate", Text, nullable=True),
    Column("income", String(128), nullable=True),
    Column("recording", Text, nullable=True),
    Column("legs", Text, nullable=False),
    Index(None, "process_id"),
)

holds: Final = Table(
    "holds",
    metadata,
    Column("hold_id", String(200), primary_key=True),
    Column("account_id", String(128), nullable=False),
    Column("call_id", String(128), nullable=False),
    Column("amount", Amount, nullable=False),
    Column("placed_at", Instant, nullable=False),
    Column("state", String(16), nullable=False),
    Column("captured", Amount, nullable=False),
    Column("settled_at", Instant, nullable=True),
    Column("available", Amount, nullable=True),
    CheckConstraint("captured >= 0 AND captured <= amount", name="captured"),
    # PostgreSQL takes as long for it as for all the rest of a hold, of an account that is read, and locked, for it.
    ForeignKeyConstraint(["account_id"], ["accounts.account_id"], info={ONLY_ON: "sqlite"}),
    # SQLite finds the holds of a call by their ids, which begin with it: texts sort by their bytes there.
    Index(None, "call_id", info={ONLY_ON: "postgresql"}),
    comment="A row with `available` is what is remembered of its request; of others `requests` has it.",
)

entries: Final = Table(
    "entries",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("entry_id", String(200), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("call_id", String(128), nullable=True),
    Column("refunds", String(200), ForeignKey("entries.entry_id"), nullable=True),
    Column("memo", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "call_id"),
    Index(None, "refunds"),
)

postings: Final = Table(
    "postings",
    metadata,
    Column("seq", BigInteger, ForeignKey("entries.seq"), primary_key=True, autoincrement=False),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("account_id", String(128), ForeignKey("accounts.account_id"), nullable=False),
    Column("amount", Amount, nullable=False),
    Index(None, "account_id"),
)

requests: Final = Table(
    "requests",
    metadata,
    Column("request_id", String(200), primary_key=True),
    Column("digest", String(32), nullable=False),
    Column("outcome", Text, nullable=False),
    sqlite_with_rowid=False,
)

calls: Final = Table(
    "calls",
    metadata,
    Column("call_id", String(128), primary_key=True),
    Column("facility", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("person", Text, nullable=True),
    Column("number", String(32), nullable=True),
    Column("billing", String(16), nullable=False),
    Column("payer", String(128), nullable=True),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=False),
    Column("why", String(32), nullable=False),
    Column("ended_by", String(16), nullable=False),
    Column("rang_at", Instant, nullable=True),
    Column("answered_at", Instant, nullable=True),
    Column("accepted_at", Instant, nullable=True),
    Column("talk", Span, nullable=False),
    Column("charged", Amount, nullable=False),
    Column("tariff", Text, nullable=True),
    Column("explanation", Text, nullable=True),
    Column("recording", Text, nullable=True),
    Index(None, "started_at"),
    Index(None, "number", "started_at"),
    Index(None, "person", "started_at"),
)

account_numbers: Final = Table(
    "account_numbers",
    metadata,
    Column("number", String(32), primary_key=True),
    Column("account_id", String(128), ForeignKey("accounts.account_id"), nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("active_from", Instant, nullable=False),
    Index(None, "account_id"),
    comment="Called numbers of accounts that have several: no number is on two.",
)

allowances: Final = Table(
    "allowances",
    metadata,
    Column("row_id", String(200), primary_key=True),
    Column("key", String(160), nullable=False),
    Column("cycle", String(32), nullable=False),
    Column("used_seconds", BigInteger, nullable=False),
    Column("held_seconds", BigInteger, nullable=False),
    CheckConstraint("used_seconds >= 0 AND held_seconds >= 0", name="seconds"),
)

allowance_takes: Final = Table(
    "allowance_takes",
    metadata,
    Column("row_id", String(320), primary_key=True),
    Column("call_id", String(128), nullable=False),
    Column("key", String(160), nullable=False),
    Column("cycle", String(32), nullable=False),
    Column("seconds", BigInteger, nullable=False),
    CheckConstraint("seconds > 0", name="seconds"),
    Index(None, "call_id"),
    comment="Free seconds held for calls that go on.",
)

pending_charges: Final = Table(
    "pending_charges",
    metadata,
    Column("call_id", String(128), primary_key=True),
    Column("payer", String(128), ForeignKey("accounts.account_id"), nullable=False),
    Column("amount", Amount, nullable=False),
    Column("body", Text, nullable=False),
    Column("posts_at", Instant, nullable=False),
    Index(None, "posts_at"),
    comment="Charges of calls that ended, to be posted later.",
)

card_payments: Final = Table(
    "card_payments",
    metadata,
    Column("payment_id", String(160), primary_key=True),
    Column("call_id", String(128), nullable=False),
    Column("use", Word(CardUse), nullable=False),
    Column("amount", Amount, nullable=False),
    Column("channel", String(32), nullable=False),
    Column("state", Word(CardState), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("due", Amount, nullable=False),
    Index(None, "call_id"),
    Index(None, "state"),
    comment="Cards asked for in calls: what is owed to the payment processor. Nothing of the card itself.",
)

card_refunds: Final = Table(
    "card_refunds",
    metadata,
    Column("refund_id", String(180), primary_key=True),
    Column("call_id", String(128), nullable=False),
    Column("amount", Amount, nullable=False),
    Column("channel", String(32), nullable=False),
    Column("state", Word(CardRefundState), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Index(None, "call_id"),
    Index(None, "state"),
    comment="What was refunded of calls that cards paid: given back to the card, or still owed to it.",
)

credit_lines: Final = Table(
    "credit_lines",
    metadata,
    Column("account_id", String(128), ForeignKey("accounts.account_id"), primary_key=True),
    Column("credit_limit", Amount, nullable=False),
    Column("agreed_at", Instant, nullable=False),
    Column("blocked_at", Instant, nullable=True),
)

invoices: Final = Table(
    "invoices",
    metadata,
    Column("invoice_id", String(200), primary_key=True),
    Column("account_id", String(128), ForeignKey("accounts.account_id"), nullable=False),
    Column("period", String(32), nullable=False),
    Column("amount", Amount, nullable=False),
    Column("until", Instant, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("state", Word(InvoiceState), nullable=False),
    Index(None, "account_id"),
    Index(None, "state", "due_at"),
)

dormancies: Final = Table(
    "dormancies",
    metadata,
    Column("account_id", String(128), ForeignKey("accounts.account_id"), primary_key=True),
    Column("interest_at", Instant, nullable=True),
    Column("notified_at", Instant, nullable=True),
    Column("closed_at", Instant, nullable=True),
)

trust_identities: Final = Table(
    "trust_identities",
    metadata,
    Column("account_id", String(128), ForeignKey("accounts.account_id"), primary_key=True),
    Column("inmate_id", String(64), nullable=False),
    Column("legal_name", Text, nullable=False),
)

credit_lots: Final = Table(
    "credit_lots",
    metadata,
    Column("lot_id", String(200), primary_key=True),
    Column("account_id", String(128), ForeignKey("accounts.account_id"), nullable=False),
    Column("bought_at", Instant, nullable=False),
    Column("credits", BigInteger, nullable=False),
    Column("credits_left", BigInteger, nullable=False),
    Column("amount", Amount, nullable=False),
    Column("amount_left", Amount, nullable=False),
    CheckConstraint("credits_left >= 0 AND amount_left >= 0", name="left"),
    Index(None, "account_id"),
    comment="Bundles of message credits, and what of them is not drawn.",
)

messages: Final = Table(
    "messages",
    metadata,
    Column("message_id", String(128), primary_key=True),
    Column("account_id", String(128), ForeignKey("accounts.account_id"), nullable=False),
    Column("facility", String(64), nullable=False),
    Column("person", String(64), nullable=False),
    Column("contact", String(64), nullable=False),
    Column("direction", Word(Direction), nullable=False),
    Column("credits", BigInteger, nullable=False),
    Column("characters", BigInteger, nullable=False),
    Column("state", Word(MessageState), nullable=False),
    Column("submitted_at", Instant, nullable=False),
    Column("promised_at", Instant, nullable=False),
    Column("reviewed_at", Instant, nullable=True),
    Column("judged_at", Instant, nullable=True),
    Column("delivered_at", Instant, nullable=True),
    Index(None, "account_id"),
    Index(None, "state", "submitted_at"),
    comment="Messages without their words.",
)

message_draws: Final = Table(
    "message_draws",
    metadata,
    Column("row_id", String(330), primary_key=True),
    Column("message_id", String(128), nullable=False),
    Column("lot_id", String(200), nullable=False),
    Column("credits", BigInteger, nullable=False),
    Column("amount", Amount, nullable=False),
    CheckConstraint("credits > 0 AND amount > 0", name="drawn"),
    Index(None, "message_id"),
    comment="Which credits of which lot a message took.",
)

LEDGER_TABLES: Final = (
    head,
    accounts,
    processes,
    open_calls,
    holds,
    entries,
    postings,
    requests,
    calls,
    account_numbers,
    allowances,
    allowance_takes,
    pending_charges,
    card_payments,
    credit_lines,
    invoices,
    dormancies,
    trust_identities,
    credit_lots,
    messages,
    message_draws,
)
"""The ledger's own, so that `metadata` may hold those of others."""
