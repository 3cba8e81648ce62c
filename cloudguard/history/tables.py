"""The tables of a history for SQLAlchemy's queries. The modules in ``migrations`` make them in the database."""

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
    """A column for names and messages from the cloud: ASCII text, with all other characters as JSON escapes.

    Every database accepts it, also control characters, NUL and lone surrogates, and a printed table is harmless.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text in the form for the database."""
        del dialect
        return None if value is None else json.dumps(value)[1:-1].replace("\x7f", "\\u007f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the original text."""
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
"""The circumstances of runs: version, checks, declarations, ways in not asked for, gaps, unknown rows.

Runs with equal circumstances share one row.
"""
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
"""One run of one cluster. ``verdicts``: one per row, in the order of the circumstances. ``shown``: people saw it."""
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
"""An interval of a finding: a time with one severity, one width and one waiver.

``last_seen`` and ``last_under`` are the time and circumstances of the last run that showed the finding; NULL: the
latest run showed it. ``ended`` is NULL while the interval is open. Only an open interval keeps its ``width``.
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
