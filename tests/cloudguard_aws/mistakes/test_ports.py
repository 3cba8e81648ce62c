"""The ports where the API server and etcd are looked for, if only names or free-form tags show the installer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from aws_altered import Altered, Change, Json, altered, opens, tagged, together
from cloudguard.results.report import Verdict
from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.scenes import clean

pytestmark = pytest.mark.mistake("port-removed")
API, ETCD = "api-server-access", "etcd-access"
INSTANCES, RULES = "ec2:DescribeInstances", "ec2:DescribeSecurityGroupRules"
INSTALLER = ("sigs.k8s.io", "Name")
SIGNS: dict[str, Mapping[str, str]] = {
    "nothing": {},
    "a name of k3s": {"Name": "k3s-server-1"},
    "a name of RKE2": {"Name": "rke2-server-1"},
    "a name of MicroK8s": {"Name": "microk8s-1"},
    "a name of Talos": {"Name": "prod-talos-cp-1"},
    "kops' tag without its role tags": {"KubernetesCluster": "prod"},
    "a free-form tag of kops": {"installer": "kops", "Name": "kops-master"},
    "OpenShift's name": {"Name": "prod-x7k2p-master-0"},
    "a word in a name": {"Name": "not-openshift-but-kubeadm"},
    "Gardener's name": {"Name": "shoot--team--prod-cp"},
}


def build(a: Account) -> clean.Cluster:
    return clean.build(a)


@pytest.fixture(scope="module")
def account() -> Iterator[Altered]:
    with altered(build) as made:
        yield made


def signed(cluster: clean.Cluster, sign: str) -> Change:
    """Return a change that takes the installer's tags from both hosts, and puts a sign on the control-plane host."""
    return together(
        tagged("InstanceId", cluster.control_plane.id, SIGNS[sign], removed=INSTALLER),
        tagged("InstanceId", cluster.worker.id, {}, removed=INSTALLER),
    )


ETCD_PORTS = (2380, 2381, 4001, 7001, 9000, 12379, 19001)


@pytest.mark.parametrize(
    ("sign", "port"), [*(("nothing", port) for port in ETCD_PORTS), *((sign, 12379) for sign in SIGNS)]
)
def test_etcd_may_listen_on_the_ports_of_every_installer(account: Altered, sign: str, port: int) -> None:
    """A balancer shows the control plane. Nothing certain shows the installer; nodes reach one port of its host."""
    cluster: clean.Cluster = account.made
    rules = opens(cluster.masters.id, (f"tcp/{port}", cluster.nodes.id))
    row = account.report({INSTANCES: signed(cluster, sign), RULES: rules}, clean.DECLARED.policy).row(ETCD)
    assert row.verdict is not Verdict.PASS, row.basis.assumed
    assert str(port) in row.why


def public(cluster: clean.Cluster) -> Change:
    """Return a change that puts the control-plane host into the public subnet, with a public address."""
    host = cluster.control_plane

    def change(given: list[Json], _parameters: Mapping[str, Any]) -> list[Json]:
        for item in given:
            if item.get("InstanceId") == host.id:
                nic = item["NetworkInterfaces"][0]
                nic["Association"] = {"PublicIp": "203.0.113.9"}
                nic["SubnetId"] = item["SubnetId"] = cluster.public.id
                item["PublicIpAddress"] = "203.0.113.9"
        return given

    return change


@pytest.mark.parametrize(
    ("sign", "port"),
    [
        *(("nothing", port) for port in (443, 8443, 16443, 9345, 8080, 6443)),
        *((sign, 16443) for sign in ("a name of k3s", "a name of Talos", "a word in a name")),
    ],
)
def test_the_api_server_may_listen_on_the_ports_of_every_installer(account: Altered, sign: str, port: int) -> None:
    """The internet reaches one port of the control-plane host."""
    cluster: clean.Cluster = account.made
    hosts = together(signed(cluster, sign), public(cluster))
    rules = opens(cluster.masters.id, (f"tcp/{port}", WORLD))
    row = account.report({INSTANCES: hosts, RULES: rules}, clean.DECLARED.policy).row(API)
    assert row.verdict is not Verdict.PASS, row.basis.assumed


@pytest.mark.parametrize("port", [2379, 2380])
def test_an_installer_s_own_tags_leave_etcd_s_ports(account: Altered, port: int) -> None:
    cluster: clean.Cluster = account.made
    rules = opens(cluster.masters.id, (f"tcp/{port}", cluster.nodes.id))
    assert account.report({RULES: rules}, clean.DECLARED.policy).row(ETCD).verdict is Verdict.FAIL
