"""The first schema: clusters, runs, their circumstances, and findings as intervals."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "1"
down_revision: Final = None


def upgrade() -> None:
    """Make the tables. There are no downgrades: an older program refuses a history with a newer schema."""
    op.create_table(
        "cloudguard_cluster",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("regions", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.UniqueConstraint("provider", "account", "regions", "name", name="cloudguard_cluster_key"),
    )
    op.create_table(
        "cloudguard_circumstances",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False, unique=True),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_table(
        "cloudguard_run",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("cluster", sa.Integer, sa.ForeignKey("cloudguard_cluster.id"), nullable=False),
        sa.Column("finished", sa.Text, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("verdicts", sa.Text, nullable=False),
        sa.Column("circumstances", sa.Integer, sa.ForeignKey("cloudguard_circumstances.id"), nullable=False),
        sa.Column("shown", sa.Boolean, nullable=False),
        sa.UniqueConstraint("cluster", "finished", name="cloudguard_run_key"),
    )
    _findings()


def _findings() -> None:
    op.create_table(
        "cloudguard_finding",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("cluster", sa.Integer, sa.ForeignKey("cloudguard_cluster.id"), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("finding", "check_id", "severity")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "resource", "name", "message", "width")),
        sa.Column("waiver", sa.Text, nullable=True),
        sa.Column("first_seen", sa.Text, nullable=False),
        sa.Column("began", sa.Text, nullable=False),
        sa.Column("last_seen", sa.Text, nullable=True),
        sa.Column("last_under", sa.Integer, sa.ForeignKey("cloudguard_circumstances.id"), nullable=True),
        sa.Column("ended", sa.Text, nullable=True),
        sa.Column("ended_as", sa.Text, nullable=True),
    )
    is_open = sa.text("ended IS NULL")
    op.create_index(
        "cloudguard_finding_open",
        "cloudguard_finding",
        ["cluster", "finding"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index("cloudguard_finding_by_id", "cloudguard_finding", ["finding"])
