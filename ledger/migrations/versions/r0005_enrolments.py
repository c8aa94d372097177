"""Who enrolled: the part of the PIN they chose, and the name they spoke (`switch.directory.tables`)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "enrolments",
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("secret", sa.String(128), nullable=False),
        sa.Column("name", sa.String(200), nullable=True),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_enrolments")),
        comment="Who chose the rest of their PIN, kept as a salted digest, and the clip of the name they spoke.",
    )


def downgrade() -> None:
    """Refuse: a book is never thrown away by going back."""
    raise NotImplementedError("restore a copy of the book that was made before the upgrade")
