"""Rules that a provider mandates, and what pods gain through the metadata service. Each id names the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

import builders
from builders import NETWORK, NODE, PRIVATE, RANGE, SOURCE, WORLD, group, host, interface, rule
from cloudguard.model.cluster import MetadataService
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.identity import Effect, Identities, Identity, PolicyDocument, PolicyKind, Statement
from cloudguard.model.network import Interface, Network, Subnet
from cloudguard.model.owner import Owner
from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.results.change import AttributeEdit
from cloudguard.results.finding import Severity
from cloudguard.results.report import Verdict
from cloudguard_aws.iam_catalog.catalog_of_cluster import iam_catalog as of_aws
from cloudguard_azure.iam_catalog.catalog_of_cluster import iam_catalog as of_azure
from cloudguard_azure.identity.resource_names import actions_of
from cloudguard_gcp.access.resource_names import action
from cloudguard_gcp.iam_catalog.catalog_of_cluster import iam_catalog as of_gcp
from judged import changes_of, rows_of

OWN, PODS, REMEDY = "10.0.1.0/24", "10.0.64.0/18", "two rules that come before it"
OWNER = Owner("cloud", "the cloud", instead=REMEDY)
OTHER = replace(PRIVATE, id="other", ranges=AddressSet.parse("10.0.7.0/24"))
POD_SUBNET = replace(PRIVATE, id="pods", ranges=AddressSet.parse(PODS))
CI, DATABASE = interface("ci", "private", "10.0.1.200"), interface("db", "private", "10.0.1.201")
FAR = interface("far", "other", "10.0.7.9")
AMONG_PODS = interface("build", "pods", "10.0.64.9")


def guarded(
    *ranges: str, neighbours: tuple[Interface, ...] = (), subnets: tuple[Subnet, ...] = (), services: str = "tcp/10250"
) -> Snapshot:
    """Return a node that a provider's own rules let ``ranges`` reach, and its neighbours."""
    rules = tuple(
        replace(rule(f"theirs-{number}", services, cidr), provider_mandated=True, written_by=OWNER)
        for number, cidr in enumerate(ranges)
    )
    guard = replace(group("nodes"), rules=rules)
    snapshot = builders.snapshot([host("n", NODE, "nodes")], [guard], subnets=[PRIVATE, *subnets], pods=(PODS,))
    return replace(snapshot, topology=replace(snapshot.topology, neighbours=neighbours))


def with_own_rule(services: str, peer: str, *, neighbours: tuple[Interface, ...] = (), other: bool = False) -> Snapshot:
    """Return the same node with a user's own rule in addition. ``other``: the network has another subnet."""
    snapshot = guarded(OWN, neighbours=neighbours, subnets=(OTHER,) if other else ())
    (guard,) = snapshot.topology.filters
    both = replace(guard, rules=(*guard.rules, rule("own", services, peer)))
    return replace(snapshot, topology=replace(snapshot.topology, filters=(both,)))


def subnet_per_region() -> Snapshot:
    """Return a network with a subnet in each region; the provider's rule lets all of them in."""
    snapshot = guarded("10.128.0.0/9", RANGE)
    there = replace(OTHER, ranges=AddressSet.parse("10.132.0.0/20"))
    whole = Network(NETWORK, "auto", AddressSet.of((RANGE, "10.128.0.0/9")), SOURCE)
    return replace(snapshot, topology=replace(snapshot.topology, networks=(whole,), subnets=(PRIVATE, there)))


LOW, MEDIUM = Severity.LOW, Severity.MEDIUM
RULES: dict[str, tuple[Snapshot, Severity, str]] = {
    "its own subnet": (guarded(OWN), LOW, ""),
    "a part of its own subnet": (guarded("10.0.1.0/25"), LOW, ""),
    "every port of its own subnet": (guarded(OWN, services="all"), LOW, ""),
    "a port that is only advice": (guarded(OWN, services="tcp/22"), LOW, ""),
    "its own subnet and its pods": (guarded(OWN, PODS, subnets=(POD_SUBNET,)), LOW, ""),
    "the network has no other subnet": (guarded(RANGE), LOW, ""),
    "a foreign machine in another subnet": (guarded(OWN, neighbours=(FAR,), subnets=(OTHER,)), LOW, ""),
    "a foreign machine in the other half of the subnet": (guarded("10.0.1.0/25", neighbours=(CI,)), LOW, ""),
    "a foreign machine in the node's subnet": (guarded(OWN, neighbours=(CI,)), MEDIUM, "ci is in these ranges today"),
    "a foreign interface with an owner": (
        guarded(OWN, neighbours=(replace(CI, owner="a database"),)),
        MEDIUM,
        "a database is in these ranges today",
    ),
    "two foreign machines": (guarded(OWN, neighbours=(DATABASE, CI)), MEDIUM, "ci, db are in these ranges today"),
    "a foreign machine in the range of the pods": (
        guarded(OWN, PODS, subnets=(POD_SUBNET,), neighbours=(AMONG_PODS,)),
        MEDIUM,
        "build is in these ranges today",
    ),
    "a foreign machine in the range of the pods, the only allowed range": (
        guarded(PODS, subnets=(POD_SUBNET,), neighbours=(AMONG_PODS,)),
        MEDIUM,
        "build is in these ranges today",
    ),
    "another subnet that is empty today": (guarded(RANGE, subnets=(OTHER,)), MEDIUM, ""),
    "a wider range than the pods": (guarded("10.0.0.0/17", subnets=(POD_SUBNET, OTHER)), MEDIUM, ""),
    "a subnet in each region": (subnet_per_region(), MEDIUM, ""),
    "everyone is allowed, but only the network has a path": (guarded(WORLD), MEDIUM, ""),
    "a user's own rule lets in the same": (with_own_rule("tcp/10250", OWN), LOW, ""),
    "a user's own rule lets in a part of the same": (with_own_rule("tcp/10250", "10.0.1.0/25"), LOW, ""),
    "a user's own rule lets in more senders": (with_own_rule("tcp/10250", RANGE, other=True), MEDIUM, ""),
    "a user's own rule lets in the same, and a foreign machine is there": (
        with_own_rule("tcp/10250", OWN, neighbours=(CI,)),
        MEDIUM,
        "ci is in these ranges today",
    ),
}


@pytest.mark.parametrize(("snapshot", "severity", "words"), RULES.values(), ids=RULES)
def test_a_mandated_rule_s_severity_depends_on_what_it_lets_in_today(
    snapshot: Snapshot, severity: Severity, words: str
) -> None:
    row = rows_of(snapshot)["node-access"]
    (finding,) = row.findings
    assert (finding.severity, row.verdict) == (severity, Verdict.PASS if severity is LOW else Verdict.FAIL)
    assert words in finding.message
    assert ("today" in finding.message) is bool(words)
    assert {fact.rule for fact in finding.evidence} & {"theirs-0", "theirs-1"}


@pytest.mark.parametrize("snapshot", [one[0] for one in RULES.values()], ids=RULES)
def test_a_rule_that_the_provider_restores_is_never_edited(snapshot: Snapshot) -> None:
    """The remedy is the advice, or the place of the rule's change; the rule itself is not edited."""
    (finding,) = rows_of(snapshot)["node-access"].findings
    changes = [change for change in changes_of(snapshot, row="node-access") if change.rule.startswith("theirs")]
    assert {change.where for change in changes} <= {REMEDY}
    assert finding.advice == REMEDY or changes


def as_action(cloud: str, permission: str) -> str:
    """Return a cloud's permission as an action."""
    if cloud == "azure":
        return actions_of(permission)[0]
    return action(permission) if cloud == "gcp" else permission


def metadata(cloud: str, *granted: str, switch: bool = False, service: str = "remedy of the cloud") -> Snapshot:
    """Return a node whose pods reach the metadata service; its identity has the grants ``granted``."""
    names = {"aws": "arn:aws:iam::1:role/node", "gcp": "gcp:1:iam:serviceAccount::n@x", "azure": "azure:1:g:a:b:n"}
    everything = {"aws": "*", "gcp": "gcp:1:*:*:*:*", "azure": "azure:1:*:*:*:*"}[cloud]
    statement = Statement(
        "#1", Effect.ALLOW, tuple(as_action(cloud, action) for action in granted), resources=(everything,)
    )
    policy = PolicyDocument("p", "p", PolicyKind.GRANT, "user", "{}", (statement,) if granted else (), SOURCE)
    identity = Identity(names[cloud], "node", ("node",), ("p",), SOURCE)
    open_ = MetadataService(enabled=True, tokens_required=False, hop_limit=1, remedy=service, has_switch=switch)
    node = replace(host("n", NODE, identity=identity.id), metadata=open_)
    return builders.snapshot([node], identities=Identities((identity,), (policy,)), provider=cloud)


CATALOGS = {"aws": of_aws, "gcp": of_gcp, "azure": of_azure}
IDENTITIES: dict[str, tuple[Snapshot, Severity | None]] = {
    "gcp: nothing": (metadata("gcp"), None),
    "gcp: nothing, with a switch": (metadata("gcp", switch=True), None),
    "gcp: logs": (metadata("gcp", "logging.logEntries.create"), LOW),
    "gcp: metrics": (metadata("gcp", "monitoring.timeSeries.create"), LOW),
    "gcp: images": (metadata("gcp", "artifactregistry.repositories.downloadArtifacts"), LOW),
    "gcp: logs, with a switch that is off": (metadata("gcp", "logging.logEntries.create", switch=True), MEDIUM),
    "gcp: objects": (metadata("gcp", "storage.objects.get"), MEDIUM),
    "gcp: listing of machines": (metadata("gcp", "compute.instances.list"), MEDIUM),
    "gcp: writing and reading logs": (metadata("gcp", "logging.logEntries.create", "logging.logEntries.list"), MEDIUM),
    "azure: nothing": (metadata("azure"), None),
    "azure: images": (metadata("azure", "Microsoft.ContainerRegistry/registries/pull/read"), LOW),
    "azure: pulling and pushing images": (
        metadata(
            "azure",
            "Microsoft.ContainerRegistry/registries/pull/read",
            "Microsoft.ContainerRegistry/registries/push/write",
        ),
        MEDIUM,
    ),
    "azure: disks": (metadata("azure", "Microsoft.Compute/disks/write"), MEDIUM),
    "aws: nothing": (metadata("aws", switch=True), None),
    "aws: images, with a switch that is off": (metadata("aws", "ecr:GetAuthorizationToken", switch=True), MEDIUM),
}


def catalog_of(snapshot: Snapshot) -> IamCatalog:
    return CATALOGS[snapshot.cluster.provider](snapshot)


@pytest.mark.parametrize(("snapshot", "severity"), IDENTITIES.values(), ids=IDENTITIES)
def test_the_metadata_service_s_severity_depends_on_the_identity_s_grants(
    snapshot: Snapshot, severity: Severity | None
) -> None:
    row = rows_of(snapshot, None, catalog_of(snapshot))["cloud-api-access"]
    findings = [finding for finding in row.findings if finding.check.endswith("/metadata")]
    assert [finding.severity for finding in findings] == ([severity] if severity else [])
    changes = changes_of(snapshot, None, catalog_of(snapshot), row="cloud-api-access")
    edits = [edit for change in changes if change.kind == "metadata.restrict" for edit in change.edits]
    assert [edit.after for edit in edits if isinstance(edit, AttributeEdit)] == ["remedy of the cloud"] * len(findings)
