"""A handmade report with everything that a page can show. ``text`` is in every place that outside data may fill."""

from __future__ import annotations

from dataclasses import replace

import sample
from cloudguard.model.cluster import Disk, DiskSnapshot, EvidenceKind, RoleEvidence
from cloudguard.model.filters import Direction
from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard.model.keys import Key, KeyManager, KeyState
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.results.change import Change, PeerOf, Resource, RuleEdit, RuleOp, RulePeer, RuleTraffic
from cloudguard.results.comparison import Fate, FindingChange
from cloudguard.results.document_edit import DocumentEdit, StatementChange, StatementFate
from cloudguard.results.finding import Evidence, Finding, Latent, Severity, Waiver, WaiverState, WaiverUse, Witness
from cloudguard.results.hop import Hop, HopKind
from cloudguard.results.network.exposure import ENDPOINT, HostExposure, ServiceExposure, Widest
from cloudguard.results.reference import Reference
from cloudguard.results.report import Assumed, Declared, Report, RowResult, Undecided, Verdict
from cloudguard.results.since import Since

AREAS = (
    ("api-server-access", "Network access to API Server (Control plane)"),
    ("node-access", "Network access to Nodes (nodes)"),
    ("cloud-api-access", "Kubernetes access to Cloud Provider API"),
    ("etcd-access", "Access to etcd"),
    ("etcd-encryption", "etcd Encryption"),
)


def traffic(services: str, peer: str) -> RuleTraffic:
    """Return the traffic of an ingress rule that permits ``services`` from the range ``peer``."""
    return RuleTraffic(Direction.INGRESS, ServiceSet.parse(services), RulePeer(PeerOf.RANGE, peer))


def _finding(number: int, check: str, severity: Severity, resource: Resource, witness: Witness) -> Finding:
    evidence = Evidence(resource, f"r-{number}", "memory:Read", f"fact of {resource.name}")
    message = f"message {number} of {resource.name}"
    return Finding(f"{number:012x}", check, severity, resource, message, witness, (evidence,), ("m-1",))


def network_finding(text: str) -> Finding:
    """Return a finding whose path has a load balancer, an open subnet filter, and the rule that causes the finding."""
    hops = (
        Hop(HopKind.BALANCER, "lb-1", text, "balancer", lets="tcp/443"),
        Hop(HopKind.BALANCER_FILTER, "lb-1", text, "balancer"),
        Hop(HopKind.CLIENT_ADDRESS, "lb-1", text, "balancer", lets="preserved"),
        Hop(HopKind.SUBNET_FILTER, "acl-1", "", "subnet filter", "r-100", traffic("all", "0.0.0.0/0")),
        Hop(HopKind.TARGET_FILTER, "f-1", text, "filter", "r-1", traffic("tcp/6443", "0.0.0.0/0"), attributed=True),
    )
    facts = (("origin", "the internet"),)
    witness = Witness(f"198.51.100.7 → {text}", hops, facts, "198.51.100.7", f"m-1 ({text})", "tcp 6443")
    resource = Resource("filter", "f-1", text)
    finding = _finding(1, "api-server-access/internet", Severity.CRITICAL, resource, witness)
    latent = Latent(resource, "r-2", f"tcp/22 from {text}", f"barrier {text}")
    documented = Reference("Kubernetes", text, "https://kubernetes.io/docs/", text)
    references = (documented, Reference("Odd", text, f"javascript:{text}", text))
    return replace(finding, changes=("narrow",), advice=f"advice {text}", latent=latent, references=references)


def identity_finding(text: str) -> Finding:
    """Return a finding about a statement of an identity."""
    hop = Hop(HopKind.STATEMENT, "p-1", text, rule="#1", lets="allow * on *", attributed=True)
    witness = Witness(f"disk:Delete on {text}", (hop,), (("action", "disk:Delete"), ("resource", text)))
    resource = Resource("identity", "id-1", text)
    finding = _finding(2, "cloud-api-access/administrator", Severity.HIGH, resource, witness)
    return replace(finding, changes=("policy",))


def disk_finding(text: str, waived: Waiver | None = None) -> Finding:
    """Return a finding about a disk, with an expired key and a shared copy."""
    finding = _finding(3, "etcd-encryption/disk", Severity.MEDIUM, Resource("disk", "d-9", text), Witness(text))
    return replace(finding, waived=waived)


def plan(text: str) -> tuple[Change, ...]:
    """Return a change of a rule, and a change of an identity's policies."""
    edit = RuleEdit(
        RuleOp.MODIFY, "r-1", traffic("tcp/6443", "0.0.0.0/0"), traffic("tcp/6443", "192.0.2.0/24"), (text,)
    )
    rule = Change("narrow", "api-server-access", "rule.narrow", Resource("filter", "f-1", text), (edit,), "r-1")
    wide = Statement("#1", Effect.ALLOW, ("*",), resources=("*",))
    less = Statement(
        "disks", Effect.ALLOW, ("disk:Attach",), resources=(text,), conditions=(Condition("Equals", "tag", (text,)),)
    )
    fates = (
        StatementChange(StatementFate.NARROW, text, wide, (less,)),
        StatementChange(StatementFate.KEEP, text, less),
        StatementChange(StatementFate.ADD, "", replace(less, name="new")),
    )
    documents = DocumentEdit((f'{{\n  "of": "{text}"\n}}',), (less,), fates, (f"managed {text}",), f"not proved {text}")
    policy = Change("policy", "cloud-api-access", "permission.remove", Resource("identity", "id-1", text), (documents,))
    return (
        replace(rule, order=1, mends=(f"{1:012x}",), owner=f"owner {text}", proved=True),
        replace(policy, order=2, mends=(f"{2:012x}",)),
    )


def exposures(text: str) -> tuple[HostExposure, ...]:
    """Return exposures of every ``Widest``, and an exposure that may be wider."""
    services = tuple(
        ServiceExposure(str(widest), "tcp/22,tcp/3389", widest, (text,), (f"balancer {text}",)) for widest in Widest
    )
    endpoint = ServiceExposure("internet", "tcp/443", Widest.NOBODY, possible=Widest.INTERNET)
    return HostExposure("node", 2, text, services), HostExposure(ENDPOINT, 0, text, (endpoint,))


def since_report(text: str, findings: tuple[Finding, ...]) -> Since:
    """Return the differences: the first finding is new, the others are unchanged, one is fixed, one is unconfirmed."""
    fates = {0: Fate.NEW}
    changes = [
        FindingChange(
            fates.get(place, Fate.UNCHANGED), finding.id, finding.check, str(finding.severity), finding.message
        )
        for place, finding in enumerate(findings)
    ]
    gone = FindingChange(Fate.FIXED, "f" * 12, "node-access/internet", "high", f"gone {text}")
    unseen = FindingChange(Fate.UNCONFIRMED, "e" * 12, "node-access/inside", "low", f"unseen {text}", why=f"gap {text}")
    return Since("2025-12-31T00:00:00Z", (*changes, gone, unseen), ("node-access",), ("etcd-access",))


def report(text: str = "prod", waived: Waiver | None = None) -> Report:
    """Return the report, with different verdicts in its rows."""
    base = sample.snapshot(name=text, gaps=(sample.GAP,))
    copy = DiskSnapshot("s-1", "d-9", encrypted=False, shared_with=(f"friend {text}",), source=sample.READ)
    evidence = RoleEvidence(EvidenceKind.DISK, text)
    disk = Disk("d-9", text, "m-1", "/dev/b", encrypted=False, key="k-1", source=sample.READ, etcd_evidence=evidence)
    cluster = replace(
        base.cluster,
        disks=(replace(disk, snapshots=(copy, replace(copy, id="s-2", shared_with=None))),),
        keys=(Key("k-1", KeyManager.CUSTOMER, KeyState.EXPIRED, sample.READ),),
    )
    basis = replace(sample.BASIS, assumed=(Assumed(f"etcd: {text}", text),))
    question = Undecided(f"unknown {text}", f"sender {text}", "tcp/22", text, f"reason {text}", ("memory:Read",), text)
    found = ((network_finding(text),), (), (identity_finding(text),), (), (disk_finding(text, waived),))
    verdicts = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.FAIL, Verdict.PROVIDER, Verdict.FAIL)
    rows = tuple(
        RowResult(
            name,
            area,
            verdict,
            f"why {text}",
            findings,
            (f"unknown {text}",) * (not findings),
            replace(basis, exposure=exposures(text) if name == "node-access" else ()),
            (question,) * (not findings),
            f"asked for {text}",
        )
        for (name, area), verdict, findings in zip(AREAS, verdicts, found, strict=True)
    )
    declared = (Declared("admin-cidr", (text,), f"--admin-cidr {text}"),)
    gaps = (replace(sample.GAP, message=text),)
    since = since_report(text, tuple(finding for row in rows for finding in row.findings))
    made = Report("cloudguard 0", base.started, base.finished, cluster, rows, plan(text), gaps, declared, since)
    return replace(made, waivers=waivers(text, waived))


def waivers(text: str, waived: Waiver | None) -> tuple[WaiverUse, ...]:
    """Return the use of two waivers: an active one (``waived``, if given), and an expired one."""
    expired = WaiverUse(
        2,
        text,
        f"about {text}",
        text,
        f"because {text}",
        "2025-12-29",
        WaiverState.EXPIRED,
        -3,
        uncovered=(f"{1:012x}",),
    )
    if waived is None:
        return (expired,)
    who, why, until = waived.owner, waived.reason, waived.expires
    return WaiverUse(1, text, f"{3:012x}", who, why, until, WaiverState.ACTIVE, 31, (f"{3:012x}",)), expired
