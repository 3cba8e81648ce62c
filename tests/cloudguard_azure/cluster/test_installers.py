"""Clusters made by their installers' own definitions: the hosts and the findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pytest

import azure_installers as made
from azure_fixtures import Subscription
from azure_proxy import AzureProxy
from azure_server import Azure
from cloudguard import collection, pipeline
from cloudguard.model.cluster import Role, Strength
from cloudguard.results.finding import Severity
from cloudguard.results.report import Verdict
from marked_scenes import API, DISKS, ETCD, IDENTITY, NODES, Found

FAIL, PASS, UNKNOWN, PROVIDER = Verdict.FAIL, Verdict.PASS, Verdict.UNKNOWN, Verdict.PROVIDER
ROWS: Final = (API, NODES, IDENTITY, ETCD, DISKS)
CONTROL, NODE = [Role.CONTROL_PLANE], [Role.NODE]
WORLD = (f"{API}/internet", "critical")
ETCD_INSIDE = (f"{ETCD}/inside", "high")
INSIDE = (f"{NODES}/inside", "medium")
SPRAY = {Role.CONTROL_PLANE: ["roles=kube_control_plane,etcd"], Role.NODE: ["roles=kube_node"]}


@dataclass(frozen=True)
class Installed:
    """A cluster, the user's flags for its hosts, the expected hosts, and the expected verdicts of the five rows."""

    build: Callable[[], Subscription]
    servers: int
    nodes: int
    verdicts: Sequence[Verdict]
    findings: Sequence[Found]
    hosts: Mapping[str, Sequence[Role]] = field(default_factory=dict[str, Sequence[Role]])
    tags: Mapping[Role, Sequence[str]] = field(default_factory=dict[Role, Sequence[str]])
    strength: Strength = Strength.WEAK


CASES: Mapping[str, Installed] = {
    "typhoon": Installed(
        made.typhoon,
        1,
        2,
        (FAIL, FAIL, PASS, FAIL, PASS),
        (WORLD, (f"{NODES}/internet", "critical"), INSIDE, INSIDE, ETCD_INSIDE),
        hosts={"prod-controller-0": CONTROL, "prod-worker_0": NODE},
    ),
    "talos": Installed(
        made.talos,
        3,
        0,
        (FAIL, FAIL, UNKNOWN, FAIL, PASS),
        (WORLD, (f"{NODES}/internet", "high"), INSIDE, (f"{ETCD}/internet", "critical"), ETCD_INSIDE),
        hosts={"talos-controlplane-0": CONTROL},
    ),
    "openshift": Installed(
        made.openshift,
        3,
        1,
        (FAIL, FAIL, FAIL, FAIL, PASS),
        (WORLD, INSIDE, (f"{IDENTITY}/inside", "medium"), (f"{IDENTITY}/metadata", "medium"), ETCD_INSIDE),
        strength=Strength.STRONG,
    ),
    "kubespray": Installed(
        made.kubespray, 1, 1, (PASS, FAIL, PASS, FAIL, PASS), (INSIDE, INSIDE, ETCD_INSIDE), tags=SPRAY
    ),
    "by-hand": Installed(
        made.by_hand,
        1,
        1,
        (PASS, FAIL, PASS, FAIL, PASS),
        (INSIDE, ETCD_INSIDE),
        hosts={"kube-master": CONTROL, "kube-worker-1": NODE},
    ),
    "capz-machine-pool": Installed(
        made.capz_pool, 1, 2, (FAIL, FAIL, PASS, FAIL, PASS), (WORLD, INSIDE, INSIDE, ETCD_INSIDE)
    ),
    "aks-baseline": Installed(
        made.aks_baseline, 0, 2, (PASS, FAIL, PASS, PROVIDER, PROVIDER), (INSIDE,), strength=Strength.STRONG
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_cluster_is_found_and_judged_as_defined_by_its_installer(azure_cloud: AzureProxy, name: str) -> None:
    case, azure_cloud.azure = CASES[name], Azure(CASES[name].build())
    options = {"subscription": (azure_cloud.azure.account.subscription,)}
    snapshot = collection.collect("azure", cluster="prod", options=options, extra_hosts=case.hosts, role_tags=case.tags)
    report = pipeline.evaluate(snapshot)
    assert (snapshot.gaps, snapshot.cluster.installer_strength) == ((), case.strength)
    counts = len(snapshot.cluster.hosts_by(Role.CONTROL_PLANE)), len(snapshot.cluster.hosts_by(Role.NODE))
    assert counts == (case.servers, case.nodes)
    assert [report.row(row).verdict for row in ROWS] == [*case.verdicts]
    worse = [
        (finding.check, finding.severity.name.lower()) for finding in report.findings if finding.severity > Severity.LOW
    ]
    assert sorted(worse) == sorted(case.findings)
