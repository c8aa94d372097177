"""Checkpoints, and the seals of rows that they vouch for (`ledger.proof.tables`)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "checkpoints",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("signature", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_checkpoints")),
        comment="What the book was at an instant: the text that was signed, and its signature.",
    )
    op.create_table(
        "seals",
        sa.Column("table_name", sa.String(32), nullable=False),
        sa.Column("row_key", sa.String(200), nullable=False),
        sa.Column("checkpoint", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("table_name", "row_key", name=op.f("pk_seals")),
        comment="Digests of rows that are final, so that one that was changed can be named.",
    )
    op.create_index(op.f("ix_seals_checkpoint"), "seals", ["checkpoint"])


def downgrade() -> None:
    """Refuse: a book is never thrown away by going back."""
    raise NotImplementedError("restore a copy of the book that was made before the upgrade")
