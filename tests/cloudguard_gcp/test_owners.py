"""Projects where a program writes the resources to change: each change names the program and where to edit."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from gcp_clusters import WORLD, open_ssh
from gcp_project import Project
from gcp_proxy import Proxy
from gcp_scenes import SCENES
from gcp_server import Google

Said = tuple[str, str, str]
"""Parts of the expected texts: the writer of a rule or endpoint, when it undoes manual edits, and where to edit."""
GKE = ("GKE", "by GKE", "with a smaller priority number")
SERVICE = ("the cloud controller, for a Service of type LoadBalancer", "the Service's next reconciliation")


def opened(name: str, ports: str = "tcp:22", **more: str) -> Callable[[], Project]:
    """Return a function that builds a cluster whose nodes are open to everyone by a rule called ``name``."""

    def build() -> Project:
        project = open_ssh()
        for listed in project.lists.values():
            listed[:] = [item for item in listed if item["name"] != "ssh"]
        network, tag = project.link("global/networks/default"), "prod-k8s-io-role-node"
        project.firewall(network, name, ports, targetTags=[tag], sourceRanges=[WORLD], **more)
        return project

    return build


CASES: Mapping[str, tuple[Callable[[], Project], str, Said]] = {
    "GKE's rule": (SCENES["gke-beside-a-machine"].build, "rule.", GKE),
    "GKE's endpoint": (
        SCENES["gke-public"].build,
        "endpoint.",
        ("a call of the GKE API", "", "GKE cluster prod: controlPlaneEndpointsConfig"),
    ),
    "kops": (
        opened("ssh-external-to-node-prod"),
        "rule.",
        ("kops", "kops update cluster", "kops cluster prod: spec.sshAccess"),
    ),
    "kops, of IPv6": (opened("nodeport-external-to-node-ipv6-prod"), "rule.", ("kops", "kops", "spec.nodePortAccess")),
    "Cluster API": (
        opened("allow-prod-cluster"),
        "rule.",
        ("Cluster API Provider GCP", "is removed", "GCPCluster prod: spec.network.firewall"),
    ),
    "a Service that its description names": (
        opened("k8s-fw-a1b2", description='{"kubernetes.io/service-name":"shop/web", "kubernetes.io/service-ip":"1"}'),
        "rule.",
        (*SERVICE, "Service shop/web: spec.loadBalancerSourceRanges"),
    ),
    "a Service": (
        opened("k8s2-a1b2c3d4-shop-web-x7y8z9"),
        "rule.",
        (*SERVICE, "the Service, its loadBalancerSourceRanges"),
    ),
    "ingress-gce": (
        opened("k8s-fw-l7--1234567890abcdef"),
        "rule.",
        ("ingress-gce, for the Ingresses and Gateways of the cluster", "next reconciliation", "BackendConfig"),
    ),
    "Gardener": (opened("shoot--garden--prod-allow-external-access"), "rule.", ("Gardener", "shoot's", "the Shoot")),
    "OpenShift": (opened("prod-x2b4k-bootstrap-in-ssh"), "rule.", ("OpenShift's installer", "", "22623")),
    "a person": (opened("ssh"), "rule.", ("", "", "")),
}


@pytest.mark.parametrize("name", CASES)
def test_a_change_names_the_program_that_writes_its_resource_and_where_to_edit(name: str, google_cloud: Proxy) -> None:
    build, kind, said = CASES[name]
    google_cloud.google = Google(build())
    report = pipeline.check("gcp", cluster="prod", declarations=Declarations())
    changes = [change for change in report.plan if change.kind.startswith(kind)]
    assert changes
    for change in changes:
        for text, words in zip((change.owner, change.undone, change.where), said, strict=True):
            assert words in text
            assert bool(words) is bool(text)
