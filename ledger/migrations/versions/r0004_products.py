"""What products keep: numbers of accounts, allowances, pending charges, credit, invoices, idle accounts, trust."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the tables."""
    _make_numbers()
    _make_allowances()
    _make_pending()
    _make_credit()
    _make_idle()


def downgrade() -> None:
    """Refuse: a book is never thrown away by going back."""
    raise NotImplementedError("restore a copy of the book that was made before the upgrade")


def _account(table: str, name: str = "account_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], ["accounts.account_id"], name=op.f(f"fk_{table}_{name}"))


def _make_numbers() -> None:
    op.create_table(
        "account_numbers",
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("account_id", sa.String(128), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("active_from", sa.BigInteger(), nullable=False),
        _account("account_numbers"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_account_numbers")),
        comment="Called numbers of accounts that have several: no number is on two.",
    )
    op.create_index(op.f("ix_account_numbers_account_id"), "account_numbers", ["account_id"])


def _make_allowances() -> None:
    op.create_table(
        "allowances",
        sa.Column("row_id", sa.String(200), nullable=False),
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("cycle", sa.String(32), nullable=False),
        sa.Column("used_seconds", sa.BigInteger(), nullable=False),
        sa.Column("held_seconds", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("used_seconds >= 0 AND held_seconds >= 0", name=op.f("ck_allowances_seconds")),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_allowances")),
    )
    op.create_table(
        "allowance_takes",
        sa.Column("row_id", sa.String(320), nullable=False),
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("cycle", sa.String(32), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("seconds > 0", name=op.f("ck_allowance_takes_seconds")),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_allowance_takes")),
        comment="Free seconds held for calls that go on.",
    )
    op.create_index(op.f("ix_allowance_takes_call_id"), "allowance_takes", ["call_id"])


def _make_pending() -> None:
    op.create_table(
        "pending_charges",
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("payer", sa.String(128), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("posts_at", sa.BigInteger(), nullable=False),
        _account("pending_charges", "payer"),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_pending_charges")),
        comment="Charges of calls that ended, to be posted later.",
    )
    op.create_index(op.f("ix_pending_charges_posts_at"), "pending_charges", ["posts_at"])


def _make_credit() -> None:
    op.create_table(
        "credit_lines",
        sa.Column("account_id", sa.String(128), nullable=False),
        sa.Column("credit_limit", sa.BigInteger(), nullable=False),
        sa.Column("agreed_at", sa.BigInteger(), nullable=False),
        sa.Column("blocked_at", sa.BigInteger(), nullable=True),
        _account("credit_lines"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_credit_lines")),
    )
    op.create_table(
        "invoices",
        sa.Column("invoice_id", sa.String(200), nullable=False),
        sa.Column("account_id", sa.String(128), nullable=False),
        sa.Column("period", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        _account("invoices"),
        sa.PrimaryKeyConstraint("invoice_id", name=op.f("pk_invoices")),
    )
    op.create_index(op.f("ix_invoices_account_id"), "invoices", ["account_id"])
    op.create_index(op.f("ix_invoices_state_due_at"), "invoices", ["state", "due_at"])


def _make_idle() -> None:
    op.create_table(
        "dormancies",
        sa.Column("account_id", sa.String(128), nullable=False),
        sa.Column("interest_at", sa.BigInteger(), nullable=True),
        sa.Column("notified_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        _account("dormancies"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_dormancies")),
    )
    op.create_table(
        "trust_identities",
        sa.Column("account_id", sa.String(128), nullable=False),
        sa.Column("inmate_id", sa.String(64), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        _account("trust_identities"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_trust_identities")),
    )
