"""What the exports share: texts with nothing hidden in them, rows not all known, and paths that stand for resources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import quote

from cloudguard.formats.escaping import visible
from cloudguard.formats.phrases import named, witness
from cloudguard.results.change import Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Finding, finding_id
from cloudguard.results.report import Report, RowResult, Verdict

NAME = "cloudguard"


def as_json(value: object) -> str:
    """Return ``value`` as indented JSON; its texts have nothing hidden in them."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def unknown_rows(report: Report) -> Iterator[tuple[RowResult, str, str]]:
    """Yield each row about which something is not known, with an id that it keeps from run to run, and a text.

    Programs that list findings alone would take such a row for a clean one.
    """
    for row in report.rows:
        if row.unknown or row.verdict is Verdict.UNKNOWN:
            first, *others = row.unknown or (row.why,)
            more = f" (and {len(others)} more)" if others else ""
            text = visible(f"{row.row} is not all known: {first}{more}")
            yield row, finding_id(report.cluster, f"{row.row}/unknown"), text


def title(finding: Finding) -> str:
    """Return a finding in a line: its message, and what it is on."""
    return visible(f"{finding.message} ({named(finding.resource)})")


def description(finding: Finding) -> str:
    """Return a finding's message with its witness, and what to do where no change does it."""
    return visible("; ".join(filter(None, (finding.message, witness(finding), finding.advice))))


def location(report: Report, resource: Resource) -> str:
    """Return a path that stands for a resource, for programs that know files only.

    It is the same in every run: "cloud/PROVIDER/ACCOUNT/CLUSTER/KIND/ID.json", each part percent-encoded.
    """
    cluster = report.cluster
    parts = (cluster.provider, cluster.account, cluster.name, resource.kind, resource.id)
    return (
        "/".join(["cloud", *(quote(part.encode("utf-8", "backslashreplace"), safe="") or "none" for part in parts)])
        + ".json"
    )


def milliseconds(time: str) -> int:
    """Return an ISO 8601 time as milliseconds since 1970."""
    return int(datetime.fromisoformat(time).timestamp() * 1000)


def text_of(checks: Sequence[Check], finding: Finding) -> str:
    """Return what the finding's check looks for, "" for one that is not among ``checks``."""
    return next((check.text for check in checks if check.id == finding.check), "")
