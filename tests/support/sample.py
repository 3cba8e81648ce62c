"""A small handmade cluster for tests without a cloud: a control-plane host open to the internet, and nodes."""

from __future__ import annotations

from dataclasses import replace

import builders
from cloudguard.model.cluster import Disk, EvidenceKind, Host, Role, RoleEvidence
from cloudguard.model.filters import Action, Direction, Filter, Group, Peer, Rule
from cloudguard.model.network import Interface, NextHop, Route, Subnet
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Gap, Reason, Source
from cloudguard.packet_sets.addresses import ALL4, AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.results.change import Change, Procedure, Resource
from cloudguard.results.finding import Evidence, Finding, Severity, Waiver, Witness
from cloudguard.results.hop import Hop, HopKind
from cloudguard.results.report import Assumed, Basis, NotAsked, Report, RowResult, Verdict

READ = Source("memory:Read", "everything")
TAGGED = RoleEvidence(EvidenceKind.INSTALLER, "a tag says so")
HOSTILE = "a\x1b[31mred\r\nb\u202egnp.\x9b`|<b>_*[x](http://e.vil)@who\ud800"
"""A hostile name: escape codes, line breaks, bidi and C1 characters, markup, links, a lone surrogate."""


def rule(name: str, services: str, cidr: str = "", group: str = "") -> Rule:
    """Return an ingress rule that permits ``services`` from a CIDR or a group."""
    peer = Peer(AddressSet.parse(cidr)) if cidr else Peer(group=group)
    return Rule(name, Direction.INGRESS, Action.PERMIT, ServiceSet.parse(services), peer, READ)


def host(name: str, roles: tuple[Role, ...], address: str, filters: tuple[str, ...], public: str = "") -> Host:
    """Return a host with one interface."""
    own_addresses, outside = (AddressSet.parse(address),), tuple(map(AddressSet.parse, filter(None, [public])))
    port = Interface(f"nic-{name}", "seg-1", own_addresses, READ, outside, filters, filters)
    return Host(name, name, roles, (TAGGED,), (port,), READ)


def snapshot(*, gaps: tuple[Gap, ...] = (), name: str = "prod", nodes: int = 2) -> Snapshot:
    """Return the snapshot of the sample. It is always the same."""
    masters = (host("m-1", (Role.CONTROL_PLANE, Role.ETCD), "10.0.0.10", ("f-masters",), "198.51.100.10"),)
    workers = tuple(
        host(f"n-{number}", (Role.NODE,), f"10.0.{1 + number // 200}.{1 + number % 200}", ("f-nodes",))
        for number in range(nodes)
    )
    filters = (
        Filter(
            "f-masters",
            "masters",
            "group",
            (
                rule("r-api", "tcp/6443", "0.0.0.0/0"),
                rule("r-nodes", "tcp/6443", group="f-nodes"),
                rule("r-etcd", "tcp/2379-2380", "0.0.0.0/0"),
            ),
            READ,
        ),
        Filter("f-nodes", "nodes", "group", (rule("r-kubelet", "tcp/10250", group="f-masters"),), READ),
    )
    addresses = AddressSet.parse("10.0.0.0/16")
    routes = (Route(addresses, NextHop.LOCAL, "", READ), Route(ALL4, NextHop.INTERNET, "gw-1", READ))
    facts = builders.snapshot(
        [*masters, *workers],
        filters,
        subnets=[Subnet("seg-1", "all", builders.NETWORK, "zone-1", addresses, (), routes, READ)],
        groups=[Group("f-masters", "masters", READ), Group("f-nodes", "nodes", READ)],
        disks=[Disk("d-1", "root", "m-1", "/dev/a", encrypted=True, key="", source=READ)],
        gaps=gaps,
        provider="memory",
        account="1234",
    )
    cluster = replace(facts.cluster, name=name, version="1.33", scanned_by="auditor")
    return replace(facts, started="2026-01-01T00:00:00Z", finished="2026-01-01T00:00:05Z", cluster=cluster)


GAP = Gap("memory:ReadFilters", "f-nodes", Reason.DENIED, "access denied", (FactKind.FILTERS,), "memory:read")


def finding(
    number: int = 1,
    severity: Severity = Severity.HIGH,
    text: str = "open",
    waived: Waiver | None = None,
    changes: tuple[str, ...] = (),
) -> Finding:
    """Return a handmade finding. ``text`` is in every place that outside data may fill."""
    resource = Resource("filter", f"f-{number}", text)
    hop = Hop(HopKind.TARGET_FILTER, f"f-{number}", text, "gate", "r-1", text)
    return Finding(
        id=f"{number:012x}",
        check="etcd-access/inside",
        severity=severity,
        resource=resource,
        message=f"message {text}",
        witness=Witness(f"witness {text}", (hop,), (("port", text),)),
        evidence=(Evidence(resource, f"r-{text}", "memory:Read", f"fact {text}"),),
        hosts=(f"h-{text}",),
        changes=changes,
        waived=waived,
    )


def change(text: str = "open", mends: tuple[str, ...] = ()) -> Change:
    """Return a handmade change."""
    edits = (Procedure((f"before {text}",), (f"after {text}",)),)
    return Change(
        "c-1", "etcd-access", "rule.narrow", Resource("filter", "f-1", text), edits, "r-1", mends=mends, order=1
    )


BASIS = Basis(
    13,
    (("node", 3),),
    ("d-1",),
    ("id-1", "id-2"),
    (Assumed("etcd: tcp/2379-2380", "kubeadm"),),
    (NotAsked("Tunnel", "memory:ReadTunnels"),),
    ("k-1",),
    ("etcd-port",),
    (("encryption at host", "on (n)"),),
)


def report(*findings: Finding, text: str = "prod", unknown: tuple[str, ...] = (), gaps: tuple[Gap, ...] = ()) -> Report:
    """Return a handmade report with all findings in one row. ``text`` is in every place that outside data may fill."""
    verdict = Verdict.FAIL if findings else Verdict.UNKNOWN if unknown else Verdict.PASS
    rows = (
        RowResult("etcd-access", "Access to etcd", verdict, f"why {text}", findings, unknown, BASIS),
        RowResult("etcd-encryption", "etcd Encryption", Verdict.PASS, "all is well"),
    )
    base = snapshot(name=text)
    plan = (change(text, tuple(finding.id for finding in findings if "c-1" in finding.changes)),) if findings else ()
    return Report("cloudguard 0", base.started, base.finished, base.cluster, rows, plan, gaps)
