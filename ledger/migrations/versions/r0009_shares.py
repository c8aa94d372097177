"""What calls that go on have taken of velocity limits (`switch.directory.tables`)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "velocity_shares",
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("talk", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_velocity_shares")),
        comment="The longest talk of each open call, where velocity limits share it out.",
    )


def downgrade() -> None:
    """Refuse: a book is never thrown away by going back."""
    raise NotImplementedError("restore a copy of the book that was made before the upgrade")
