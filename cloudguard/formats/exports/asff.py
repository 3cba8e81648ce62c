"""AWS Security Finding Format: a list for Security Hub's BatchImportFindings, which accepts 100 findings per call."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from cloudguard.errors import UsageError
from cloudguard.formats.escaping import cut, visible
from cloudguard.formats.exports.common import NAME, Export, as_json, description, title, unknown_rows
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import Report, RowResult

_MOST_TITLE, _MOST_DESCRIPTION, _MOST_ID = 256, 1024, 512
"""The largest numbers of characters (API reference of Security Hub, AwsSecurityFinding)."""
_TYPE = "Software and Configuration Checks/Industry and Regulatory Standards/Kubernetes"
_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("", "aws"))


def render(export: Export) -> str:
    """Return the findings and unknown rows of the reports; raises UsageError if a cluster is not on AWS."""
    return as_json([*chain.from_iterable(map(_findings, export.reports))])


def _findings(report: Report) -> Iterator[dict[str, object]]:
    if report.cluster.provider != "aws":
        message = f"asff is only for clusters on AWS, but this cluster is on {report.cluster.provider}"
        raise UsageError(message, hint="For other clouds: -f ocsf, which Security Hub also accepts")
    yield from (_finding(report, row, finding) for row in report.rows for finding in row.findings)
    yield from (_unknown(report, *row) for row in unknown_rows(report))


def _finding(report: Report, row: RowResult, finding: Finding) -> dict[str, object]:
    low = finding.severity is Severity.LOW
    return _common(report, row, finding.id, finding.resource.id) | {
        "GeneratorId": f"{NAME}/{finding.check}",
        "Severity": {"Label": "INFORMATIONAL" if low else str(finding.severity).upper()},
        "Title": cut(title(finding), _MOST_TITLE),
        "Description": cut(description(finding), _MOST_DESCRIPTION),
        "Compliance": {"Status": "WARNING" if low else "FAILED"},
        "Workflow": {"Status": "SUPPRESSED" if finding.waived else "NEW"},
    }


def _unknown(report: Report, row: RowResult, name: str, text: str) -> dict[str, object]:
    """Return a finding for a row that is not completely known, with a status that is neither passed nor failed."""
    return _common(report, row, name, report.cluster.name) | {
        "GeneratorId": f"{NAME}/{row.row}",
        "Severity": {"Label": "INFORMATIONAL"},
        "Title": cut(text, _MOST_TITLE),
        "Description": cut(text, _MOST_DESCRIPTION),
        "Compliance": {"Status": "NOT_AVAILABLE"},
        "Workflow": {"Status": "NEW"},
    }


def _common(report: Report, row: RowResult, name: str, resource: str) -> dict[str, object]:
    cluster = report.cluster
    region = cluster.regions[0] if cluster.regions else "us-east-1"
    partition = next(name for start, name in _PARTITIONS if region.startswith(start))
    product = f"arn:{partition}:securityhub:{region}:{cluster.account}:product/{cluster.account}/default"
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"{NAME}/{name}",
        "ProductArn": product,
        "ProductName": NAME,
        "AwsAccountId": cluster.account,
        "Region": region,
        "Types": [_TYPE],
        "CreatedAt": report.finished,
        "UpdatedAt": report.finished,
        "ProductFields": {f"{NAME}/row": row.row, f"{NAME}/cluster": visible(cluster.name)},
        "Resources": [
            {"Type": "Other", "Id": cut(visible(resource), _MOST_ID), "Partition": partition, "Region": region}
        ],
        "RecordState": "ACTIVE",
    }
