"""Functions that the exports share: escaped texts, rows that are not completely known, and paths for resources."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from urllib.parse import quote

from cloudguard.formats.escaping import visible
from cloudguard.formats.phrases import named, witness
from cloudguard.results.change import Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Finding, finding_id
from cloudguard.results.report import Report, RowResult
from cloudguard.results.wording import and_more
from cloudguard.values import dataclass

NAME = "cloudguard"


@dataclass(frozen=True, slots=True)
class Export:
    """The reports that an export writes into one document.

    ``checks`` returns all checks, with the references of a report's cluster if the format shows references.
    ``several``: more than one cluster was requested, so that texts name the cluster. ``earlier``: the text that the
    document's file has from an earlier run ("": none).
    """

    reports: tuple[Report, ...]
    checks: Callable[[Report], Sequence[Check]]
    several: bool = False
    earlier: str = ""

    def place_of(self, report: Report) -> str:
        """Return the places of a report's cluster if another cluster here has its name and account; "" if none has."""
        keys = [(each.cluster.name, each.cluster.provider, each.cluster.account) for each in self.reports]
        cluster = report.cluster
        shared = keys.count((cluster.name, cluster.provider, cluster.account)) > 1
        return visible(",".join(cluster.places)) if shared else ""


def as_json(value: object) -> str:
    """Return ``value`` as indented JSON. The texts in it must be escaped already."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def unknown_rows(report: Report) -> Iterator[tuple[RowResult, str, str]]:
    """Yield each row that is not completely known, with an id that is the same in every run, and a text.

    A program that lists only findings would show such a row as clean.
    """
    for row in report.rows:
        if row.questions:
            first, *others = row.questions
            text = visible(f"{row.row} is not completely known: {and_more(first, len(others))}")
            yield row, finding_id(report.cluster, f"{row.row}/unknown"), text


def title(finding: Finding) -> str:
    """Return a finding's message and resource in one line."""
    return visible(f"{finding.message} ({named(finding.resource)})")


def description(finding: Finding) -> str:
    """Return a finding's message, its witness, and its advice."""
    return visible("; ".join(filter(None, (finding.message, witness(finding), finding.advice))))


def location(report: Report, resource: Resource) -> str:
    """Return a path for a resource, for programs that expect findings in files.

    The path is the same in every run: "cloud/PROVIDER/ACCOUNT/CLUSTER/KIND/ID.json", each part percent-encoded.
    """
    cluster = report.cluster
    words = (cluster.provider, cluster.account, cluster.name, resource.kind, resource.id)
    return (
        "/".join(["cloud", *(quote(word.encode("utf-8", "backslashreplace"), safe="") or "none" for word in words)])
        + ".json"
    )


def milliseconds(time: str) -> int:
    """Return an ISO 8601 time as milliseconds since 1970."""
    return int(datetime.fromisoformat(time).timestamp() * 1000)


def text_of(checks: Sequence[Check], finding: Finding) -> str:
    """Return the text of the finding's check, "" if the check is not among ``checks``."""
    return next((check.text for check in checks if check.id == finding.check), "")
