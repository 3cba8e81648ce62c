"""AWS Security Finding Format: a list for Security Hub's BatchImportFindings, which takes 100 at a time."""

from __future__ import annotations

from collections.abc import Sequence

from cloudguard.errors import UsageError
from cloudguard.formats.escaping import visible
from cloudguard.formats.exports.common import NAME, as_json, description, title
from cloudguard.results.check import Check
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import Report, RowResult

_MOST_TITLE, _MOST_DESCRIPTION, _MOST_ID = 256, 1024, 512
"""Letters (API reference of Security Hub, AwsSecurityFinding)."""
_TYPE = "Software and Configuration Checks/Industry and Regulatory Standards/Kubernetes"
_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("", "aws"))


def render(report: Report, checks: Sequence[Check]) -> str:
    """Return the findings of ``report``; raises UsageError for a cluster that is not on AWS."""
    del checks
    if report.cluster.provider != "aws":
        message = f"asff is for clusters on AWS; this one is on {report.cluster.provider}"
        raise UsageError(message, hint="Other clouds: -f ocsf, which Security Hub takes as well")
    return as_json([_finding(report, row, finding) for row in report.rows for finding in row.findings])


def _finding(report: Report, row: RowResult, finding: Finding) -> dict[str, object]:
    cluster, of = report.cluster, finding.resource
    region = cluster.regions[0] if cluster.regions else "us-east-1"
    partition = next(name for start, name in _PARTITIONS if region.startswith(start))
    product = f"arn:{partition}:securityhub:{region}:{cluster.account}:product/{cluster.account}/default"
    label = "INFORMATIONAL" if finding.severity is Severity.LOW else str(finding.severity).upper()
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"{NAME}/{finding.id}",
        "ProductArn": product,
        "ProductName": NAME,
        "GeneratorId": f"{NAME}/{finding.check}",
        "AwsAccountId": cluster.account,
        "Region": region,
        "Types": [_TYPE],
        "CreatedAt": report.finished,
        "UpdatedAt": report.finished,
        "Severity": {"Label": label},
        "Title": _cut(title(finding), _MOST_TITLE),
        "Description": _cut(description(finding), _MOST_DESCRIPTION),
        "ProductFields": {f"{NAME}/row": row.row, f"{NAME}/cluster": visible(cluster.name)},
        "Resources": [
            {"Type": "Other", "Id": _cut(visible(of.id), _MOST_ID), "Partition": partition, "Region": region}
        ],
        "Compliance": {"Status": "WARNING" if finding.severity is Severity.LOW else "FAILED"},
        "Workflow": {"Status": "SUPPRESSED" if finding.waived else "NEW"},
        "RecordState": "ACTIVE",
    }


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
