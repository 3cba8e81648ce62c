"""Needs that excuse nothing outside the cluster, and declarations that allow everything, which are always shown."""

from __future__ import annotations

from typing import Any

import pytest

from cloudguard.needs.declarations import Declarations, DeclaredNeed, DeclaredPermission, DeclaredService
from gcp_clusters import WORLD, capg, gke, kops, open_ssh, openshift
from gcp_identities import bound
from gcp_judged import API, ETCD, IDENTITY, MASTERS, NODE, NODES, Build, opened, public, report_of
from gcp_proxy import Proxy
from gcp_ways_in import gke_beside
from granted_cases import ALL_GOOGLE, other

EVERYWHERE = "gcp:*:*:*:*:*"
OTHERS: dict[str, tuple[str, dict[str, Any]]] = {
    "every disk, for a driver that needs its volumes": ("compute.disks.delete", {}),
    "disks with a shorter name than volumes": ("compute.disks.delete", {"named": "*/disks/pv*"}),
    "disks with the names of others": ("compute.disks.use", {"named": "*/disks/data-*"}),
    "every machine, for a driver that needs its own": ("compute.instances.attachDisk", {}),
    "every snapshot, for a driver that needs its own": ("compute.snapshots.useReadOnly", {}),
    "images with the names of others": ("compute.images.useReadOnly", {"named": "*/images/golden-*"}),
    "every bucket, for images that are kept in some": ("storage.objects.get", {"role": "node"}),
    "writing where only reading is needed": ("storage.objects.create", {"role": "node"}),
    "repositories of other projects": (
        "artifactregistry.repositories.downloadArtifacts",
        {"role": "node", "on": EVERYWHERE},
    ),
    "logs of other projects": ("logging.logEntries.create", {"role": "node", "on": EVERYWHERE}),
    "metrics of other projects": ("monitoring.timeSeries.create", {"role": "node", "on": EVERYWHERE}),
    "firewalls of other projects": ("compute.firewalls.create", {"on": EVERYWHERE}),
    "a controller's need, for a node": ("compute.firewalls.create", {"role": "node"}),
    "an add-on's need that is not declared": ("dns.changes.create", {}),
    "DNS of other projects for a declared add-on": (
        "dns.changes.create",
        {"addons": ("external-dns",), "on": EVERYWHERE},
    ),
    "every machine for a declared autoscaler": ("compute.instances.delete", {"addons": ("cluster-autoscaler",)}),
    "another installer's need": ("compute.instances.setMetadata", {"installer": "kubeadm"}),
    "every service account for a machine API": ("iam.serviceAccounts.actAs", {"installer": "openshift"}),
}


@pytest.mark.mistake("need-too-wide")
@pytest.mark.parametrize(("permission", "rest"), OTHERS.values(), ids=OTHERS)
def test_a_need_excuses_only_the_cluster_s_own_resources(permission: str, rest: dict[str, Any]) -> None:
    fields = dict(rest)
    row = other("gcp", fields.pop("on", ALL_GOOGLE), permission, **fields).row
    assert row.verdict == "FAIL", row.why


WHY = "agreed with the owners"
ADMINS = (("0.0.0.0/0",), ("0.0.0.0/1", "128.0.0.0/1"), ("::/0",), ("34.0.0.0/7",), ("198.51.100.0/24", "0.0.0.0/2"))
TWO = (DeclaredService("tcp/1-32767", reason=WHY), DeclaredService("tcp/32768-65535", reason=WHY))
DECLARED: dict[str, tuple[Build, str, Declarations]] = {
    **{
        f"administrators from {', '.join(admins)}": (
            lambda: opened(public(kops(), "master-a"), "tcp:443", WORLD, targetTags=[MASTERS]),
            API,
            Declarations(admin_cidrs=admins, admin_reason=WHY),
        )
        for admins in ADMINS
    },
    "administrators of a GKE cluster": (gke, API, Declarations(admin_cidrs=(WORLD,), admin_reason=WHY)),
    "administrators of an OpenShift cluster": (openshift, API, Declarations(admin_cidrs=(WORLD,), admin_reason=WHY)),
    "a service on every port": (open_ssh, NODE, Declarations(services=(DeclaredService("tcp", reason=WHY),))),
    "two services on every port together": (open_ssh, NODE, Declarations(services=TWO)),
    "a need of everyone to etcd": (
        lambda: opened(public(kops(), "master-a"), "tcp:4001", WORLD, targetTags=[MASTERS]),
        ETCD,
        Declarations(needs=(DeclaredNeed(WORLD, "etcd", "tcp/4001", WHY),)),
    ),
    "a need of a network on every port": (
        lambda: opened(kops(), "all", "10.0.0.0/8", targetTags=[NODES]),
        NODE,
        Declarations(needs=(DeclaredNeed("10.0.0.0/8", "node", "tcp", WHY),)),
    ),
    "a need of the tag of another machine on every port": (
        lambda: opened(gke_beside(), "all", sourceTags=["jenkins"]),
        NODE,
        Declarations(needs=(DeclaredNeed("tag/jenkins", "node", "tcp", WHY),)),
    ),
    "a need of everyone to a Cluster API machine": (
        lambda: opened(public(capg(), "prod-node"), "tcp:22", WORLD, targetTags=["prod-node"]),
        NODE,
        Declarations(needs=(DeclaredNeed(WORLD, "node", "tcp/22", WHY),)),
    ),
    **{
        f"a need of the permission {action}": (
            lambda: bound("roles/x", "pubsub.topics.delete", "resourcemanager.projects.setIamPolicy"),
            IDENTITY,
            Declarations(permissions=(DeclaredPermission("node", (action,), ("*",), WHY),)),
        )
        for action in ("*", "*:*")
    },
}


@pytest.mark.mistake("declared-too-wide")
@pytest.mark.parametrize(("build", "name", "policy"), DECLARED.values(), ids=DECLARED)
def test_a_declaration_that_allows_everything_is_shown(
    google_cloud: Proxy, build: Build, name: str, policy: Declarations
) -> None:
    row = report_of(google_cloud, build(), policy=policy).row(name)
    shown = [finding for finding in row.findings if finding.check == f"{name}/declared"]
    assert [finding.resource.kind for finding in shown] == ["declaration"], [str(finding) for finding in row.findings]
    assert WHY in shown[0].message
    assert row.verdict != "PASS" or row.why.startswith("passes because of a declaration"), row.why
