"""Judge a made-up project of Google Cloud, and change its resources in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import Report, RowResult
from cloudguard_gcp import ADAPTER
from gcp_project import ZONE, Item, Project
from gcp_proxy import Proxy
from gcp_server import Google

Build = Callable[[], Project]
Shape = tuple[Build, str, str]
"""A function that builds a project, the name of a row, and its verdict."""
NETWORK = "global/networks/default"
SUBNET = "regions/europe-west1/subnetworks/nodes"
MASTERS, NODES = "prod-k8s-io-role-control-plane", "prod-k8s-io-role-node"
API, NODE, IDENTITY, ETCD, DISKS = (
    "api-server-access",
    "node-access",
    "cloud-api-access",
    "etcd-access",
    "etcd-encryption",
)


def report_of(
    google_cloud: Proxy,
    project: Project,
    *beside: Project,
    policy: Declarations | None = None,
    cluster: str = "prod",
    refused: str = "",
    **request: Any,  # noqa: ANN401 - fields of the request
) -> Report:
    """Return the report on a cluster. ``refused``: a permission. ``request``: further fields of the request."""
    google_cloud.google = Google(project, frozenset({refused}), beside=beside)
    snapshot = ADAPTER.collect(CollectRequest(cluster=cluster, **request))
    return pipeline.evaluate(snapshot, policy or Declarations())


def assert_shape(google_cloud: Proxy, shape: Shape, **request: Any) -> RowResult:  # noqa: ANN401 - see report_of
    """Assert that a row has its verdict, and return the row."""
    build, row, verdict = shape
    result = report_of(google_cloud, build(), **request).row(row)
    assert result.verdict == verdict, (result.why, result.unknown, [finding.message for finding in result.findings])
    return result


def machine(project: Project, name: str, zone: str = ZONE) -> Item:
    """Return an instance of a project, to change it."""
    return next(
        item for item in project.lists[f"projects/{project.name}/zones/{zone}/instances"] if item["name"] == name
    )


def nic(project: Project, name: str) -> Item:
    """Return the first interface of an instance, to change it."""
    found: Item = machine(project, name)["networkInterfaces"][0]
    return found


def opened(project: Project, ports: str, *sources: str, name: str = "opened", **rest: Any) -> Project:  # noqa: ANN401
    """Return a project whose firewall lets ``sources`` in to ``ports``, for machines with the fields of ``rest``."""
    project.firewall(project.link(NETWORK), name, ports, *sources, **rest)
    return project


def public(project: Project, name: str, address: str = "34.76.0.2") -> Project:
    """Return a project whose instance ``name`` has a public address."""
    nic(project, name)["accessConfigs"] = [{"name": "nat", "type": "ONE_TO_ONE_NAT", "natIP": address}]
    return project
