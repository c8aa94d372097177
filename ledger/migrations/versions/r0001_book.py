"""The first book: accounts, holds, the chained journal, call records, open calls, processes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

_SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables and the one row of `head`."""
    head = _make_head()
    _make_accounts()
    _make_calls()
    _make_journal()
    op.bulk_insert(head, [{"id": 1, "seq": 0, "hash": "0" * 64, "changes": 0}])


def downgrade() -> None:
    """Refuse: a book is never thrown away by going back."""
    raise NotImplementedError("restore a copy of the book that was made before the upgrade")


def _make_head() -> sa.Table:
    return op.create_table(
        "head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_head")),
        comment="The last entry of the chain, and the number of committed changes.",
    )


def _make_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.String(128), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=True),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("held >= 0", name=op.f("ck_accounts_held")),
        sa.CheckConstraint("floor IS NULL OR balance - held >= floor", name=op.f("ck_accounts_floor")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_accounts")),
        comment="Balances as the postings leave them; `change` is the number of the last change to the row.",
    )
    op.create_index(op.f("ix_accounts_change"), "accounts", ["change"])
    op.create_table(
        "holds",
        sa.Column("hold_id", sa.String(200), nullable=False),
        sa.Column("account_id", sa.String(128), nullable=False),
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("captured", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("captured >= 0 AND captured <= amount", name=op.f("ck_holds_captured")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_holds_account_id")),
        sa.PrimaryKeyConstraint("hold_id", name=op.f("pk_holds")),
    )
    op.create_index(op.f("ix_holds_call_id"), "holds", ["call_id"])


def _make_calls() -> None:
    op.create_table(
        "processes",
        sa.Column("process_id", sa.String(64), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("pid_started", sa.String(64), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("beat_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("process_id", name=op.f("pk_processes")),
    )
    op.create_table(
        "open_calls",
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("process_id", sa.String(64), nullable=False),
        *_about_call(),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.Column("tariff", sa.Text(), nullable=True),
        sa.Column("rate", sa.Text(), nullable=True),
        sa.Column("income", sa.String(128), nullable=True),
        sa.Column("recording", sa.Text(), nullable=True),
        sa.Column("legs", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["process_id"], ["processes.process_id"], name=op.f("fk_open_calls_process_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_open_calls")),
    )
    op.create_index(op.f("ix_open_calls_process_id"), "open_calls", ["process_id"])
    op.create_table(
        "calls",
        sa.Column("call_id", sa.String(128), nullable=False),
        *_about_call(),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(32), nullable=False),
        sa.Column("ended_by", sa.String(16), nullable=False),
        sa.Column("talk", sa.BigInteger(), nullable=False),
        sa.Column("charged", sa.BigInteger(), nullable=False),
        sa.Column("tariff", sa.Text(), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("recording", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_calls")),
    )
    op.create_index(op.f("ix_calls_started_at"), "calls", ["started_at"])
    op.create_index(op.f("ix_calls_number"), "calls", ["number"])


def _about_call() -> list[sa.Column[object]]:
    return [
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("number", sa.String(32), nullable=True),
        sa.Column("billing", sa.String(16), nullable=False),
        sa.Column("payer", sa.String(128), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("rang_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
    ]


def _make_journal() -> None:
    op.create_table(
        "entries",
        sa.Column("seq", _SEQ, autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("call_id", sa.String(128), nullable=True),
        sa.Column("refunds", sa.String(200), nullable=True),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["refunds"], ["entries.entry_id"], name=op.f("fk_entries_refunds")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_entries")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_entries_entry_id")),
    )
    op.create_index(op.f("ix_entries_call_id"), "entries", ["call_id"])
    op.create_index(op.f("ix_entries_refunds"), "entries", ["refunds"])
    op.create_table(
        "postings",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.String(128), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_postings_account_id")),
        sa.ForeignKeyConstraint(["seq"], ["entries.seq"], name=op.f("fk_postings_seq")),
        sa.PrimaryKeyConstraint("seq", "line", name=op.f("pk_postings")),
    )
    op.create_index(op.f("ix_postings_account_id"), "postings", ["account_id"])
    op.create_table(
        "requests",
        sa.Column("request_id", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_requests")),
        sqlite_with_rowid=False,
    )
