"""The circumstances of a run as a JSON document, which is stored once for all runs with equal circumstances."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import TypedDict, cast

from cloudguard.comparison.listed import ListedFinding, ListedReport, ListedRow
from cloudguard.values import dataclass


class _Row(TypedDict):
    unknown: bool
    not_asked: list[str]
    heeds: list[str]


class _Circumstances(TypedDict):
    version: str
    checks: list[str] | None
    gaps: list[str]
    declared: dict[str, list[str]]
    rows: dict[str, _Row]


@dataclass(frozen=True, slots=True)
class Document:
    """The JSON of a run's circumstances."""

    text: str

    @property
    def digest(self) -> str:
        """The SHA-256 of the text in hex."""
        return sha256(self.text.encode()).hexdigest()


def document(report: ListedReport) -> Document:
    """Return the circumstances of a report.

    For an unknown row, only the fact is stored and not the reason, because the cloud's messages vary.
    """
    rows: dict[str, _Row] = {
        name: {"unknown": bool(row.unknown), "not_asked": sorted(row.not_asked), "heeds": list(row.used_declarations)}
        for name, row in report.rows.items()
    }
    content: _Circumstances = {
        "version": report.version,
        "checks": None if report.checks is None else sorted(report.checks),
        "gaps": sorted(report.gaps),
        "declared": {key: list(values) for key, values in report.declared.items()},
        "rows": rows,
    }
    return Document(json.dumps(content, separators=(",", ":")))


def report_of(
    text: str, *, cluster: str, finished: str, findings: Mapping[str, tuple[ListedFinding, ...]]
) -> ListedReport:
    """Return a report with the circumstances in the JSON ``text`` and the given ``findings``, by row name."""
    stored = cast("_Circumstances", json.loads(text))
    checks = stored["checks"]
    return ListedReport(
        cluster=cluster,
        rows={
            name: ListedRow(
                findings.get(name, ()),
                (f"as of {finished}",) if row["unknown"] else (),
                frozenset(row["not_asked"]),
                tuple(row["heeds"]),
            )
            for name, row in stored["rows"].items()
        },
        declared={key: tuple(values) for key, values in stored["declared"].items()},
        finished=finished,
        version=stored["version"],
        gaps=frozenset(stored["gaps"]),
        checks=None if checks is None else frozenset(checks),
    )


def rows_of(text: str) -> tuple[str, ...]:
    """Return the names of the rows in the circumstances ``text``, in their order."""
    return tuple(cast("_Circumstances", json.loads(text))["rows"])
