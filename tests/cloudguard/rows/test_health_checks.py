"""Health checks come from the subnets of load balancers. Other hosts in these subnets are not expected at the API."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import CONTROL_PLANE, balancer, group, host, interface, snapshot, to
from cloudguard.model.network import Interface
from cloudguard.needs.declarations import Declarations
from cloudguard.results.report import RowResult, Verdict
from judged import rows_of

ADMINISTRATORS = Declarations(admin_cidrs=("198.51.100.0/24",))
NEAR = interface("ci", "private", "10.0.1.200")
ELSEWHERE = interface("ci", "public", "10.0.0.200")
SERVICE = replace(NEAR, uncertain="it is not known whether a service opens connections")


def judged(*neighbours: Interface) -> RowResult:
    """Judge an API whose only rule is for the health checks of a load balancer, from its subnet."""
    master = host("cp", CONTROL_PLANE, "masters")
    api = balancer("api", "tcp/6443", [to(master, "tcp/6443")], where=("private",), facing=False)
    of_cluster = snapshot([master], [group("masters", ("tcp/6443", "10.0.1.0/24"))], balancers=[api])
    topology = replace(of_cluster.topology, neighbours=neighbours)
    return rows_of(replace(of_cluster, topology=topology), ADMINISTRATORS)["api-server-access"]


@pytest.mark.parametrize(
    ("neighbours", "verdict"),
    [((), Verdict.PASS), ((ELSEWHERE,), Verdict.PASS), ((NEAR,), Verdict.FAIL), ((SERVICE,), Verdict.UNKNOWN)],
    ids=["nobody", "in another subnet", "a host", "a service"],
)
def test_other_hosts_in_a_load_balancer_s_subnet_are_senders(
    neighbours: tuple[Interface, ...], verdict: Verdict
) -> None:
    assert judged(*neighbours).verdict is verdict


def test_the_service_that_may_open_connections_is_the_cause() -> None:
    (line,) = judged(SERVICE).unknown
    assert line.endswith(SERVICE.uncertain)
