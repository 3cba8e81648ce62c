"""The report for programs: the JSON contract ``cloudguard/report/v1``."""

from __future__ import annotations

import json

from cloudguard.model.cluster import Cluster, Host
from cloudguard.model.snapshot_file import spelt_out
from cloudguard.model.source import Gap
from cloudguard.results.change import Change, Resource
from cloudguard.results.finding import Evidence, Finding, Waiver
from cloudguard.results.report import Report, RowResult


def render(report: Report) -> str:
    """Return ``report`` as JSON in ASCII; equal reports give equal text."""
    document = json.loads(spelt_out(json.dumps(_report(report), ensure_ascii=False)))
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _report(report: Report) -> dict[str, object]:
    name, _, version = report.tool.partition(" ")
    return {
        "schema": report.schema,
        "tool": {"name": name, "version": version},
        "started": report.started,
        "finished": report.finished,
        "cluster": _cluster(report.cluster),
        "complete": report.complete,
        "rows": [_row(row) for row in report.rows],
        "plan": {"changes": [_change(change) for change in report.plan]},
        "gaps": [_gap(gap) for gap in report.gaps],
    }


def _cluster(cluster: Cluster) -> dict[str, object]:
    return {
        "name": cluster.name,
        "provider": cluster.provider,
        "account": cluster.account,
        "region": ",".join(cluster.regions),
        "installer": cluster.installer,
        "version": cluster.version,
        "managed": cluster.managed,
        "scanned_by": cluster.scanned_by,
        "hosts": [_host(host) for host in cluster.hosts],
    }


def _host(host: Host) -> dict[str, object]:
    addresses = [address for port in host.interfaces for address in (*port.addresses, *port.public)]
    return {
        "id": host.id,
        "name": host.name,
        "roles": list(host.roles),
        "addresses": addresses,
        "identity": host.identity,
        "evidence": list(host.evidence),
    }


def _row(row: RowResult) -> dict[str, object]:
    return {
        "row": row.row,
        "area": row.area,
        "verdict": row.verdict,
        "why": row.why,
        "unknown": list(row.unknown),
        "findings": [_finding(finding) for finding in row.findings],
    }


def _finding(finding: Finding) -> dict[str, object]:
    witness = finding.witness
    return {
        "id": finding.id,
        "check": finding.check,
        "severity": str(finding.severity),
        "resource": _resource(finding.resource),
        "message": finding.message,
        "witness": {"summary": witness.summary, "path": list(witness.path), "facts": dict(witness.facts)},
        "evidence": [_evidence(fact) for fact in finding.evidence],
        "hosts": list(finding.hosts),
        "changes": list(finding.changes),
        "advice": finding.advice,
        "waived": _waiver(finding.waived),
    }


def _resource(resource: Resource) -> dict[str, object]:
    return {"kind": resource.kind, "id": resource.id, "name": resource.name}


def _evidence(fact: Evidence) -> dict[str, object]:
    return {"resource": _resource(fact.resource), "rule": fact.rule, "call": fact.call, "fact": fact.fact}


def _waiver(waiver: Waiver | None) -> dict[str, object] | None:
    if waiver is None:
        return None
    return {"owner": waiver.owner, "reason": waiver.reason, "expires": waiver.expires}


def _change(change: Change) -> dict[str, object]:
    return {
        "id": change.id,
        "row": change.row,
        "kind": change.kind,
        "resource": _resource(change.resource),
        "rule": change.rule,
        "before": list(change.before),
        "after": list(change.after),
        "why": change.why,
        "proved": change.proved,
        "documents": list(change.documents),
        "statements": list(change.statements),
    }


def _gap(gap: Gap) -> dict[str, object]:
    return {
        "call": gap.call,
        "resource": gap.resource,
        "reason": gap.reason,
        "message": gap.message,
        "hides": list(gap.hides),
        "permission": gap.permission,
    }
