"""Phrases that every format shares: resources, hosts by role, the summary line."""

from __future__ import annotations

from collections import Counter

from cloudguard.results.change import Resource
from cloudguard.results.facts import Cluster, Gap, Host
from cloudguard.results.finding import Finding
from cloudguard.results.report import Report, Verdict

MOST_HOSTS = 10
"""More hosts than this are counted, not named, in what people read."""


def count(number: int, noun: str) -> str:
    """Return "1 host", "2 hosts"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def named(resource: Resource) -> str:
    """Return "filter sg-0abc (api)"."""
    name = f" ({resource.name})" if resource.name and resource.name != resource.id else ""
    return f"{resource.kind} {resource.id}{name}"


def roles(host: Host) -> str:
    """Return "control-plane+etcd", or "unknown role"."""
    return "+".join(host.roles) or "unknown role"


def hosts_by_role(cluster: Cluster) -> str:
    """Return "3 control-plane+etcd, 12 node"; says who runs a managed control plane."""
    tally = Counter(roles(host) for host in cluster.hosts)
    parts = [f"{number} {role}" for role, number in sorted(tally.items())]
    if cluster.managed:
        parts.append(f"control plane run by {cluster.managed_by or 'the provider'}")
    return ", ".join(parts) or "none found"


def cluster_lines(report: Report) -> tuple[tuple[str, str], ...]:
    """Return what the first lines say about the cluster, as (label, text)."""
    cluster = report.cluster
    made = f"{cluster.installer or 'unknown installer'} {cluster.version}".strip()
    place = " ".join((cluster.provider, cluster.account, ", ".join(cluster.regions)))
    return (
        ("cluster", f"{cluster.name} ({made}), {place}"),
        ("hosts", hosts_by_role(cluster)),
        ("scanned by", f"{cluster.scanned_by or 'unknown identity'}, {report.finished}"),
    )


def witness(finding: Finding) -> str:
    """Return the witness in a line ("" where the message says just that)."""
    return "" if finding.witness.summary == finding.message else finding.witness.summary


def host_list(hosts: tuple[str, ...]) -> str:
    """Return the first few ids and how many more there are."""
    more = len(hosts) - MOST_HOSTS
    return ", ".join(hosts[:MOST_HOSTS]) + (f" and {more} more" if more > 0 else "")


def waiver(finding: Finding) -> str:
    """Return who waived ``finding``, why and until when ("" if nobody did)."""
    waived = finding.waived
    return f"waived by {waived.owner} until {waived.expires}: {waived.reason}" if waived else ""


def gap_line(gap: Gap) -> str:
    """Return what was not read and, where a permission would help, which."""
    needs = f"; grant {gap.permission}" if gap.permission else ""
    return f"{gap.reason}: {gap.message}{needs}"


def summary(report: Report) -> str:
    """Return the last line: verdicts, findings by severity, and whether the picture is whole."""
    verdicts = Counter(row.verdict for row in report.rows)
    told = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in Verdict if verdicts[verdict])
    severities = Counter(str(finding.severity) for finding in report.findings if finding.waived is None)
    found = ", ".join(f"{number} {severity}" for severity, number in severities.items()) or "none"
    waived = sum(finding.waived is not None for finding in report.findings)
    parts = [told, f"findings: {found}" + (f", {waived} waived" if waived else "")]
    parts.append(count(len(report.plan), "change") + " proposed")
    if not report.complete:
        parts.append("INCOMPLETE")
    if report.gaps:
        parts.append(count(len(report.gaps), "gap"))
    return f"{report.cluster.name}: " + "; ".join(parts)
