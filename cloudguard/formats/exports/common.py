"""What the exports share: texts with nothing hidden in them, scales of severity, and where a finding is said to be."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from cloudguard.formats.escaping import visible
from cloudguard.formats.phrases import named, witness
from cloudguard.results.check import Check
from cloudguard.results.finding import Finding
from cloudguard.results.report import Report

NAME = "cloudguard"


def as_json(value: object) -> str:
    """Return ``value`` as indented JSON; its texts have nothing hidden in them."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def title(finding: Finding) -> str:
    """Return a finding in a line: its message, and what it is on."""
    return visible(f"{finding.message} ({named(finding.resource)})")


def description(finding: Finding) -> str:
    """Return a finding's message with its witness, and what to do where no change does it."""
    return visible("; ".join(filter(None, (finding.message, witness(finding), finding.advice))))


def location(report: Report, finding: Finding) -> str:
    """Return a path that stands for the finding's resource, for programs that know files only.

    It is the same in every run: "cloud/PROVIDER/ACCOUNT/CLUSTER/KIND/ID.json", each part percent-encoded.
    """
    cluster, resource = report.cluster, finding.resource
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
