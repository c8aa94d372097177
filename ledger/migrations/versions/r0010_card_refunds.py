"""What was refunded of calls that cards paid (S1-11)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "card_refunds",
        sa.Column("refund_id", sa.String(180), nullable=False),
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("refund_id", name=op.f("pk_card_refunds")),
        comment="What was refunded of calls that cards paid: given back to the card, or still owed to it.",
    )
    op.create_index(op.f("ix_card_refunds_call_id"), "card_refunds", ["call_id"])
    op.create_index(op.f("ix_card_refunds_state"), "card_refunds", ["state"])


def downgrade() -> None:
    """Refuse: a book is never thrown away by going back."""
    raise NotImplementedError("restore a copy of the book that was made before the upgrade")
