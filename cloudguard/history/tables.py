"""The tables of a history, as SQLAlchemy knows them; migrations/ makes them."""

from __future__ import annotations

import json
from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

VERSION_TABLE: Final = "cloudguard_schema"
METADATA: Final = MetaData()


class Escaped(TypeDecorator[str]):
    """A text that others chose, in ASCII: with control characters, NUL and lone surrogates as JSON escapes them.

    No database refuses it, and whoever prints a table sees nothing but letters.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text as it is kept."""
        del dialect
        return None if value is None else json.dumps(value)[1:-1].replace("\x7f", "\\u007f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text as it was."""
        del dialect
        return None if value is None else str(json.loads(f'"{value}"'))


CLUSTER: Final = Table(
    "cloudguard_cluster",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("provider", Escaped, nullable=False),
    Column("account", Escaped, nullable=False),
    Column("regions", Escaped, nullable=False),
    Column("name", Escaped, nullable=False),
    UniqueConstraint("provider", "account", "regions", "name", name="cloudguard_cluster_key"),
)
CIRCUMSTANCES: Final = Table(
    "cloudguard_circumstances",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("document", Text, nullable=False),
)
"""What runs rested on, each kind once: version, checks, declarations, what was not asked for, what was not known."""
RUN: Final = Table(
    "cloudguard_run",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("cluster", Integer, ForeignKey("cloudguard_cluster.id"), nullable=False),
    Column("finished", Text, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("verdicts", Text, nullable=False),
    Column("circumstances", Integer, ForeignKey("cloudguard_circumstances.id"), nullable=False),
    Column("shown", Boolean, nullable=False),
    UniqueConstraint("cluster", "finished", name="cloudguard_run_key"),
)
"""One run of one cluster. ``verdicts``: one a row, in the circumstances' order. ``shown``: people were shown it."""
FINDING: Final = Table(
    "cloudguard_finding",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("cluster", Integer, ForeignKey("cloudguard_cluster.id"), nullable=False),
    Column("finding", Text, nullable=False),
    Column("check_id", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("kind", Escaped, nullable=False),
    Column("resource", Escaped, nullable=False),
    Column("name", Escaped, nullable=False),
    Column("message", Escaped, nullable=False),
    Column("width", Text, nullable=False),
    Column("waiver", Text, nullable=True),
    Column("first_seen", Text, nullable=False),
    Column("began", Text, nullable=False),
    Column("last_seen", Text, nullable=True),
    Column("last_under", Integer, ForeignKey("cloudguard_circumstances.id"), nullable=True),
    Column("ended", Text, nullable=True),
    Column("ended_as", Text, nullable=True),
)
"""A time in which a finding was the same: of one severity, one width, one waiver.

``last_seen`` with ``last_under``: the last run that showed it; NULL: the latest. ``ended`` NULL: it is open. Only an
open one has its ``width``.
"""
OPEN: Final = Index(
    "cloudguard_finding_open",
    FINDING.c.cluster,
    FINDING.c.finding,
    unique=True,
    sqlite_where=FINDING.c.ended.is_(None),
    postgresql_where=FINDING.c.ended.is_(None),
)
BY_ID: Final = Index("cloudguard_finding_by_id", FINDING.c.finding)
