"""A plain hold is all that is remembered of its request; each database without what costs it most.

SQLite finds the holds of a call by their ids. PostgreSQL does not look again for the account of a hold, which is read
and locked in the same transaction, and never goes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the column, empty in older holds: what is remembered of those stays in `requests`, where it may be sealed."""
    op.add_column("holds", sa.Column("available", sa.BigInteger(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index(op.f("ix_holds_call_id"), "holds")
    else:
        op.drop_constraint(op.f("fk_holds_account_id"), "holds", type_="foreignkey")
        op.create_table_comment(
            "holds", "A row with `available` is what is remembered of its request; of others `requests` has it."
        )


def downgrade() -> None:
    """Refuse: a book is never thrown away by going back."""
    raise NotImplementedError("restore a copy of the book that was made before the upgrade")
