"""Credits and messages; customers, what customer service does, notices and words (`switch.service.tables`)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the tables."""
    _make_lots()
    _make_messages()
    _make_customers()
    _make_acts()


def downgrade() -> None:
    """Refuse: a book is never thrown away by going back."""
    raise NotImplementedError("restore a copy of the book that was made before the upgrade")


def _account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f(f"fk_{table}_account_id"))


def _customer(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name=op.f(f"fk_{table}_customer_id"))


def _make_lots() -> None:
    op.create_table(
        "credit_lots",
        sa.Column("lot_id", sa.String(200), nullable=False),
        sa.Column("account_id", sa.String(128), nullable=False),
        sa.Column("bought_at", sa.BigInteger(), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("credits_left", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("amount_left", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("credits_left >= 0 AND amount_left >= 0", name=op.f("ck_credit_lots_left")),
        _account("credit_lots"),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_credit_lots")),
        comment="Bundles of message credits, and what of them is not drawn.",
    )
    op.create_index(op.f("ix_credit_lots_account_id"), "credit_lots", ["account_id"])


def _make_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("message_id", sa.String(128), nullable=False),
        sa.Column("account_id", sa.String(128), nullable=False),
        sa.Column("facility", sa.String(64), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("contact", sa.String(64), nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("characters", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("promised_at", sa.BigInteger(), nullable=False),
        sa.Column("reviewed_at", sa.BigInteger(), nullable=True),
        sa.Column("judged_at", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        _account("messages"),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_messages")),
        comment="Messages without their words.",
    )
    op.create_index(op.f("ix_messages_account_id"), "messages", ["account_id"])
    op.create_index(op.f("ix_messages_state_submitted_at"), "messages", ["state", "submitted_at"])
    op.create_table(
        "message_draws",
        sa.Column("row_id", sa.String(330), nullable=False),
        sa.Column("message_id", sa.String(128), nullable=False),
        sa.Column("lot_id", sa.String(200), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("credits > 0 AND amount > 0", name=op.f("ck_message_draws_drawn")),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_message_draws")),
        comment="Which credits of which lot a message took.",
    )
    op.create_index(op.f("ix_message_draws_message_id"), "message_draws", ["message_id"])
    op.create_table(
        "message_words",
        sa.Column("message_id", sa.String(128), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_message_words")),
        comment="The words of messages, apart from the book's rows: they may be deleted.",
    )


def _make_customers() -> None:
    op.create_table(
        "customers",
        sa.Column("customer_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("address", sa.String(400), nullable=True),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customers")),
        comment="Holders of accounts; nothing more of them than is needed.",
    )
    op.create_table(
        "customer_facilities",
        sa.Column("customer_id", sa.String(64), nullable=False),
        sa.Column("facility", sa.String(64), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        _customer("customer_facilities"),
        sa.PrimaryKeyConstraint("customer_id", "facility", name=op.f("pk_customer_facilities")),
    )
    op.create_table(
        "customer_numbers",
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("customer_id", sa.String(64), nullable=False),
        sa.Column("account_id", sa.String(128), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("active_from", sa.BigInteger(), nullable=False),
        _account("customer_numbers"),
        _customer("customer_numbers"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_customer_numbers")),
        comment="Whose a called number is, and the account that pays for it.",
    )
    op.create_index(op.f("ix_customer_numbers_customer_id"), "customer_numbers", ["customer_id"])
    op.create_index(op.f("ix_customer_numbers_account_id"), "customer_numbers", ["account_id"])


def _make_acts() -> None:
    op.create_table(
        "service_acts",
        sa.Column("act_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("agent", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("customer_id", sa.String(64), nullable=True),
        sa.Column("number", sa.String(32), nullable=True),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("act_id", name=op.f("pk_service_acts")),
        comment="What agents did and noted; rows are only ever added.",
    )
    op.create_index(op.f("ix_service_acts_customer_id"), "service_acts", ["customer_id"])
    op.create_index(op.f("ix_service_acts_number"), "service_acts", ["number"])
    op.create_table(
        "notices",
        sa.Column("notice_id", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("account_id", sa.String(128), nullable=False),
        sa.Column("customer_id", sa.String(64), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("sent_by", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_notices")),
        comment="What customers are to be told, and when it was handed over.",
    )
    op.create_index(op.f("ix_notices_sent_at"), "notices", ["sent_at"])
