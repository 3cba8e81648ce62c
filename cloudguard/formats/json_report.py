"""The report for programs: the JSON contract ``cloudguard/report/v1``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from cloudguard.formats.diff import after_lines, before_lines, documents, statement_lines
from cloudguard.formats.escaping import spelt_out
from cloudguard.formats.hops import lets_text, path_lines
from cloudguard.results.change import (
    AttributeEdit,
    Change,
    DocumentEdit,
    Edit,
    ListEdit,
    Procedure,
    Resource,
    RuleEdit,
    RulePeer,
    RuleTraffic,
)
from cloudguard.results.facts import Cluster, Gap, Host
from cloudguard.results.finding import Evidence, Finding, Waiver, Witness
from cloudguard.results.hop import Hop
from cloudguard.results.report import Basis, Report, RowResult


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
        "cluster": _cluster(report.cluster),
        "complete": report.complete,
        "rows": [_row(row, report.numbers) for row in report.rows],
        "plan": {"changes": [_change(change, messages) for change in report.plan]},
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
    parts = [part for port in host.interfaces for part in (*port.addresses, *port.public)]
    addresses = [text for part in parts for text in part.texts()]
    return {
        "id": host.id,
        "name": host.name,
        "roles": list(host.roles),
        "addresses": addresses,
        "identity": host.identity,
        "evidence": list(host.evidence),
        "role_evidence": [{"kind": one.kind, "strength": one.strength, "text": one.text} for one in host.role_evidence],
    }


def _row(row: RowResult, numbers: Mapping[str, int]) -> dict[str, object]:
    return {
        "row": row.row,
        "area": row.area,
        "verdict": row.verdict,
        "why": row.why,
        "basis": _basis(row.basis),
        "unknown": list(row.unknown),
        "findings": [_finding(finding, numbers[finding.id]) for finding in row.findings],
    }


def _basis(basis: Basis) -> dict[str, object]:
    hosts = [{"role": role, "count": number} for role, number in basis.hosts]
    examined = {
        "ways": basis.paths,
        "hosts": hosts,
        "disks": list(basis.disks),
        "identities": list(basis.identities),
    }
    assumed = [{"what": item.what, "source": item.source} for item in basis.assumed]
    return {"examined": examined, "assumed": assumed, "not_asked": []}


def _finding(finding: Finding, number: int) -> dict[str, object]:
    return {
        "id": finding.id,
        "number": number,
        "check": finding.check,
        "severity": str(finding.severity),
        "resource": _resource(finding.resource),
        "message": finding.message,
        "witness": _witness(finding.witness),
        "evidence": [_evidence(fact) for fact in finding.evidence],
        "hosts": list(finding.hosts),
        "changes": list(finding.changes),
        "advice": finding.advice,
        "waived": _waiver(finding.waived),
    }


def _witness(witness: Witness) -> dict[str, object]:
    return {
        "summary": witness.summary,
        "path": list(path_lines(witness)),
        "facts": dict(witness.facts),
        "source": witness.source,
        "target": witness.target,
        "service": witness.service,
        "hops": [_hop(hop) for hop in witness.path],
    }


def _hop(hop: Hop) -> dict[str, object]:
    named = {"kind": hop.kind, "id": hop.id, "name": hop.name}
    return {**named, "rule": hop.rule, "lets": lets_text(hop), "blamed": hop.attributed}


def _resource(resource: Resource) -> dict[str, object]:
    return {"kind": resource.kind, "id": resource.id, "name": resource.name}


def _evidence(fact: Evidence) -> dict[str, object]:
    return {"resource": _resource(fact.resource), "rule": fact.rule, "call": fact.call, "fact": fact.fact}


def _waiver(waiver: Waiver | None) -> dict[str, object] | None:
    if waiver is None:
        return None
    return {"owner": waiver.owner, "reason": waiver.reason, "expires": waiver.expires}


def _change(change: Change, messages: Mapping[str, str]) -> dict[str, object]:
    owner = f" ({change.owner})" if change.owner else ""
    return {
        "id": change.id,
        "row": change.row,
        "kind": change.kind,
        "resource": _resource(change.resource),
        "rule": change.rule,
        "order": change.order,
        "mends": list(change.mends),
        "edits": [edit_document(edit) for edit in change.edits],
        "before": list(before_lines(change)),
        "after": list(after_lines(change)),
        "why": "".join(messages[name] + owner for name in change.mends[:1]),
        "needs_input": list(change.needs_input),
        "owner": change.owner,
        "where": change.where,
        "proved": change.proved,
        "documents": list(documents(change)),
        "statements": list(statement_lines(change)),
    }


def edit_document(edit: Edit) -> dict[str, object]:
    """Return one edit as the contract's object: its ``op``, and what is edited."""
    match edit:
        case RuleEdit():
            return {"op": edit.op, **_rule_edit(edit)}
        case ListEdit():
            before, after = ([_peer(peer) for peer in peers] for peers in (edit.before, edit.after))
            return {"op": "list.set", "name": edit.name, "services": edit.services, "before": before, "after": after}
        case AttributeEdit():
            return {"op": "attribute.set", "name": edit.name, "before": edit.before, "after": edit.after}
        case DocumentEdit():
            return {"op": "document.put", "documents": list(edit.documents), "detach": list(edit.detached)}
        case Procedure():
            return {"op": "procedure", "before": list(edit.before), "steps": list(edit.steps)}


def _rule_edit(edit: RuleEdit) -> dict[str, object]:
    traffic = edit.after or edit.before
    rule = {"id": edit.rule, **(_traffic(traffic) | {"direction": traffic.direction} if traffic else {})}
    lost = _traffic(replace(edit.before, services=edit.loses)) if edit.before and edit.loses else None
    keeps = [_traffic(edit.after) | {"why": why} for why in edit.needs] if edit.after else []
    return {"rule": rule, "keeps": keeps, "loses": [lost] if lost else []}


def _traffic(traffic: RuleTraffic) -> dict[str, object]:
    return {"services": str(traffic.services), "peer": _peer(traffic.peer)}


def _peer(peer: RulePeer) -> dict[str, str]:
    return {"kind": peer.kind, "value": peer.value}


def _gap(gap: Gap) -> dict[str, object]:
    return {
        "call": gap.call,
        "resource": gap.resource,
        "reason": gap.reason,
        "message": gap.message,
        "hides": list(gap.hides),
        "permission": gap.permission,
    }
