"""Cards asked for in calls: what is owed to the payment processor (S1-10, S1-11); and courtesy calls, one a number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "card_payments",
        sa.Column("payment_id", sa.String(160), nullable=False),
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("use", sa.String(16), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_card_payments")),
        comment="Cards asked for in calls: what is owed to the payment processor. Nothing of the card itself.",
    )
    op.create_index(op.f("ix_card_payments_call_id"), "card_payments", ["call_id"])
    op.create_index(op.f("ix_card_payments_state"), "card_payments", ["state"])
    op.create_table(
        "courtesy_calls",
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_courtesy_calls")),
        comment="The one courtesy call that each number had. Rows stay for ever.",
    )


def downgrade() -> None:
    """Refuse: a book is never thrown away by going back."""
    raise NotImplementedError("restore a copy of the book that was made before the upgrade")
