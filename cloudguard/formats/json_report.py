"""The report for programs: the JSON contract ``cloudguard/report/v1``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace

from cloudguard.formats.diff import after_lines, before_lines, documents, statement_lines
from cloudguard.formats.escaping import spelt_out
from cloudguard.formats.hops import lets_text, path_lines
from cloudguard.results.change import (
    AttributeEdit,
    Change,
    DocumentEdit,
    Edit,
    GroupEdit,
    ListEdit,
    MembershipEdit,
    Procedure,
    RuleEdit,
    RuleTraffic,
)
from cloudguard.results.facts import Action, Cluster, Host
from cloudguard.results.finding import Finding, Witness
from cloudguard.results.hop import Hop
from cloudguard.results.report import Basis, Report, RowResult

_OPS = {
    ListEdit: "list.set",
    AttributeEdit: "attribute.set",
    GroupEdit: "group.add",
    MembershipEdit: "membership.move",
    Procedure: "procedure",
}


def render(report: Report) -> str:
    """Return ``report`` as JSON in ASCII; equal reports give equal text."""
    document = json.loads(spelt_out(json.dumps(_report(report), ensure_ascii=False)))
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _report(report: Report) -> dict[str, object]:
    name, _, version = report.tool.partition(" ")
    messages = {finding.id: finding.message for finding in report.findings}
    return {
        "schema": report.schema,
        "tool": {"name": name, "version": version},
        "started": report.started,
        "finished": report.finished,
        "snapshot_sha256": report.snapshot_sha256,
        "declarations": {each.name: {"values": each.values, "from": each.origin} for each in report.declarations},
        "cluster": cluster_document(report.cluster),
        "complete": report.complete,
        "rows": [_row(row, report.numbers) for row in report.rows],
        "plan": {"changes": [change_document(change, messages) for change in report.plan]},
        "gaps": [asdict(gap) for gap in report.gaps],
        "waivers": [asdict(use) for use in report.waivers],
        "since": asdict(report.since) if report.since else None,
    }


def cluster_document(cluster: Cluster) -> dict[str, object]:
    """Return the cluster as the contract's object."""
    return {
        "name": cluster.name,
        "provider": cluster.provider,
        "account": cluster.account,
        "region": ",".join(cluster.regions),
        "regions": cluster.regions,
        "installer": cluster.installer,
        "version": cluster.version,
        "managed": cluster.managed,
        "scanned_by": cluster.scanned_by,
        "hosts": [_host(host) for host in cluster.hosts],
    }


def _host(host: Host) -> dict[str, object]:
    parts = [part for port in host.interfaces for part in (*port.addresses, *port.public)]
    addresses = [text for part in parts for text in part.texts()]
    return {
        "id": host.id,
        "name": host.name,
        "roles": host.roles,
        "addresses": addresses,
        "identity": host.identity,
        "evidence": host.evidence,
        "role_evidence": [asdict(evidence) for evidence in host.role_evidence],
    }


def _row(row: RowResult, numbers: Mapping[str, int]) -> dict[str, object]:
    return {
        "row": row.row,
        "area": row.area,
        "verdict": row.verdict,
        "why": row.why,
        "basis": _basis(row.basis),
        "unknown": row.unknown,
        "findings": [_finding(finding, numbers[finding.id]) for finding in row.findings],
    }


def _basis(basis: Basis) -> dict[str, object]:
    hosts = [{"role": role, "count": number} for role, number in basis.hosts]
    examined = {"ways": basis.paths, "hosts": hosts, "disks": basis.disks, "identities": basis.identities}
    examined["keys"] = basis.keys
    return {
        "examined": examined,
        "assumed": [asdict(item) for item in basis.assumed],
        "declared": basis.declared,
        "not_asked": [asdict(item) for item in basis.not_asked],
        "settings": [{"name": name, "value": value} for name, value in basis.settings],
    }


def _finding(finding: Finding, number: int) -> dict[str, object]:
    return {
        "id": finding.id,
        "number": number,
        "check": finding.check,
        "severity": str(finding.severity),
        "resource": asdict(finding.resource),
        "message": finding.message,
        "witness": _witness(finding.witness),
        "evidence": [asdict(fact) for fact in finding.evidence],
        "hosts": finding.hosts,
        "changes": finding.changes,
        "advice": finding.advice,
        "references": [asdict(reference) for reference in finding.references],
        "width": finding.width,
        "waived": asdict(finding.waived) if finding.waived else None,
    }


def _witness(witness: Witness) -> dict[str, object]:
    return {
        "summary": witness.summary,
        "path": path_lines(witness),
        "facts": dict(witness.facts),
        "source": witness.source,
        "target": witness.target,
        "service": witness.service,
        "hops": [_hop(hop) for hop in witness.path],
    }


def _hop(hop: Hop) -> dict[str, object]:
    named = {"kind": hop.kind, "id": hop.id, "name": hop.name}
    return {**named, "rule": hop.rule, "lets": lets_text(hop), "blamed": hop.attributed}


def change_document(change: Change, messages: Mapping[str, str]) -> dict[str, object]:
    """Return a change as the contract's object; ``messages`` are those of findings, by their ids."""
    owner = f" ({change.owner})" if change.owner else ""
    return {
        "id": change.id,
        "row": change.row,
        "kind": change.kind,
        "resource": asdict(change.resource),
        "rule": change.rule,
        "order": change.order,
        "mends": change.mends,
        "edits": [edit_document(edit) for edit in change.edits],
        "before": before_lines(change),
        "after": after_lines(change),
        "why": "".join(messages[name] + owner for name in change.mends[:1]),
        "needs_input": change.needs_input,
        "owner": change.owner,
        "undone": change.undone,
        "where": change.where,
        "proved": change.proved,
        "keeps": [{"services": str(one.services), "peer": asdict(one.peer), "why": one.why} for one in change.keeps],
        "loses": [_traffic(traffic) for traffic in change.loses],
        "left": [{"services": str(one.services), "peer": asdict(one.peer), "why": one.why} for one in change.left],
        "documents": documents(change),
        "statements": statement_lines(change),
    }


def edit_document(edit: Edit) -> dict[str, object]:
    """Return one edit as the contract's object: its ``op``, and what is edited."""
    match edit:
        case RuleEdit():
            return {"op": edit.op, **_rule_edit(edit)}
        case DocumentEdit():
            return {"op": "document.put", "documents": edit.documents, "detach": edit.detached}
        case ListEdit() | AttributeEdit() | GroupEdit() | MembershipEdit() | Procedure():
            return {"op": _OPS[type(edit)], **asdict(edit)}


def _rule_edit(edit: RuleEdit) -> dict[str, object]:
    traffic = edit.after or edit.before
    rule = {"id": edit.rule, **(_traffic(traffic) | {"direction": traffic.direction} if traffic else {})}
    lost = _traffic(replace(edit.before, services=edit.loses)) if edit.before and edit.loses else None
    keeps = [_traffic(edit.after) | {"why": why} for why in edit.needs] if edit.after else []
    return {"rule": rule, "keeps": keeps, "loses": [lost] if lost else []}


def _traffic(traffic: RuleTraffic) -> dict[str, object]:
    denied = {"action": traffic.action} if traffic.action is Action.DENY else {}
    return {"services": str(traffic.services), "peer": asdict(traffic.peer), **denied}
