"""Allowed lists, facilities turned off, flags of calls (`switch.directory.tables`); indexes to count calls by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the tables and indexes."""
    op.create_table(
        "contact_changes",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_contact_changes")),
        comment="What became of a number on a person's allowed list; the last row of a number holds.",
    )
    op.create_index(op.f("ix_contact_changes_person"), "contact_changes", ["person"])
    op.create_table(
        "facility_switches",
        sa.Column("facility", sa.String(64), nullable=False),
        sa.Column("is_off", sa.Boolean(), nullable=False),
        sa.Column("ends_calls", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("facility", name=op.f("pk_facility_switches")),
        comment="Facilities that were turned off or on while switches run; goes before the configuration.",
    )
    op.create_table(
        "call_flags",
        sa.Column("flag_id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("flag_id", name=op.f("pk_call_flags")),
        comment="Suspicions about calls: a third party, a forwarding. They say nothing of what was done.",
    )
    op.create_index(op.f("ix_call_flags_call_id"), "call_flags", ["call_id"])
    _index_calls()


def _index_calls() -> None:
    """Velocity limits count the calls of a person and to a number within days; the number's index begins with it."""
    op.drop_index(op.f("ix_calls_number"), "calls")
    op.create_index(op.f("ix_calls_number_started_at"), "calls", ["number", "started_at"])
    op.create_index(op.f("ix_calls_person_started_at"), "calls", ["person", "started_at"])


def downgrade() -> None:
    """Refuse: a book is never thrown away by going back."""
    raise NotImplementedError("restore a copy of the book that was made before the upgrade")
