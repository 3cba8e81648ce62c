"""The next host of an empty managed instance group: the settings of its template, and its balancers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import RowResult, Verdict
from cloudguard_gcp import ADAPTER
from gcp_clusters import WORLD, kops
from gcp_project import REGION, ZONE, Item, Project
from gcp_proxy import Proxy
from gcp_server import Google

pytestmark = pytest.mark.mistake("next-host-left-out")
WHERE, HERE = f"zones/{ZONE}", f"regions/{REGION}"
PUBLIC = [{"name": "nat", "type": "ONE_TO_ONE_NAT"}]
PUBLIC6 = [{"name": "six", "type": "DIRECT_IPV6"}]
Change = Callable[[Project, Item, Item], None]
"""A function that changes a project, the interface of its template, and its group manager."""


def behind_a_backend_service(project: Project, nic: Item, manager: Item) -> None:
    del nic, manager
    network = project.link("global/networks/default")
    group = project.add(WHERE, "instanceGroups", "next", network=network)
    project.answer("compute", f"projects/acme-prod/{WHERE}/instanceGroups/next/listInstances", {"items": []}, "POST")
    service = project.add(HERE, "backendServices", "jump", backends=[{"group": group}], protocol="TCP")
    front(project, backendService=service)


def behind_a_target_pool(project: Project, nic: Item, manager: Item) -> None:
    del nic
    pool = project.add(HERE, "targetPools", "jump", instances=[])
    manager["targetPools"] = [pool]
    front(project, target=pool)


def front(project: Project, **leads_to: str) -> None:
    listens = {"IPProtocol": "TCP", "portRange": "22-22", "IPAddress": "34.140.0.8", "loadBalancingScheme": "EXTERNAL"}
    project.add(HERE, "forwardingRules", "jump", **listens, **leads_to)


def public_address(project: Project, nic: Item, manager: Item) -> None:
    del project, manager
    nic["accessConfigs"] = PUBLIC


def public_v6_address(project: Project, nic: Item, manager: Item) -> None:
    del manager
    project.firewall(project.link("global/networks/default"), "ssh6", "tcp:22", "::/0", targetTags=["next"])
    hop = project.link("global/gateways/default-internet-gateway")
    network = project.link("global/networks/default")
    project.add("global", "routes", "six", network=network, destRange="::/0", priority=1000, nextHopGateway=hop)
    nic |= {"stackType": "IPV4_IPV6", "ipv6AccessConfigs": PUBLIC6}


def nothing(project: Project, nic: Item, manager: Item) -> None:
    del project, nic, manager


def node_access_row(google_cloud: Proxy, project: Project) -> RowResult:
    google_cloud.google = Google(project)
    return pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("node-access")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (behind_a_backend_service, Verdict.FAIL),
        (behind_a_target_pool, Verdict.FAIL),
        (public_address, Verdict.FAIL),
        (public_v6_address, Verdict.FAIL),
        (nothing, Verdict.PASS),
    ],
)
def test_a_next_host_with_an_open_tag_is_judged_by_its_paths(
    google_cloud: Proxy, change: Change, expected: Verdict
) -> None:
    project = kops()
    network = project.link("global/networks/default")
    project.firewall(network, "ssh", "tcp:22", WORLD, targetTags=["next"])
    nic: Item = {"network": network, "subnetwork": project.link(f"{HERE}/subnetworks/nodes")}
    manager: Item = {}
    change(project, nic, manager)
    made_of: dict[str, Any] = {
        "labels": {"k8s-io-cluster-name": "prod"},
        "tags": {"items": ["prod-k8s-io-role-node", "next"]},
        "networkInterfaces": [nic],
    }
    template = project.add("global", "instanceTemplates", "next-1", properties=made_of)
    project.add(WHERE, "instanceGroupManagers", "next", instanceTemplate=template, targetSize=0, **manager)
    row = node_access_row(google_cloud, project)
    assert row.verdict is expected, (row.why, row.unknown)


def test_further_interfaces_of_a_template_are_judged(google_cloud: Proxy) -> None:
    """The second interface is in another network with unknown facts, so it does not count as closed."""
    project = kops()
    nics = [
        {"network": project.link(f"global/networks/{name}"), "subnetwork": project.link(f"{HERE}/subnetworks/{name}")}
        for name in ("default", "storage")
    ]
    nics[0]["subnetwork"] = project.link(f"{HERE}/subnetworks/nodes")
    made_of = {
        "labels": {"k8s-io-cluster-name": "prod"},
        "tags": {"items": ["prod-k8s-io-role-node"]},
        "networkInterfaces": [nics[0], {**nics[1], "accessConfigs": PUBLIC}],
    }
    template = project.add("global", "instanceTemplates", "next-1", properties=made_of)
    project.add(WHERE, "instanceGroupManagers", "next", instanceTemplate=template, targetSize=0)
    row = node_access_row(google_cloud, project)
    assert row.verdict is Verdict.UNKNOWN, row.why


@pytest.mark.parametrize("behind", [False, True], ids=["with a public address", "behind a balancer"])
@pytest.mark.parametrize("alone", [False, True], ids=["template and versions", "versions only"])
def test_each_version_of_an_instance_group_has_a_next_host(google_cloud: Proxy, *, behind: bool, alone: bool) -> None:
    """One of two templates (a canary) has other settings than the other."""
    project = kops()
    network = project.link("global/networks/default")
    project.firewall(network, "ssh", "tcp:22", WORLD, targetTags=["canary"])
    nic: Item = {"network": network, "subnetwork": project.link(f"{HERE}/subnetworks/nodes")}
    labels = {"k8s-io-cluster-name": "prod"}

    def template(name: str, *tags: str, **rest: Any) -> str:  # noqa: ANN401 - JSON
        marked = {"labels": labels, "tags": {"items": ["prod-k8s-io-role-node", *tags]}}
        made_of = {**marked, "networkInterfaces": [nic | rest]}
        return project.add("global", "instanceTemplates", name, properties=made_of)

    stable = template("stable")
    canary = template("canary", "canary", **({} if behind else {"accessConfigs": PUBLIC}))
    versions = [{"name": "a", "instanceTemplate": stable}, {"name": "b", "instanceTemplate": canary}]
    manager: Item = {} if alone else {"instanceTemplate": stable}
    if behind:
        behind_a_target_pool(project, nic, manager)
    project.add(WHERE, "instanceGroupManagers", "next", targetSize=0, versions=versions, **manager)
    row = node_access_row(google_cloud, project)
    assert row.verdict is Verdict.FAIL, (row.why, row.unknown)
