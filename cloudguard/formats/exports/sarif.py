"""SARIF 2.1.0 (OASIS), with the further properties that GitHub code scanning reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cloudguard.formats.escaping import link, markdown, visible
from cloudguard.formats.exports.common import NAME, Export, as_json, description, location, unknown_rows
from cloudguard.formats.phrases import gap_line
from cloudguard.results.check import Check
from cloudguard.results.finding import Finding, Severity, Waiver
from cloudguard.results.reference import Reference
from cloudguard.results.report import Report

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_HOME = "https://kubernetes.io/docs/concepts/security/#infrastructure-security"
_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
"""Scores for GitHub's ``security-severity``: over 9.0 is critical, from 7.0 high, from 4.0 medium, else low."""


def render(export: Export) -> str:
    """Return a SARIF log with one run for each report. Each run has an id of its own."""
    return as_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(export, each) for each in export.reports]})


def _run(export: Export, report: Report) -> dict[str, object]:
    checks, cluster, place = export.checks(report), report.cluster, export.place_of(report)
    rules = [check.id for check in checks]
    id_parts = (NAME, cluster.provider, cluster.account, cluster.name, *([place] if place else ()), "")
    return {
        "tool": {"driver": _driver(report, checks)},
        "automationDetails": {"id": visible("/".join(id_parts))},
        "invocations": [_invocation(report)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(report, finding, rules) for finding in report.findings],
    }


def _driver(report: Report, checks: Sequence[Check]) -> dict[str, object]:
    return {
        "name": NAME,
        "version": report.version,
        "informationUri": _HOME,
        "rules": [_rule(check) for check in checks],
    }


def _rule(check: Check) -> dict[str, object]:
    worst = max(check.severities)
    name = "".join(word.capitalize() for word in check.id.replace("/", "-").split("-"))
    return {
        "id": check.id,
        "name": name,
        "shortDescription": {"text": f"{check.text.partition('. ')[0].rstrip('.')}."},
        "fullDescription": {"text": check.text},
        "help": _help(check),
        "helpUri": check.references[0].link if check.references else _HOME,
        "defaultConfiguration": {"level": _LEVELS[worst]},
        "properties": {
            "tags": ["security", "kubernetes"],
            "security-severity": _SCORES[worst],
            "precision": "high",
            "references": _references(check.references),
        },
    }


def _help(check: Check) -> dict[str, str]:
    """Return what a rule looks for and who asks for it, as text and as Markdown, which GitHub prefers."""
    head = f"{check.text} More: {NAME} explain {check.id}"
    listed = [f"{reference.id}: {reference.title} {reference.link}" for reference in check.references]
    linked = [f"- {link(reference.id, reference.link)}: {markdown(reference.title)}" for reference in check.references]
    return {"text": "\n".join([head, *listed]), "markdown": "\n".join([markdown(head), "", *linked])}


def _references(references: Iterable[Reference]) -> list[dict[str, str]]:
    return [{"id": visible(reference.id), "link": visible(reference.link)} for reference in references]


def _result(report: Report, finding: Finding, rules: list[str]) -> dict[str, object]:
    return {
        "ruleId": finding.check,
        **({"ruleIndex": rules.index(finding.check)} if finding.check in rules else {}),
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{description(finding).rstrip('.')}."},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": location(report, finding.resource)},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [{"fullyQualifiedName": visible(finding.resource.id), "kind": "resource"}],
            }
        ],
        "partialFingerprints": {f"{NAME}/v1": finding.id, "primaryLocationLineHash": f"{finding.id}:1"},
        "suppressions": [_suppression(finding.waived)] if finding.waived else [],
        "properties": {
            "severity": str(finding.severity),
            "security-severity": _SCORES[finding.severity],
            "references": _references(finding.references),
        },
    }


def _suppression(waiver: Waiver) -> dict[str, object]:
    text = f"{waiver.owner} until {waiver.expires}: {waiver.reason}"
    return {"kind": "external", "status": "accepted", "justification": visible(text)}


def _invocation(report: Report) -> dict[str, object]:
    return {
        "executionSuccessful": report.complete,
        "startTimeUtc": _utc(report.started),
        "endTimeUtc": _utc(report.finished),
        "toolExecutionNotifications": [
            *(_notification(f"{gap.call} on {gap.resource}: {gap_line(gap)}") for gap in report.gaps),
            *(_notification(text) for _, _, text in unknown_rows(report)),
        ],
    }


def _utc(time: str) -> str:
    return time.replace("+00:00", "Z")


def _notification(text: str) -> dict[str, object]:
    return {"level": "error", "message": {"text": f"{visible(text).rstrip('.')}."}}
